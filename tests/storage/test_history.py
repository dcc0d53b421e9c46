"""Whoever only reads the ledger sees every request, how it ended, and whose turn a user was."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from aiohttp import web

from converters.model.errors import LedgerUnavailable
from converters.settings.follow_up import DAY
from converters.settings.storage_account import Storage
from converters.storage import judgements, records
from converters.storage.history import History, UserStory
from converters.storage.ledger import ledger_key
from converters.storage.queues import Queue, QueueReader
from tests.directory import OTHER_ID, USER_ID, kim, lee, of_lee, request, tenant
from tests.service import service, taken
from tests.storage_service import StorageService, rows_at

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.usefixtures("at_once")


async def test_history_tells_how_requests_ended(azurite: str, queue_names: Iterator[str]) -> None:
    async with service(azurite, queue_names, tenant(kim(accountEnabled=False))) as running:
        await running.handle(request())
        await running.handle(request(requestId="R/2"))
        history = History(Storage(azurite), running.ledger.table_name, None)
        found = {story.request_id: story async for story in history.all()}
        assert found.keys() == {"R-1", "R/2"}
        second = found["R/2"]
        assert await history.of(ledger_key("R/2")) == second
        assert await history.of(ledger_key("R-3")) is None
        assert second.ended
        assert second.begun <= second.ended
        since = [story async for story in history.all(second.ended)]
        assert second in since
        assert all(story.ended and story.ended >= second.ended for story in since)
        # Who cannot be invited is nobody's turn.
        assert await history.of_user(USER_ID) == UserStory(None, ())
        await history.close()
    told = records.told(second.record or "")
    assert (told["status"], told["user"], told["nextSteps"]) == ("ineligible", {"id": USER_ID}, [])
    assert told["reasons"][0].keys() == {"code", "message", "remediation", "owner", "retriable"}


async def test_user_has_a_turn_and_an_open_follow_up(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        await running.handle(request())
        history = History(Storage(azurite), running.ledger.table_name, None)
        of_user = await history.of_user(USER_ID.upper())
        (story,) = [story async for story in history.all()]
        await history.close()
    assert of_user.turn
    assert (of_user.turn.key, of_user.turn.request_id) == (ledger_key("R-1"), "R-1")
    graph = records.told(story.record or "")["graph"]
    assert graph.keys() == {"requestId", "status", "code"}
    assert graph["status"] is None
    (open_,) = of_user.follow_ups
    assert (open_.key, open_.request_id, open_.user_id) == (story.key, "R-1", USER_ID)
    assert (open_.record, open_.ended, open_.reminders, open_.reminded) == (None, None, 0, None)
    assert open_.next_look
    assert 850 < (open_.next_look - open_.invited).total_seconds() < 950


async def test_end_of_a_follow_up_is_told_of_its_user_and_of_no_other(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, tenant(kim(), lee())) as running:
        await running.event(request())
        await running.event(of_lee())
        running.graph.tenant.redeem(USER_ID)
        await running.age_follow_up(1000)
        began = running.converter.clock.utc()
        await running.follow_up()
        history = History(Storage(azurite), running.ledger.table_name, None)
        (ended,) = (await history.of_user(USER_ID)).follow_ups
        (open_,) = (await history.of_user(OTHER_ID)).follow_ups
        assert [one async for one in history.follow_ups_ended(began)] == [ended]
        assert [one async for one in history.all(began)] == []
        await history.close()
    assert (ended.request_id, ended.next_look) == ("R-1", None)
    assert ended.ended
    assert ended.ended >= began
    told = judgements.told(ended.record or "")
    assert (told["status"], told["redemption"]["identityProvider"]) == ("redeemed", "entra")
    assert (open_.request_id, open_.ended) == ("R-2", None)


async def test_follow_ups_of_a_user_are_told_in_their_order_with_their_reminders(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, REMIND_AFTER_DAYS="7") as running:
        await running.event(request())
        for days in (8, 30):
            await running.age_follow_up(days * DAY)
            assert len(await running.follow_up()) == 1
        await running.event(request(requestId="R-2", mode="resend"))
        history = History(Storage(azurite), running.ledger.table_name, None)
        stale, open_ = (await history.of_user(USER_ID)).follow_ups
        await history.close()
    assert (stale.request_id, stale.reminders) == ("R-1", 1)
    assert stale.reminded
    assert stale.invited < stale.reminded
    assert (open_.request_id, open_.reminders, open_.reminded) == ("R-2", 0, None)
    assert open_.invited > stale.invited


async def test_row_of_before_request_ids_were_kept_is_read(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        await running.handle(request())
        (row,) = [row for row in await running.rows() if row["RowKey"] == "request"]
        del row["RequestId"], row["Ended"], row["Record"]
        await running.ledger.upsert_entity(row, mode="replace")
        history = History(Storage(azurite), running.ledger.table_name, None)
        (story,) = [story async for story in history.all()]
        await history.close()
    assert (story.request_id, story.ended, story.record) == (None, None, None)


async def test_page_that_does_not_come_is_no_end_of_the_table() -> None:
    first = web.json_response(
        {"value": [{"PartitionKey": "p", "RowKey": "r"}]},
        headers={
            "x-ms-continuation-NextPartitionKey": "q",
            "x-ms-continuation-NextRowKey": "r",
        },
    )
    refused = web.json_response({"odata.error": {"code": "AuthorizationFailure"}}, status=403)
    storage = StorageService(first, refused)
    async with storage.started() as endpoint, rows_at(endpoint) as rows:
        with pytest.raises(LedgerUnavailable, match="AuthorizationFailure"):
            _ = [row async for row in rows.query("RowKey eq @kind", {"kind": "r"})]
    assert storage.asked[0].query["$filter"] == "RowKey eq 'r'"
    assert storage.asked[1].query["NextPartitionKey"] == "q"


async def test_message_that_is_released_shows_at_once(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        name = running.keys["DEAD_LETTERS_QUEUE"]
        reader = QueueReader(Queue(Storage(azurite), name, None))
        await running.dead_letters.send_message("x")
        (message,) = await reader.take(60)
        assert await reader.take(60) == []
        await reader.release(message)
        assert await taken(running.dead_letters) == ["x"]
        # Somebody else has taken it since: it is theirs.
        await reader.release(message)
        await reader.queue.close()
