"""Events are told apart by source and id together: two systems may both count from 1."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from converters.wire.requests import NAMESPACE
from local.graph import Fault
from tests.directory import OTHER_ID, USER_ID, kim, request, tenant
from tests.parsing import parse
from tests.service import service, taken
from tests.telling import codes

if TYPE_CHECKING:
    from collections.abc import Iterator

OTHER = kim(id=OTHER_ID, userPrincipalName="o@contoso.example", otherMails=["o@partner.example"])


def event(source: str = "/hr", user: str = USER_ID, **data: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return a CloudEvent whose request has no requestId of its own."""
    body = {"invitedUser": {"id": user}, **data}
    return {"specversion": "1.0", "id": "1", "source": source, "type": "t", "data": body}


@pytest.mark.usefixtures("at_once")
async def test_r5_events_of_two_systems_with_one_id_are_two_requests(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, tenant(kim(), OTHER)) as running:
        first = await running.event(event("/hr"))
        second = await running.event(event("/tickets", OTHER_ID))
        again = await running.event(event("/tickets", OTHER_ID))
        assert len(running.invited()) == 2
    assert [first["data"]["status"], second["data"]["status"]] == ["invited", "invited"]
    assert first["id"] != second["id"] == again["id"]
    told = [(e["data"]["requestId"], e["data"]["requestSource"]) for e in (first, second, again)]
    assert told == [("1", "/hr"), ("1", "/tickets"), ("1", "/tickets")]


async def test_r5_event_with_other_content_under_its_id_and_source_is_rejected(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, tenant(kim(), OTHER)) as running:
        await running.event(event())
        outcome = await running.outcome(event(user=OTHER_ID))
    assert codes(outcome["reasons"]) == ["requestIdReused"]


async def test_request_id_of_the_requests_own_counts_whatever_the_event_is_called(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        first = await running.event(event("/hr", requestId="R-1"))
        again = await running.event(event("/tickets", requestId="R-1"))
        plain = await running.event({"invitedUser": {"id": USER_ID}, "requestId": "R-1"})
        assert len(running.invited()) == 1
    assert first["id"] == again["id"] == plain["id"]
    assert "requestSource" not in first["data"]


@pytest.mark.usefixtures("at_once")
async def test_event_that_waits_keeps_its_source(azurite: str, queue_names: Iterator[str]) -> None:
    async with service(azurite, queue_names) as running:
        running.graph.faults.add(Fault(path="batch", status=503, times=1))
        await running.handle(event("/tickets"))
        (text,) = await taken(running.requests)
        later = await running.event(text.encode())
        at_once = await running.event(event("/tickets"))
    assert later["data"]["requestSource"] == "/tickets"
    assert later["id"] == at_once["id"]


async def test_event_entered_by_the_last_release_is_found_by_its_redelivery(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, tenant(kim(), OTHER)) as running:
        first = await running.event(event())
        # As the last release kept it: under the id alone.
        (row,) = [row for row in await running.rows() if row["RowKey"] == "request"]
        await running.ledger.delete_entity(row)
        row["PartitionKey"] = uuid.uuid5(NAMESPACE, "ledger 1").hex
        await running.ledger.create_entity(row)
        again = await running.event(event())
        other = await running.event(event(user=OTHER_ID))
        assert len(running.invited()) == 2, "another event's content is another request"
    assert again["data"]["status"] == "invited"
    assert again["id"] == str(uuid.uuid5(NAMESPACE, "conversion 1")) != first["id"]
    assert other["data"]["status"] == "invited"


async def test_poisoned_event_entered_by_the_last_release_is_told_its_outcome(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        await running.event(event())
        (row,) = [row for row in await running.rows() if row["RowKey"] == "request"]
        await running.ledger.delete_entity(row)
        row["PartitionKey"] = uuid.uuid5(NAMESPACE, "ledger 1").hex
        await running.ledger.create_entity(row)
        await running.poison.send_message(json.dumps(event()))
        await running.converter.sweeper.sweep()
        (told,) = await running.events()
    assert (told["data"]["status"], told["id"]) == (
        "invited", str(uuid.uuid5(NAMESPACE, "conversion 1")),
    )  # fmt: skip


def test_no_source_makes_one_request_look_like_anothers_step() -> None:
    plain = parse(json.dumps(request(requestId="y")).encode(), None)
    forged = replace(plain, source="2")
    assert forged.idempotency_key != plain.idempotency_key
    assert " 2" not in forged.idempotency_key
    assert "\n" in forged.idempotency_key


@pytest.mark.parametrize("source", ["a b", "a\nb", "x" * 513, "\x00"])
async def test_source_that_could_not_be_told_again_is_a_fault(
    azurite: str, queue_names: Iterator[str], source: str
) -> None:
    async with service(azurite, queue_names) as running:
        outcome = await running.outcome(event(source, user="nobody", requestedBy="hr"))
    assert outcome["status"] == "rejected"
    assert [reason["message"].split()[0] for reason in outcome["reasons"]] == [
        "source", "invitedUser.id",
    ]  # fmt: skip
    assert outcome["requestedBy"] == "hr"


async def test_event_grids_own_events_are_told_apart_by_their_topic(
    azurite: str, queue_names: Iterator[str]
) -> None:
    grid = {"id": "1", "eventType": "Microsoft.Graph.UserUpdated", "data": {}, "topic": "/t/1"}
    assert (
        parse(json.dumps({**grid, "subject": f"Users/{USER_ID}"}).encode(), None).source == "/t/1"
    )
    async with service(azurite, queue_names, EVENT_OUTCOMES="all") as running:
        outcome = await running.outcome({**grid, "subject": f"Users/{USER_ID}"})
    assert outcome["requestSource"] == "/t/1"
