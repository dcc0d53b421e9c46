"""The sweep on real queues: what the host gave up on gets its outcome and is kept."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from converters.model.errors import LedgerUnavailable, QueueUnavailable
from converters.steps import sweeping
from tests.directory import request
from tests.service import Service, service, taken
from tests.telling import codes, lines

if TYPE_CHECKING:
    from collections.abc import Iterator


async def swept(running: Service, *texts: str) -> list[dict[str, Any]]:
    """Put texts into the poison queue and sweep; return the outcomes' data."""
    for text in texts:
        await running.poison.send_message(text)
    await running.converter.sweeper.sweep()
    return [event["data"] for event in await running.events()]


async def test_r12_message_that_every_try_failed_on_gets_its_outcome_and_is_kept_for_ever(
    azurite: str, queue_names: Iterator[str]
) -> None:
    text = json.dumps(request(requestedBy="RITM7"), indent=1)
    async with service(azurite, queue_names) as running:
        (outcome,) = await swept(running, text)
        assert (outcome["requestId"], outcome["status"]) == ("R-1", "failed")
        assert codes(outcome["reasons"]) == ["triesRanOut"]
        assert (outcome["reasons"][0]["retriable"], outcome["requestedBy"]) == (True, "RITM7")
        (kept,) = await running.dead_letters.peek_messages(max_messages=5)
        assert kept.content == text
        assert kept.expires_on
        assert kept.expires_on.year > 9000
        assert await taken(running.poison) == []
        assert running.graph.requests == []


async def test_r12_message_that_no_worker_can_read_is_told_what_is_wrong_with_it(
    azurite: str, queue_names: Iterator[str]
) -> None:
    texts = [json.dumps(request(dequeueCount="x")), "<Ünreadable & strange>", "[" * 60_000]
    async with service(azurite, queue_names) as running:
        outcomes = await swept(running, *texts)
        assert sorted(await taken(running.dead_letters)) == sorted(texts)
    assert [outcome["status"] for outcome in outcomes] == ["rejected"] * 3


async def test_r12_request_that_had_ended_is_told_its_own_outcome(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        first = await running.event(request())
        await running.poison.send_message(json.dumps(request()))
        await running.converter.sweeper.sweep()
        (again,) = await running.events()
    assert (again["id"], again["data"]["status"]) == (first["id"], "invited")


async def test_r12_dead_letter_that_is_put_back_is_converted_as_another_event(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        await running.poison.send_message(json.dumps(request()))
        await running.converter.sweeper.sweep()
        (failed,) = await running.events()
        (text,) = await taken(running.dead_letters)
        converted = await running.event(text.encode())
    assert (failed["data"]["status"], converted["data"]["status"]) == ("failed", "invited")
    assert failed["id"] != converted["id"]


async def test_r12_sweep_takes_all_and_notes_what_waits(
    azurite: str, queue_names: Iterator[str], caplog: pytest.LogCaptureFixture
) -> None:
    async with service(azurite, queue_names) as running:
        await running.requests.send_message("one that waits")
        with caplog.at_level("INFO"):
            texts = [json.dumps(request(requestId=f"R-{number}")) for number in range(40)]
            outcomes = await swept(running, *texts)
            assert await swept(running) == []
        # Hidden ones count too.
        left = await running.poison.get_queue_properties()
    assert left.approximate_message_count == 0
    assert len({outcome["requestId"] for outcome in outcomes}) == 40
    first, second = lines(caplog, "sweep")
    assert first == {"waiting": 1, "oldestSeconds": first["oldestSeconds"], "poison": 40,
                     "deadLetters": 40}  # fmt: skip
    assert 0 <= first["oldestSeconds"] < 60
    assert (second["poison"], second["deadLetters"]) == (0, 40)


async def test_r12_poison_queue_that_the_host_has_not_made_yet_is_empty(
    azurite: str, queue_names: Iterator[str], caplog: pytest.LogCaptureFixture
) -> None:
    async with service(azurite, queue_names) as running:
        await running.poison.delete_queue()
        await running.requests.send_message("one that waits")
        with caplog.at_level("INFO"):
            assert await swept(running) == []
    (line,) = lines(caplog, "sweep")
    assert (line["waiting"], line["poison"]) == (1, 0)


async def test_r12_sweep_leaves_off_after_half_of_the_invocations_time(
    azurite: str, queue_names: Iterator[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it takes by then, it can still tell in the other half."""
    # When it begins, and before each batch of 32.
    ticks = iter([1000.0, 1000.0, 1044.9, 1045.0])
    async with service(azurite, queue_names, INVOCATION_SECONDS="90") as running:
        for number in range(65):
            await running.poison.send_message(json.dumps(request(requestId=f"R-{number}")))
        monkeypatch.setattr(sweeping, "time", SimpleNamespace(monotonic=lambda: next(ticks)))
        await running.converter.sweeper.sweep()
        left = await running.poison.get_queue_properties()
    assert left.approximate_message_count == 1
    assert list(ticks) == []


@pytest.mark.parametrize("away", ["results", "dead_letters"])
async def test_r12_sweep_that_cannot_store_leaves_the_message_for_the_next(
    azurite: str, queue_names: Iterator[str], away: str
) -> None:
    async with service(azurite, queue_names) as running:
        await getattr(running, away).delete_queue()
        with pytest.raises(QueueUnavailable):
            await swept(running, json.dumps(request()))
        properties = await running.poison.get_queue_properties()
        assert properties.approximate_message_count == 1
        if away == "results":
            assert await taken(running.dead_letters) == []


async def test_r12_sweep_that_cannot_ask_the_ledger_leaves_the_message_for_the_next(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        await running.ledger.delete_table()
        with pytest.raises(LedgerUnavailable):
            await swept(running, json.dumps(request()))
        properties = await running.poison.get_queue_properties()
        assert properties.approximate_message_count == 1
        assert (await running.events(), await taken(running.dead_letters)) == ([], [])
