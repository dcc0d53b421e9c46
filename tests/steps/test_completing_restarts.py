"""Completion on real parts: deaths, duplicates, lost rows and rows of the release before."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from local.graph.faults import Fault
from tests.completion import ALL, EVERYTHING, HOUR, place, redeemed, results, writes
from tests.directory import USER_ID, request
from tests.service import Service, service, taken
from tests.telling import codes

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.usefixtures("at_once")


async def message_of_redeemed(running: Service) -> str:
    """Invite with a completion and let the person redeem; return the follow-up's message."""
    await running.event(request(completion=EVERYTHING))
    (text,) = await taken(running.checks)
    await redeemed(running, invite=False)
    return text


async def test_r16_end_is_written_before_it_is_told_and_told_the_same_again(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, place(), COMPLETION_STEPS=ALL) as running:
        text = await message_of_redeemed(running)
        running.graph.faults.add(Fault(path="revokeSignInSessions", status=400))
        follower = running.converter.follower
        told: list[dict[str, Any]] = []
        for _ in range(2):
            # As if the worker died between telling and closing.
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(type(follower.rows), "end", _dies)
                with pytest.raises(KeyboardInterrupt):
                    await follower.handle(text.encode())
            running.graph.faults.clear()
            told += await running.events()
        await follower.handle(text.encode())
        told += await running.events()
        assert await running.follow_up() == []
    last = [event for event in told if event["data"]["status"] == "completed"]
    assert len(last) == 3
    assert len({event["id"] for event in last}) == 1
    assert len({json.dumps(event["data"]) for event in last}) == 1
    assert results(last[0]["data"])["revokeSessions"] == "refused stepRefused"


async def _dies(*_: object) -> None:
    raise KeyboardInterrupt


async def test_r16_duplicates_of_a_message_complete_once(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, place(), COMPLETION_STEPS=ALL) as running:
        text = await message_of_redeemed(running)
        for _ in range(3):
            await running.converter.follower.handle(text.encode())
        events = await running.events()
        assert len(writes(running)) == len(EVERYTHING)
    assert [event["data"]["status"] for event in events] == ["redeemed", "completed"]


async def test_r16_late_duplicate_does_not_try_a_step_that_waits(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, place(), COMPLETION_STEPS=ALL) as running:
        text = await message_of_redeemed(running)
        running.graph.faults.add(Fault(path="revokeSignInSessions", status=503))
        await running.converter.follower.handle(text.encode())
        await running.age_follow_up(HOUR)
        before = writes(running)
        await running.converter.follower.handle(text.encode())
        assert writes(running) == before


async def test_r16_run_that_another_has_overtaken_tells_nothing(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, place(), COMPLETION_STEPS=ALL) as running:
        await redeemed(running)
        running.graph.faults.add(Fault(path="revokeSignInSessions", status=503, times=1))
        await running.follow_up()
        message, stale = await running.stale_follow_up()
        follower = running.converter.follower
        await follower.completer.complete(stale, 0)
        assert (await running.events(), await taken(running.checks)) == ([], [])
        await follower.handle(message)
        (event,) = await running.events()
    assert event["data"]["status"] == "completed"


async def test_r16_completion_that_stands_still_is_restarted_by_the_sweep(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, place(), COMPLETION_STEPS=ALL) as running:
        await redeemed(running)
        running.graph.faults.add(Fault(path="revokeSignInSessions", status=503, times=1))
        await running.follow_up()
        assert len(await taken(running.checks)) == 1
        await running.age_follow_up(2 * HOUR)
        await running.converter.caretaker.sweep()
        (event,) = await running.follow_up()
    assert event["data"]["status"] == "completed"


async def test_request_that_waits_keeps_what_it_asks_for(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, place(), COMPLETION_STEPS=ALL) as running:
        paused = running.with_settings(CONVERSIONS_PAUSED="true")
        await paused.handle(request(completion=EVERYTHING))
        await running.events()
        (event,) = await _handled(running, await running.waiting())
        assert event["data"]["status"] == "invited"
        await redeemed(running, invite=False)
        _, event = await running.follow_up()
    assert set(results(event["data"]).values()) == {"done"}


async def _handled(running: Service, message: bytes) -> list[dict[str, Any]]:
    await running.handle(message)
    return await running.events()


async def test_conversion_whose_answer_was_lost_is_completed(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, place(), COMPLETION_STEPS=ALL) as running:
        running.graph.faults.add(Fault(path="invitations$", drop="after", times=1))
        await running.handle(request(completion=EVERYTHING))
        (event,) = await _handled(running, await running.waiting())
        assert codes(event["data"]["warnings"])[-1] == "answerLost"
        await redeemed(running, invite=False)
        _, event = await running.follow_up()
    assert set(results(event["data"]).values()) == {"done"}


async def test_message_without_its_row_completes_what_the_request_asked_for(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, place(), COMPLETION_STEPS=ALL) as running:
        await running.event(request(completion=EVERYTHING))
        row = await running.open_follow_up()
        await running.ledger.delete_entity(row)
        running.graph.tenant.redeem(USER_ID, "mail", "kim@partner.example")
        events = await running.follow_up()
    assert [event["data"]["status"] for event in events] == ["redeemed", "completed"]
    assert set(results(events[1]["data"]).values()) == {"done"}


async def test_row_and_message_of_the_release_before_end_as_they_did(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, place(), COMPLETION_STEPS=ALL) as running:
        await running.event(request())
        (text,) = await taken(running.checks)
        row = await running.open_follow_up()
        before = {name: row[name] for name in row if name not in {"Completion", "Vouched"}}
        await running.ledger.delete_entity(row)
        await running.ledger.create_entity(before)
        message = json.loads(text)
        del message["completion"]
        await running.checks.send_message(json.dumps(message))
        running.graph.tenant.redeem(USER_ID, "mail", "kim@partner.example")
        await running.age_follow_up(1000)
        (event,) = await running.follow_up()
        assert await running.follow_up() == []
    assert event["data"]["status"] == "redeemed"
