"""A service that keeps its subscription to events, and ways to look at it and to disturb it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tests.directory import kim, tenant
from tests.events import EVENTS, GROUP
from tests.service import Service, taken

if TYPE_CHECKING:
    import pytest

TOPIC = (
    "/subscriptions/99999999-aaaa-4aaa-8aaa-999999999999/resourceGroups/rg-b2b"
    "/providers/Microsoft.EventGrid/partnerTopics/users"
)
ON = {**EVENTS, "EVENTS_PARTNER_TOPIC": TOPIC, "EVENTS_LOCATION": "westeurope"}
URL = (
    "EventGrid:?azuresubscriptionid=99999999-aaaa-4aaa-8aaa-999999999999&resourcegroup=rg-b2b"
    "&partnertopic=users&location=westeurope"
)
NESTED_ID = "33333333-cccc-4ccc-8ccc-444444444444"
DAY = timedelta(days=1)


def person(number: int) -> dict[str, Any]:
    """Return another user who can be converted."""
    return kim(
        id=f"{number:08}-aaaa-4aaa-8aaa-111111111111",
        userPrincipalName=f"p{number}@contoso.example",
        otherMails=[f"p{number}@partner.example"],
    )


def directory(*users: dict[str, Any], members: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return a tenant whose convertible group has these members."""
    groups = [GROUP | {"members": list(members)}, {**GROUP, "id": NESTED_ID, "members": []}]
    return tenant(*users, groups=groups)


async def run(running: Service) -> None:
    """Let the timer strike."""
    assert running.converter.subscriber
    await running.converter.subscriber.run()


async def asked(running: Service) -> list[str]:
    """Take what waits in the requests queue, all of it as events; return whom it is about."""
    waiting = [json.loads(text)["data"] for text in await taken(running.requests)]
    assert all(each["fromEvent"] for each in waiting)
    assert {each["source"] for each in waiting} <= {"urn:b2b-conversion/changes"}
    return sorted(each["request"]["invitedUser"]["id"] for each in waiting)


def alive(running: Service) -> list[dict[str, Any]]:
    """Return the subscriptions that Graph has."""
    return running.graph.tenant.subscriptions.alive(running.graph.tenant.now())


def later(running: Service, monkeypatch: pytest.MonkeyPatch, by: timedelta) -> None:
    """Let so much time pass, for Graph and for the service."""
    now, clock = running.graph.tenant.now() + by, running.converter.clock
    running.graph.tenant.now = lambda: now
    seconds = clock.now() + by.total_seconds()
    monkeypatch.setattr(type(clock), "now", lambda _: seconds)


def calls(running: Service, method: str) -> list[str]:
    """Return the paths of the calls with a method, batches left out."""
    seen = [each.path for each in running.graph.requests if each.method == method]
    return [path.removeprefix("/v1.0/") for path in seen if "batch" not in path]


async def age(running: Service, name: str, seconds: float) -> None:
    """Let a time in the subscription's row be as long ago."""
    (row,) = [row for row in await running.rows() if row["RowKey"] == "standing"]
    row[name] -= seconds
    await running.ledger.update_entity(row)


async def row_of(running: Service, name: str) -> dict[str, Any]:
    """Return a row about the subscription."""
    (row,) = [row for row in await running.rows() if row["RowKey"] == name]
    return row
