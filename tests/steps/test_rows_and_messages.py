"""A follow-up's row and its message say the same: which look comes next, and when."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from converters.settings.follow_up import DAY
from converters.steps import retrying
from converters.wire.checks import read_check
from local.graph.faults import Fault
from tests.completion import ALL, place, redeemed
from tests.directory import request
from tests.service import Service, service, taken
from tests.waiting import waits

if TYPE_CHECKING:
    from collections.abc import Iterator

MINUTES, HOURS = 60, 3600
FIRST = 15 * MINUTES
# Seconds that a test may take.
SLACK = 30
BACK_OFF = 5


async def agreed(running: Service, seconds: float) -> tuple[int, int]:
    """Check that row and message are due in so many seconds; return the look and the attempts."""
    row = await running.open_follow_up()
    (text,) = await taken(running.checks)
    check = read_check(text.encode())
    assert check
    assert check.look == row["Look"]
    assert seconds - SLACK < row["Due"].timestamp() - time.time() <= seconds + 1
    assert check.follow_up.user_id == row["UserId"]
    assert check.follow_up.invited == pytest.approx(row["Invited"].timestamp(), abs=0.001)
    return check.look, check.attempts


@pytest.fixture
def waited(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Let what waits show at once; return how long each was to wait."""
    waited = waits(monkeypatch, at_once=True)
    monkeypatch.setattr(retrying, "back_off", lambda *_: BACK_OFF)
    return waited


@pytest.mark.parametrize(
    ("schedule", "age", "look", "seconds"),
    [
        ("15m,6h,1d", None, 0, FIRST),
        ("15m,6h,1d", 100, 0, FIRST - 100),
        ("15m,6h,1d", 1000, 1, 6 * HOURS - 1000),
        ("10d", None, 0, 10 * DAY),
    ],
    ids=["first", "message came early", "found nothing", "further off than a message can wait"],
)
async def test_next_look(  # noqa: PLR0913, PLR0917 - a table
    azurite: str,
    queue_names: Iterator[str],
    waited: list[float],
    schedule: str,
    age: int | None,
    look: int,
    seconds: int,
) -> None:
    async with service(azurite, queue_names, FOLLOW_UP_SCHEDULE=schedule) as running:
        await running.event(request())
        if age:
            await running.follow_up_after(age)
        assert await agreed(running, seconds) == (look, 0)
    assert waited[-1] == pytest.approx(seconds, abs=SLACK)


async def test_look_of_an_invitation_that_was_made_again(
    azurite: str, queue_names: Iterator[str], waited: list[float]
) -> None:
    async with service(azurite, queue_names) as running:
        await running.event(request())
        await running.follow_up_after(1000)
        await taken(running.checks)
        await running.event(request(requestId="R-again", mode="resend"))
        assert await agreed(running, FIRST) == (2, 0)
    assert waited[-1] == pytest.approx(FIRST, abs=SLACK)


@pytest.mark.parametrize(
    ("fault", "keys", "seconds"),
    [
        ({"status": 429, "retry_after": 70}, {}, 70 + BACK_OFF),
        ({"status": 503}, {}, BACK_OFF),
        ({"status": 403}, {}, BACK_OFF),
        (None, {"CONVERSIONS_PAUSED": "true"}, 300),
    ],
    ids=["throttled", "failed", "not permitted", "paused"],
)
async def test_run_of_a_completion_that_waits(  # noqa: PLR0913, PLR0917 - a table
    azurite: str,
    queue_names: Iterator[str],
    waited: list[float],
    fault: dict[str, Any] | None,
    keys: dict[str, str],
    seconds: int,
) -> None:
    async with service(azurite, queue_names, place(), COMPLETION_STEPS=ALL) as running:
        await redeemed(running, {"revokeSessions": True})
        if fault:
            running.graph.faults.add(Fault(path="revokeSignInSessions", **fault))
        await running.with_settings(**keys).follow_up()
        assert await agreed(running, seconds) == (1, 1)
        row = await running.open_follow_up()
        assert row["Completing"]
    assert waited[-1] == pytest.approx(seconds, abs=0.5)
