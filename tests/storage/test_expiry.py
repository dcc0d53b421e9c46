"""What the ledger forgets, what it keeps, and what that means."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from aiohttp import web

from converters.settings.follow_up import DAY
from converters.steps import caretaking
from converters.storage.expiry import delete_ended
from converters.storage.table import Rows
from converters.wire.checks import read_check
from tests.directory import USER_ID, kim, request, tenant
from tests.service import Service, service, taken
from tests.storage_service import StorageService, rows_at
from tests.telling import codes, lines

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.usefixtures("at_once")


async def age_rows(running: Service, days: int) -> None:
    """Let every row be as old as if it had been written so long before."""
    for row in await running.rows():
        for name in ("Begun", "Ended", "Since"):
            if name in row:
                row[name] -= timedelta(days=days)
        await running.ledger.update_entity(row)


async def test_rows_that_ended_long_ago_are_deleted_and_no_others(
    azurite: str, queue_names: Iterator[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caretaking, "SLICES", 1)
    async with service(azurite, queue_names) as running:
        await running.event(request())
        await age_rows(running, 399)
        await running.converter.caretaker.sweep()
        assert len(await running.rows()) == 3
        await running.with_settings(LEDGER_DAYS="0").converter.caretaker.sweep()
        await age_rows(running, 2)
        await running.with_settings(LEDGER_DAYS="0").converter.caretaker.sweep()
        assert len(await running.rows()) == 3
        await running.converter.caretaker.sweep()
        # The invitation is still followed up.
        (left,) = await running.rows()
        assert left["PartitionKey"] == "followUps"
        running.graph.tenant.redeem(USER_ID)
        await running.age_follow_up(1000)
        (event,) = await running.follow_up()
        assert event["data"]["status"] == "redeemed"
        # A late redelivery asks the directory.
        again = await running.outcome(request())
    assert again["status"] == "alreadyExternal"


async def test_late_redelivery_of_a_request_that_is_forgotten_invites_nobody(
    azurite: str, queue_names: Iterator[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caretaking, "SLICES", 1)
    async with service(azurite, queue_names) as running:
        await running.event(request())
        await age_rows(running, 401)
        await running.converter.caretaker.sweep()
        again = await running.outcome(request())
        assert len(running.invited()) == 1
    assert (again["status"], codes(again["reasons"])) == ("alreadyInvited", ["invitationPending"])


@pytest.mark.parametrize("slices", [1, 3, 256])
async def test_slices_together_are_the_whole_table(
    azurite: str, queue_names: Iterator[str], slices: int
) -> None:
    # At the edges of slices, and beside them.
    keys = ["00", "01a", "55", "7f" + "f" * 30, "80", "aa", "fe" + "f" * 34, "ff" + "f" * 30]
    keys.append(USER_ID)
    async with service(azurite, queue_names) as running:
        converter = running.converter
        now = converter.clock.utc()
        for key in keys:
            row = {"PartitionKey": key, "RowKey": "request", "Ended": now}
            await running.ledger.create_entity(row)
        rows = converter.caretaker.ledger
        later = now.timestamp() + 60
        deleted = [await delete_ended(rows, later, n, slices, 100) for n in range(slices)]
        assert sum(deleted) == len(keys)
        if slices == 3:
            # None of them goes into the next one's rows.
            assert deleted == [3, 3, 3]
        assert await running.rows() == []


async def test_r14_sweep_takes_a_page_at_a_time_and_forgets_nothing(
    azurite: str,
    queue_names: Iterator[str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(caretaking, "PAGE", 2)
    users = [
        kim(
            id=f"11111111-aaaa-4aaa-8aaa-{number:012}",
            userPrincipalName=f"u{number}@contoso.example",
            otherMails=[f"u{number}@partner.example"],
        )
        for number in range(5)
    ]
    async with service(azurite, queue_names, tenant(*users)) as running:
        for number, user in enumerate(users):
            message = {
                "requestId": f"R-{number}",
                "invitedUser": {"id": user["id"]},
                "invitedUserEmailAddress": user["otherMails"][0],
            }
            assert (await running.outcome(message))["status"] == "invited"
            running.graph.tenant.redeem(user["id"])
        # Every message is lost.
        assert len(await taken(running.checks)) == 5
        await running.age_follow_up(DAY)
        restarted = []
        for _ in range(4):
            await running.converter.caretaker.sweep()
            messages = await taken(running.checks)
            restarted.append(len(messages))
            for text in messages:
                await running.converter.follower.handle(text.encode())
        events = await running.events()
        assert restarted == [2, 2, 1, 0]
    assert {event["data"]["requestId"] for event in events} == {f"R-{n}" for n in range(5)}
    assert {event["data"]["status"] for event in events} == {"redeemed"}
    swept = lines(caplog, "ledgerSweep")
    assert [line["restarted"] for line in swept] == [2, 2, 1]


async def test_r14_restart_voids_the_message_that_was_only_late(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        await running.event(request())
        await running.age_follow_up(DAY)
        await running.converter.caretaker.sweep()
        await running.converter.caretaker.sweep()
        first, second = sorted(await taken(running.checks), key=lambda text: '"look":1' in text)
        before = len(running.graph.requests)
        await running.converter.follower.handle(first.encode())
        assert len(running.graph.requests) == before
        await running.converter.follower.handle(second.encode())
        assert len(running.graph.requests) == before + 1
        assert len(await taken(running.checks)) == 1


async def test_sweep_of_what_is_switched_off_counts_nothing(
    azurite: str, queue_names: Iterator[str], caplog: pytest.LogCaptureFixture
) -> None:
    async with service(azurite, queue_names, LEDGER_DAYS="0") as running:
        await running.event(request())
        await running.age_follow_up(DAY)
        await running.with_settings(FOLLOW_UP_SCHEDULE="off").converter.caretaker.sweep()
        assert len(await taken(running.checks)) == 1
        assert lines(caplog, "ledgerSweep") == []
        await running.converter.caretaker.sweep()
        (text,) = await taken(running.checks)
    (line,) = lines(caplog, "ledgerSweep")
    assert (line["restarted"], line["deleted"]) == (1, 0)
    check = read_check(text.encode())
    assert check
    assert (check.look, check.attempts) == (1, 0)


async def test_no_more_rows_are_asked_for_than_are_wanted() -> None:
    wire = StorageService(web.json_response({"value": []}))
    async with wire.started() as endpoint, rows_at(endpoint) as rows:
        assert await rows.find("PartitionKey eq @key", 3, key="p") == []
    (call,) = wire.asked
    assert call.query["$top"] == "3"


async def test_rows_are_found_over_several_pages(azurite: str, queue_names: Iterator[str]) -> None:
    async with service(azurite, queue_names) as running:
        for number in range(7):
            row = {"PartitionKey": "p", "RowKey": f"{number}"}
            await running.ledger.create_entity(row)
        converter = running.converter
        table = running.keys["LEDGER_TABLE"]
        rows = Rows(converter.settings.storage, table, None, converter.clock)
        found = await rows.find("PartitionKey eq @key", 5, key="p")
        assert [row.values["RowKey"] for row in found] == ["0", "1", "2", "3", "4"]
        assert len(await rows.find("PartitionKey eq @key", 100, key="p")) == 7
        await rows.close()
