"""What is missing in storage is made, or said at once."""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from typing import TYPE_CHECKING

import pytest

from converters.model.errors import LedgerUnavailable, QueueUnavailable
from converters.settings.storage_account import Storage
from converters.storage.clock import ServiceClock
from converters.storage.queues import Queue, QueueReader
from converters.storage.table import Rows
from local.graph import Fault
from tests.directory import request
from tests.events import user_event
from tests.service import may_make_nothing, service
from tests.storage_service import ROW
from tests.telling import codes, lines

if TYPE_CHECKING:
    from collections.abc import Iterator


async def test_table_that_is_not_there_is_said_by_its_code(azurite: str) -> None:
    rows = Rows(Storage(may_make_nothing(azurite)), "gone", None, ServiceClock())
    for call in (rows.get("p", "r"), rows.insert(ROW)):
        with pytest.raises(LedgerUnavailable, match="TableNotFound") as caught:
            await call
        assert caught.value.not_set_up == (
            "The table gone does not exist, and the function may not make it."
        )
    await rows.close()


async def test_storage_that_lets_nobody_in_is_no_outage(azurite: str) -> None:
    nobody = re.sub("sig=[^;&]*", "sig=AAAA", may_make_nothing(azurite))
    rows, queue = (
        Rows(Storage(nobody), "ledger", None, ServiceClock()),
        Queue(Storage(nobody), "results", None),
    )
    with pytest.raises(LedgerUnavailable) as of_table:
        await rows.insert(ROW)
    with pytest.raises(QueueUnavailable) as of_queue:
        await queue.send(b"{}")
    assert of_table.value.not_set_up.startswith("The function may not use the table ledger (Auth")
    assert of_queue.value.not_set_up.startswith("The function may not use the queue results (Auth")
    await rows.close()
    await queue.close()


async def test_table_that_is_missing_is_made_once(
    azurite: str, caplog: pytest.LogCaptureFixture
) -> None:
    name = f"t{uuid.uuid4().hex}"
    tables = [Rows(Storage(azurite), name, None, ServiceClock()) for _ in range(4)]
    with caplog.at_level("WARNING"):
        made = await asyncio.gather(
            *(rows.insert({**ROW, "RowKey": str(number)}) for number, rows in enumerate(tables))
        )
    assert [found for _, found in made] == [None] * 4
    assert [
        await tables[0].get(ROW["PartitionKey"], str(number)) is None for number in range(4)
    ] == ([False] * 4)
    assert lines(caplog, "made") == [{"kind": "table", "name": name}]
    for rows in tables:
        await rows.close()


async def test_queue_that_is_missing_is_made_once(
    azurite: str, queue_names: Iterator[str], caplog: pytest.LogCaptureFixture
) -> None:
    name = next(queue_names)
    queues_ = [Queue(Storage(azurite), name, None) for _ in range(4)]
    with caplog.at_level("WARNING"):
        await asyncio.gather(*(queue.send(b"{}") for queue in queues_))
    assert len(await QueueReader(queues_[0]).peek()) == 4
    assert lines(caplog, "made") == [{"kind": "queue", "name": name}]
    for queue in queues_:
        await queue.close()


async def test_r10_conversion_makes_what_is_missing_and_goes_on(
    azurite: str, queue_names: Iterator[str], caplog: pytest.LogCaptureFixture
) -> None:
    async with service(azurite, queue_names, CONVERSION_STORAGE=azurite) as running:
        await running.ledger.delete_table()
        await running.results.delete_queue()
        with caplog.at_level("WARNING"):
            outcome = await running.outcome(request())
        assert (outcome["status"], len(running.invited())) == ("invited", 1)
    assert [line["kind"] for line in lines(caplog, "made")] == ["table", "queue"]


@pytest.mark.usefixtures("at_once")
async def test_r10_what_stays_missing_ends_the_request_after_minutes_and_is_told_at_once(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, RETRY_HOURS="24") as running:
        await running.ledger.delete_table()
        await running.handle(request())
        (notice,) = await running.events()
        assert notice["data"]["status"] == "deferred"
        waits, passed = 0, 0
        while not (told := await running.events()):
            message = json.loads(await running.waiting())
            message["data"]["waits"]["since"] -= 120
            await running.handle(message)
            waits, passed = waits + 1, passed + 120
        (ended,) = told
    assert (ended["data"]["status"], codes(ended["data"]["reasons"])) == (
        "failed", ["storageNotSetUp"],
    )  # fmt: skip
    assert ended["data"]["reasons"][0]["retriable"]
    assert 900 <= passed <= 1200
    assert running.invited() == []


@pytest.mark.usefixtures("at_once")
async def test_event_that_meets_what_stays_missing_ends_after_minutes_too(
    azurite: str, queue_names: Iterator[str]
) -> None:
    """Nobody hears that an event waits; its end is told like any failure."""
    async with service(azurite, queue_names, RETRY_HOURS="24") as running:
        await running.ledger.delete_table()
        await running.handle(user_event())
        assert await running.events() == []
        passed = 0
        while not (told := await running.events()) and passed < 3600:
            message = json.loads(await running.waiting())
            message["data"]["waits"]["since"] -= 120
            await running.handle(message)
            passed += 120
        (ended,) = told
    assert codes(ended["data"]["reasons"]) == ["storageNotSetUp"]
    assert 900 <= passed <= 1200


@pytest.mark.usefixtures("at_once")
async def test_request_that_has_long_waited_for_something_else_is_told_first(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, RETRY_HOURS="24") as running:
        running.graph.faults.add(Fault(path=r"\$batch$", status=503, times=1))
        await running.handle(request())
        message = json.loads(await running.waiting())
        message["data"]["waits"]["since"] -= 7200
        await running.ledger.delete_table()
        await running.handle(message)
        (notice,) = await running.events()
        assert notice["data"]["status"] == "deferred"
        await running.ledger.create_table()
        assert (await running.outcome(await running.waiting()))["status"] == "invited"
