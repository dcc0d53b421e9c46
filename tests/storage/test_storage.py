"""Queues and table that are away, changed by others, or silent: nothing is taken for granted."""

from __future__ import annotations

import asyncio
import json
import re
import time
from datetime import UTC, datetime
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web
from azure.storage.queue.aio import QueueClient

from converters.model.errors import LedgerUnavailable, QueueUnavailable
from converters.model.outcome import Outcome, Status
from converters.settings.storage_account import Storage
from converters.steps.reporting import Ending
from converters.storage import queues
from converters.storage import table as rows_module
from converters.storage.clock import ServiceClock
from converters.storage.ledger import Ledger
from converters.storage.queues import Queue, QueueReader
from converters.storage.quota import Quota
from converters.storage.table import Rows
from tests import samples
from tests.directory import USER_ID, kim, request, tenant
from tests.service import may_make_nothing, service
from tests.storage_service import KEY, ROW, StorageService, connection_to, rows_at
from tests.telling import lines

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = datetime(2026, 11, 27, tzinfo=UTC)


async def test_rows_change_only_as_long_as_nobody_else_did(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        rows = Rows(Storage(azurite), running.ledger.table_name, None, ServiceClock())
        etag, other = await rows.insert({**ROW, "A": 1})
        assert (bool(etag), other) == (True, None)
        _, found = await rows.insert({**ROW, "A": 2})
        assert found
        assert (found.values["A"], found.etag) == (1, etag)
        newer = await rows.merge({**ROW, "A": 3}, etag)
        assert newer
        assert await rows.merge({**ROW, "A": 4}, etag) is None
        await rows.delete("p", "r", etag)
        read = await rows.get("p", "r")
        assert read
        assert (read.values["A"], read.etag) == (3, newer)
        await rows.delete("p", "r", newer)
        assert await rows.get("p", "r") is None
        assert await rows.merge({**ROW, "A": 5}, newer) is None
        await rows.delete("p", "r", newer)
        await rows.close()


@pytest.mark.parametrize("key", ["it's", "50 %", "a+b=c&d", "é 中", "(1,2)", "!*'()", "a:b@c~d"])
async def test_what_is_written_is_what_the_official_library_reads(
    azurite: str, queue_names: Iterator[str], key: str
) -> None:
    values = {
        "PartitionKey": key,
        "RowKey": key,
        "Text": 'line\n"é" 中 \U0001f600',
        "Number": -1,
        "Time": datetime(2026, 2, 28, 23, 59, 59, 123456, tzinfo=UTC),
        "Whole": datetime(2026, 3, 1, tzinfo=UTC),
    }
    async with service(azurite, queue_names) as running:
        rows = Rows(Storage(azurite), running.ledger.table_name, None, ServiceClock())
        etag, _ = await rows.insert(values)
        assert await rows.merge({"PartitionKey": key, "RowKey": key, "Number": 2}, etag)
        read = await rows.get(key, key)
        assert read
        assert read.values.items() >= (values | {"Number": 2}).items()
        official = await running.ledger.get_entity(key, key)
        assert dict(official).items() >= (values | {"Number": 2}).items()
        assert official.metadata["etag"] == read.etag
        await rows.close()


async def test_storage_that_cannot_be_reached_says_no_more_than_the_kind_of_it(
    azurite: str,
) -> None:
    away = re.sub(
        r"TableEndpoint=http://127.0.0.1:\d+", "TableEndpoint=http://127.0.0.1:1", azurite
    )
    ledger = Ledger(Storage(away), "any", None, ServiceClock())
    with pytest.raises(LedgerUnavailable, match="ServiceRequestError") as caught:
        await ledger.entry("R-1")
    assert caught.value.__suppress_context__
    assert "127.0.0.1" not in str(caught.value)
    await ledger.close()


async def test_storage_that_stays_silent_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in (queues, rows_module):
        monkeypatch.setattr(module, "CALL_SECONDS", 0.1)
    silent = await asyncio.start_server(listen, "127.0.0.1")
    endpoint = f"http://127.0.0.1:{silent.sockets[0].getsockname()[1]}/account"
    account = f"AccountName=account;AccountKey={KEY}"
    storage = Storage(f"{account};QueueEndpoint={endpoint};TableEndpoint={endpoint}")
    queue = Queue(storage, "results", None)
    reader = QueueReader(queue)
    rows = Rows(storage, "ledger", None, ServiceClock())
    for call in (queue.send(b"x"), queue.check(), reader.take(5), reader.backlog(NOW)):
        with pytest.raises(QueueUnavailable, match="no answer"):
            await call
    for reaching in (rows.insert(ROW), rows.get("p", "r"), rows.merge(ROW, "etag")):
        with pytest.raises(LedgerUnavailable, match="no answer"):
            await reaching
    await queue.close()
    await rows.close()
    silent.close()


async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take whatever is said, and never answer."""
    await reader.read()
    writer.close()
    await writer.wait_closed()


async def test_message_that_somebody_else_took_since_is_left_to_them(
    azurite: str, queue_names: Iterator[str]
) -> None:
    name = next(queue_names)
    queue = Queue(Storage(may_make_nothing(azurite)), name, None)
    reader = QueueReader(queue)
    async with QueueClient.from_connection_string(azurite, name) as client:
        await client.create_queue()
        await queue.send_text("text")
        assert [message.text for message in await reader.peek()] == ["text"]
        (taken,) = await reader.take(60)
        assert await reader.peek() == []
        await reader.delete(taken)
        await reader.delete(taken)
        assert (await reader.backlog(NOW)).messages == 0
        await client.delete_queue()
    assert await reader.take(5) == []
    for call in (queue.send_text("text"), reader.backlog(NOW)):
        with pytest.raises(QueueUnavailable, match="QueueNotFound"):
            await call
    await queue.close()


@pytest.mark.parametrize(("code", "answer"), [("MessageNotFound", False), ("QueueNotFound", None)])
async def test_days_mark_that_midnight_took_away_leaves_nothing_to_take_back(
    code: str,
    answer: bool | None,  # noqa: FBT001
) -> None:
    made = (
        "<QueueMessagesList><QueueMessage><MessageId>m</MessageId><PopReceipt>r</PopReceipt>"
        "</QueueMessage></QueueMessagesList>"
    )
    service = StorageService(
        web.Response(status=201, text=made, content_type="application/xml"),
        web.Response(headers={"x-ms-approximate-messages-count": "8"}),
        web.Response(status=404, headers={"x-ms-error-code": code}),
    )
    async with service.started() as endpoint:
        account = f"AccountName=account;AccountKey={KEY}"
        queue = Queue(Storage(f"{account};QueueEndpoint={endpoint}"), "quota", None)
        quota = Quota(queue, ServiceClock())
        if answer is None:
            with pytest.raises(QueueUnavailable, match=code):
                await quota.reserve(7)
        else:
            assert await quota.reserve(7) is answer
        await queue.close()
    assert [asked.method for asked in service.asked] == ["POST", "GET", "DELETE"]


async def test_outcome_that_the_ledger_did_not_hear_of_is_told_and_noted(
    azurite: str, queue_names: Iterator[str], caplog: pytest.LogCaptureFixture
) -> None:
    async with service(azurite, queue_names) as running:
        entry = await running.converter.ledger.enter(samples.request(), "digest")
        await running.ledger.delete_table()
        ending = Ending(Outcome("R-1", Status.INELIGIBLE), None, entry)
        with caplog.at_level("WARNING"):
            await running.converter.reporter.report(ending)
        (event,) = await running.events()
    (line,) = lines(caplog, "ledger")
    assert (event["data"]["status"], line["requestId"]) == ("ineligible", "R-1")
    assert "TableNotFound" in line["why"]


@pytest.mark.usefixtures("at_once")
async def test_notice_that_could_not_be_told_is_told_the_next_time(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, CONVERSIONS_PAUSED="true") as running:
        await running.results.delete_queue()
        await running.handle(request())
        await running.results.create_queue()
        await running.handle(await running.waiting())
        (event,) = await running.events()
    assert event["data"]["status"] == "deferred"


@pytest.mark.usefixtures("at_once")
async def test_claim_of_an_earlier_try_that_ended_is_taken_over_by_the_next(
    azurite: str, queue_names: Iterator[str]
) -> None:
    refusal = {"status": 403, "code": "Unauthorized", "message": "Insufficient privileges"}
    refused = kim(**{"$fault": {"invite": {**refusal, "times": 1}}})
    async with service(azurite, queue_names, tenant(refused), RETRY_HOURS="0") as running:
        assert (await running.outcome(request()))["status"] == "failed"
        (claim,) = [row for row in await running.rows() if row["RowKey"] == "user"]
        assert claim["PartitionKey"] == USER_ID
        assert (await running.outcome(request()))["status"] == "invited"
        (later,) = [row for row in await running.rows() if row["RowKey"] == "user"]
        assert json.dumps([claim["Number"], later["Number"]]) == "[0, 1]"


async def test_messages_wait_for_ever_for_whoever_reads_them(
    azurite: str, queue_names: Iterator[str]
) -> None:
    name = next(queue_names)
    queue = Queue(Storage(azurite), name, None)
    async with QueueClient.from_connection_string(azurite, name) as client:
        await client.create_queue()
        await queue.send(b"outcome")
        await queue.send_text("kept")
        messages = await client.peek_messages(5)
    await queue.close()
    years = [message.expires_on.year for message in messages if message.expires_on]
    assert years == [9999, 9999], "never, as the service writes it"


def table_answer(status: int, code: str) -> web.Response:
    """Return an error as the Table service words it."""
    body = {"odata.error": {"code": code, "message": {"lang": "en-US", "value": "x"}}}
    return web.json_response(body, status=status)


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ([table_answer(409, "TableBeingDeleted")], "TableBeingDeleted"),
        ([table_answer(409, "EntityAlreadyExists"), table_answer(404, "ResourceNotFound")],
         "a row came and went"),
        ([web.Response(status=403, headers={"x-ms-error-code": "AuthorizationFailure"})],
         "AuthorizationFailure"),
        ([web.Response(status=403)], "403"),
        ([web.json_response({}, status=403)], "403"),
        ([web.json_response([], status=403)], "403"),
    ],
)  # fmt: skip
async def test_row_that_is_not_known_to_be_written_is_said_so(
    answers: list[web.Response], why: str
) -> None:
    service = StorageService(*answers)
    async with service.started() as endpoint, rows_at(endpoint) as rows:
        with pytest.raises(LedgerUnavailable, match=why):
            await rows.insert(ROW)


async def test_row_that_an_unanswered_try_has_written_is_this_ones_own(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        table = running.ledger.table_name
        rows = Rows(Storage(azurite), table, None, ServiceClock())
        create = rows._table.create_entity  # noqa: SLF001 - the wire loses an answer

        async def twice(entity: Any, **options: Any) -> Any:  # noqa: ANN401
            await create(entity, **options)
            return await create(entity, **options)

        rows._table.create_entity = twice  # type: ignore[method-assign]  # noqa: SLF001
        etag, other = await rows.insert({**ROW, "A": 1})
        assert (bool(etag), other) == (True, None)
        await rows.close()


@pytest.mark.parametrize(("schedule", "follow_up"), [("off", []), ("15m,6h,1d", ["create_entity"])])
async def test_conversion_makes_three_calls_to_the_ledger_and_no_more(
    azurite: str, queue_names: Iterator[str], schedule: str, follow_up: list[str]
) -> None:
    """Enter, claim, finish; and one row for the follow-up, where there is one."""
    names = ("create_entity", "get_entity", "update_entity", "delete_entity")
    async with service(azurite, queue_names, FOLLOW_UP_SCHEDULE=schedule) as running:
        table, calls = running.converter.ledger._rows._table, []  # noqa: SLF001 - the wire

        def counting(name: str) -> Any:  # noqa: ANN401
            call = getattr(table, name)

            def counted(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401
                calls.append(name)
                return call(*arguments, **options)

            return counted

        for name in names:
            setattr(table, name, counting(name))
        assert (await running.outcome(request()))["status"] == "invited"
        (ended,) = [row for row in await running.rows() if row["RowKey"] == "request"]
    assert calls == ["create_entity", "create_entity", *follow_up, "update_entity"]
    assert {"Begun", "Ended", "Digest", "Record"} <= ended.keys()


async def test_time_is_the_one_that_the_table_tells() -> None:
    ahead = formatdate(time.time() + 7200, usegmt=True)
    wire, clock = StorageService(), ServiceClock()
    wire.then = lambda: web.Response(status=204, headers={"ETag": "e", "Date": ahead})
    async with wire.started() as endpoint:
        rows = Rows(Storage(connection_to(endpoint)), "ledger", None, clock)
        await rows.insert(ROW)
        await rows.close()
    assert 7100 < clock.now() - time.time() <= 7201
