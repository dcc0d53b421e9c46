"""Settings of the follow-up, and when the next look is due."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from converters.model.errors import SettingsInvalid
from converters.settings.follow_up import DAY, FollowUpSettings
from tests.samples import settings

SETTINGS = st.builds(
    FollowUpSettings,
    st.just("redemption-checks"),
    st.lists(st.integers(1, 100 * DAY), min_size=1, max_size=5, unique=True).map(
        lambda ages: tuple(sorted(ages))
    ),
    st.integers(1, 365),
    st.lists(st.integers(1, 300), max_size=3, unique=True).map(lambda days: tuple(sorted(days))),
    st.just(400),
)


def test_defaults_look_after_minutes_then_hours_then_days() -> None:
    follow_up = settings().follow_up
    ages, age = [], 0.0
    while age < 4 * DAY:
        age = follow_up.next_age(age)
        ages.append(age)
    assert ages == [900, 6 * 3600, DAY, 2 * DAY, 3 * DAY, 4 * DAY]
    assert (follow_up.stale_days, follow_up.ledger_days) == (30, 400)
    assert (follow_up.queue, follow_up.poison_queue) == (
        *("redemption-checks", "redemption-checks-poison"),
    )
    assert follow_up.remind_days == ()


@given(SETTINGS, st.floats(0, 400 * DAY))
def test_next_look_is_later_and_a_day_later_at_most_once_the_schedule_is_over(
    follow_up: FollowUpSettings, age: float
) -> None:
    following = follow_up.next_age(age)
    assert following > age
    last = follow_up.schedule[-1]
    assert following <= (last if age < last else age + DAY * 1.000001)
    for days in (*follow_up.remind_days, follow_up.stale_days):
        assert not age < days * DAY < following


def test_ages_are_in_seconds_minutes_hours_or_days() -> None:
    schedule = settings(FOLLOW_UP_SCHEDULE="90s,2m,3h,365d").follow_up.schedule
    assert schedule == (90, 120, 3 * 3600, 365 * DAY)


def test_as_many_ages_as_can_be_are_taken() -> None:
    many = ",".join(f"{number}m" for number in range(1, 21))
    assert len(settings(FOLLOW_UP_SCHEDULE=many).follow_up.schedule) == 20


def test_longest_queue_name_leaves_room_for_what_the_host_adds() -> None:
    assert settings(REDEMPTION_CHECKS_QUEUE="q" * 56).follow_up.queue == "q" * 56


def test_off_is_off() -> None:
    assert not settings(FOLLOW_UP_SCHEDULE="OFF").follow_up.is_on
    assert settings(FOLLOW_UP_SCHEDULE="off").follow_up.schedule == ()
    assert settings().follow_up.is_on


def test_reminders_are_counted_by_age() -> None:
    follow_up = settings(REMIND_AFTER_DAYS="7,21").follow_up
    ages = (0, 7 * DAY - 1, 7 * DAY, 21 * DAY, 29 * DAY)
    assert [follow_up.reminders_due(age) for age in ages] == [0, 0, 1, 2, 2]


def test_look_is_due_when_a_reminder_is() -> None:
    off_days = {"FOLLOW_UP_SCHEDULE": "36h"}
    assert settings(**off_days).follow_up.next_age(2.6 * DAY) == 3.5 * DAY
    reminding = settings(**off_days, REMIND_AFTER_DAYS="3").follow_up
    assert reminding.next_age(2.6 * DAY) == 3 * DAY


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("FOLLOW_UP_SCHEDULE", "15"), ("FOLLOW_UP_SCHEDULE", "6h,15m"),
        ("FOLLOW_UP_SCHEDULE", "1d,1d"), ("FOLLOW_UP_SCHEDULE", "off,1d"),
        ("FOLLOW_UP_SCHEDULE", "0m"), ("FOLLOW_UP_SCHEDULE", "366d"), ("FOLLOW_UP_SCHEDULE", ","),
        ("FOLLOW_UP_SCHEDULE", ",".join(f"{n}m" for n in range(1, 22))),
        ("STALE_AFTER_DAYS", "0"), ("STALE_AFTER_DAYS", "366"), ("LEDGER_DAYS", "30"),
        ("LEDGER_DAYS", "-1"), ("LEDGER_DAYS", "1"), ("COMPLETION_STEPS", "userType,x"),
        ("REMIND_AFTER_DAYS", "30"), ("REMIND_AFTER_DAYS", "7,7"),
        ("REMIND_AFTER_DAYS", "21,7"), ("REMIND_AFTER_DAYS", "0"), ("REMIND_AFTER_DAYS", "x"),
        ("REDEMPTION_CHECKS_QUEUE", "q" * 57), ("REDEMPTION_CHECKS_QUEUE", "conversion-results"),
        ("REDEMPTION_CHECKS_QUEUE", "conversion-requests-poison"),
    ],
)  # fmt: skip
def test_malformed_setting_is_named(key: str, value: str) -> None:
    with pytest.raises(SettingsInvalid, match=key):
        settings(**{key: value})


def test_ledger_may_remember_for_ever() -> None:
    assert settings(LEDGER_DAYS="0").follow_up.ledger_days == 0
