"""Completion on real parts: in trouble, each step is tried again by itself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from converters.settings.follow_up import DAY
from local.graph.applications import PERMISSIONS
from local.graph.faults import Fault
from tests.completion import ALL, BOSS_ID, EVERYTHING, HOUR, place, redeemed, results, writes
from tests.directory import USER_ID
from tests.service import Service, service
from tests.waiting import waits

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.usefixtures("at_once")


@pytest.mark.parametrize(
    ("path", "step"),
    [
        ("revokeSignInSessions", "revokeSessions"),
        (r"sponsors/\$ref", "sponsor"),
        (r"manager/\$ref", "manager"),
    ],
)
@pytest.mark.parametrize(
    "fault",
    [
        {"status": 429, "retry_after": 0.01, "code": "TooManyRequests"},
        {"status": 503},
        {"status": 404},
        {"drop": "after"},
        {"drop": "before"},
    ],
    ids=str,
)
async def test_r16_each_step_is_tried_again_apart_from_the_others(
    azurite: str, queue_names: Iterator[str], path: str, step: str, fault: dict[str, Any]
) -> None:
    async with service(azurite, queue_names, place(), COMPLETION_STEPS=ALL) as running:
        await redeemed(running)
        # The HTTP client sends a PUT, which may be repeated, once more where a connection ends.
        times = 2 if step == "manager" and "drop" in fault else 1
        running.graph.faults.add(Fault(path=path, times=times, **fault))
        (event,) = await running.follow_up()
        assert event["data"]["status"] == "redeemed"
        before = writes(running)
        await running.age_follow_up(HOUR)
        (event,) = await running.follow_up()
        again = writes(running)[len(before) :]
        relations = running.graph.tenant.relations
    assert set(results(event["data"]).values()) == {"done"}
    # The others were done at the first run, and only that one again, if it was not so already.
    assert len(before) == len(EVERYTHING) + times - 1
    assert len(again) <= 1
    assert not again or path.partition("/")[0] in again[0]
    assert (relations.sponsors[USER_ID], relations.managers) == ([BOSS_ID], {USER_ID: BOSS_ID})
    assert step in EVERYTHING


async def test_r16_password_whose_answer_was_lost_is_set_again(
    azurite: str, queue_names: Iterator[str]
) -> None:
    asked = {"randomisePassword": True}
    async with service(azurite, queue_names, place(), COMPLETION_STEPS=ALL) as running:
        await redeemed(running, asked)
        running.graph.faults.add(Fault(method="PATCH", path=USER_ID, drop="after", times=1))
        await running.follow_up()
        await running.age_follow_up(HOUR)
        (event,) = await running.follow_up()
        assert running.graph.tenant.relations.passwords == {USER_ID: 2}
    assert results(event["data"]) == {"randomisePassword": "done"}


@pytest.mark.parametrize(
    ("permission", "refused"),
    [
        ("User.RevokeSessions.All", {"revokeSessions"}),
        ("User-PasswordProfile.ReadWrite.All", {"randomisePassword"}),
        ("User.ReadWrite.All", {"userType", "sponsor", "manager"}),
    ],
)
async def test_missing_permission_is_waited_for_as_consent_is_and_then_told_by_name(
    azurite: str, queue_names: Iterator[str], permission: str, refused: set[str]
) -> None:
    held = [name for name in PERMISSIONS if name != permission]
    made = place() | {"permissions": held}
    async with service(azurite, queue_names, made, COMPLETION_STEPS=ALL) as running:
        await redeemed(running)
        (event,) = await running.follow_up()
        assert event["data"]["status"] == "redeemed"
        await age_wait(running, 25)
        assert await running.follow_up() == []
        await age_wait(running, 2)
        (event,) = await running.follow_up()
    told = results(event["data"])
    assert {step for step in told if told[step] == "refused stepPermissionMissing"} == refused
    assert {told[step] for step in set(told) - refused} == {"done"}
    missing = {each.get("missingPermission") for each in event["data"]["completion"]}
    assert missing == {None, permission}
    reasons = event["data"]["reasons"]
    assert all(permission in reason["remediation"] for reason in reasons)
    assert {reason["owner"] for reason in reasons} == {"operator"}
    assert not any(reason["retriable"] for reason in reasons)
    assert all("The step is not tried again" in reason["remediation"] for reason in reasons)


async def age_wait(running: Service, hours: float) -> None:
    """Let the completion have waited longer, and its next run be due."""
    await running.age_follow_up(hours * HOUR)
    for row in await running.rows():
        if row["PartitionKey"] == "followUps" and row.get("Completing"):
            kept = json.loads(row["Completing"])
            kept["since"] -= hours * HOUR
            row["Completing"] = json.dumps(kept)
            await running.ledger.update_entity(row)


@pytest.mark.parametrize("status", [401, 403])
async def test_permission_that_came_meanwhile_counts(
    azurite: str, queue_names: Iterator[str], status: int
) -> None:
    async with service(azurite, queue_names, place(), COMPLETION_STEPS=ALL) as running:
        await redeemed(running)
        running.graph.faults.add(Fault(path="revokeSignInSessions", status=status, times=2))
        await running.follow_up()
        for _ in range(2):
            await running.age_follow_up(HOUR)
            events = await running.follow_up()
        (event,) = events
        assert running.graph.tenant.relations.passwords == {USER_ID: 1}
    assert set(results(event["data"]).values()) == {"done"}


async def test_throttled_step_is_not_sent_before_its_time_and_the_others_are(
    azurite: str, queue_names: Iterator[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with service(azurite, queue_names, place(), COMPLETION_STEPS=ALL) as running:
        await redeemed(running, {"revokeSessions": True, "sponsor": BOSS_ID})
        throttled = Fault(path="revokeSignInSessions", status=429, retry_after=60, times=1)
        running.graph.faults.add(throttled)
        with monkeypatch.context() as patch:
            waited = waits(patch, at_once=True)
            await running.follow_up()
        assert 59 <= max(waited) <= 60
        await running.age_follow_up(HOUR)
        assert await running.follow_up() == []
        assert writes(running) == ["POST /revokeSignInSessions", "POST /sponsors/$ref"]


async def test_fact_that_stays_unread_is_waited_for_as_consent_is(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, place(), COMPLETION_STEPS=ALL) as running:
        await redeemed(running)
        unread = Fault(method="BATCH GET", path="roleEligibilityScheduleInstances", status=403)
        running.graph.faults.add(unread)
        await running.follow_up()
        await age_wait(running, 25)
        assert await running.follow_up() == []
        await age_wait(running, 2)
        (event,) = await running.follow_up()
    assert set(results(event["data"]).values()) == {"refused factUnknown"}


async def test_outage_that_lasts_too_long_is_told(azurite: str, queue_names: Iterator[str]) -> None:
    async with service(azurite, queue_names, place(), COMPLETION_STEPS=ALL) as running:
        await redeemed(running)
        running.graph.faults.add(Fault(path="revokeSignInSessions", status=503))
        await running.follow_up()
        # Some seconds over the 24 hours.
        await age_wait(running, 24 + 10 / HOUR)
        (event,) = await running.follow_up()
    told = results(event["data"])
    assert told.pop("revokeSessions") == "refused graphUnavailable"
    assert set(told.values()) == {"done"}


async def test_sponsor_that_another_made_meanwhile_is_done(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, place(), COMPLETION_STEPS=ALL) as running:
        await redeemed(running, {"sponsor": BOSS_ID})
        running.graph.tenant.relations.sponsors[USER_ID] = [BOSS_ID]
        empty = Fault(method="BATCH GET", path="/sponsors", status=200, body={"value": []}, times=1)
        running.graph.faults.add(empty)
        _, event = await running.follow_up()
        assert writes(running) == ["POST /sponsors/$ref"]
    assert results(event["data"]) == {"sponsor": "done"}


async def test_pause_holds_a_completion_and_uses_no_patience_up(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, place(), COMPLETION_STEPS=ALL) as running:
        await redeemed(running)
        paused = running.with_settings(CONVERSIONS_PAUSED="true")
        (event,) = await paused.follow_up()
        assert (event["data"]["status"], writes(running)) == ("redeemed", [])
        await running.age_follow_up(40 * DAY)
        assert await paused.follow_up() == []
        await running.age_follow_up(HOUR)
        (event,) = await running.follow_up()
    assert set(results(event["data"]).values()) == {"done"}
