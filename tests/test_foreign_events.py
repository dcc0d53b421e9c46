"""What a forged or foreign event can do: nothing; and what Graph says of the subscription."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

import pytest

from local.graph import Fault
from tests.directory import GROUP_ID, USER_ID
from tests.events import (
    ALL,
    DELETED,
    EVENTS,
    OTHER_TENANT,
    STATE,
    SUBSCRIPTION_ID,
    Event,
    in_group,
    of_type,
    resource,
    user_event,
)
from tests.service import service, taken
from tests.telling import codes, lines, untold

if TYPE_CHECKING:
    from collections.abc import Iterator

WARNED = logging.WARNING


@pytest.fixture(autouse=True)
def _listening(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "b2b_conversion")


FORGED = [
    (user_event(clientState="guessed"), "eventClientStateWrong"),
    (user_event(clientState=None), "eventClientStateWrong"),
    (user_event(clientState=[STATE]), "eventClientStateWrong"),
    (user_event(clientState=STATE.upper()), "eventClientStateWrong"),
    (user_event(clientState="\ud800"), "eventClientStateWrong"),
    (DELETED | {"data": {"clientState": ""}}, "eventClientStateWrong"),
    (of_type("Microsoft.Graph.Missed", clientState="guessed"), "eventClientStateWrong"),
    (user_event(tenantId=OTHER_TENANT), "eventOfOtherTenant"),
    (user_event(resourceData=resource(organizationId=OTHER_TENANT)), "eventOfOtherTenant"),
    (user_event() | {"source": f"/tenants/{OTHER_TENANT}/x"}, "eventOfOtherTenant"),
    (
        user_event(tenantId=None, resourceData={"id": USER_ID}) | {"source": "/x"},
        "eventOfOtherTenant",
    ),
    (of_type("Microsoft.Graph.Missed", tenantId=OTHER_TENANT), "eventOfOtherTenant"),
]


@pytest.mark.parametrize(("event", "reason"), FORGED)
async def test_s13_forged_or_foreign_event_is_a_line_of_the_log_and_nothing_else(
    azurite: str,
    queue_names: Iterator[str],
    caplog: pytest.LogCaptureFixture,
    event: Event,
    reason: str,
) -> None:
    async with service(azurite, queue_names, in_group(), **EVENTS) as running:
        line = await untold(running, event, caplog)
        assert running.graph.requests == []
        assert await running.rows() == []
        assert await taken(running.requests) == []
    assert (line["status"], line["reasons"]) == ("rejected", [reason])
    assert [record.levelno for record in caplog.records] == [WARNED]
    assert STATE not in caplog.text
    assert "guessed" not in caplog.text


@pytest.mark.parametrize("forged", ["guessed", STATE])
async def test_s13_client_state_is_asked_for_only_where_the_operator_sets_one(
    azurite: str, queue_names: Iterator[str], forged: str
) -> None:
    keys = {"CONVERTIBLE_GROUP_ID": GROUP_ID}
    async with service(azurite, queue_names, in_group(), **keys) as running:
        event = user_event(clientState=forged, tenantId=OTHER_TENANT)
        assert (await running.outcome(event))["status"] == "invited"


async def test_s13_forged_event_takes_nothing_from_the_real_one_of_its_id(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, in_group(), **EVENTS, **ALL) as running:
        forged = await running.event(user_event(clientState="guessed"))
        real = await running.event(user_event())
    assert codes(forged["data"]["reasons"]) == ["eventClientStateWrong"]
    assert (forged["data"]["status"], real["data"]["status"]) == ("rejected", "invited")
    assert forged["id"] != real["id"]


@pytest.mark.usefixtures("at_once")
async def test_s13_event_that_waits_was_believed_before_and_carries_no_secret(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, in_group(), **EVENTS) as running:
        running.graph.faults.add(Fault(path="batch", status=503, times=1))
        await running.handle(user_event())
        message = await running.waiting()
        assert STATE.encode() not in message
        assert (await running.outcome(message))["status"] == "invited"


@pytest.mark.parametrize("keys", [{}, ALL])
@pytest.mark.parametrize("lifecycle", ["REAUTHORIZATIONREQUIRED", "subscriptionRemoved", "missed"])
async def test_lifecycle_event_is_a_line_that_says_what_is_to_be_done(
    azurite: str,
    queue_names: Iterator[str],
    caplog: pytest.LogCaptureFixture,
    keys: dict[str, str],
    lifecycle: str,
) -> None:
    data = {
        "lifecycleEvent": lifecycle,
        "clientState": STATE,
        "subscriptionId": SUBSCRIPTION_ID,
    }
    event = user_event() | {"type": "microsoft.graph.subscription", "source": "/x", "data": data}
    async with service(azurite, queue_names, in_group(), **EVENTS, **keys) as running:
        await running.handle(event)
        assert await running.events() == []
        assert running.graph.requests == []
        assert await running.rows() == []
    (line,) = lines(caplog, "subscription")
    assert line["lifecycleEvent"].lower() == lifecycle.lower()
    assert (line["subscriptionId"], line["eventId"]) == (SUBSCRIPTION_ID, "e-1")
    assert line["toDo"]
    assert [record.levelno for record in caplog.records] == [WARNED]


async def test_r12_poisoned_events_are_kept_and_only_what_needs_somebody_is_told(
    azurite: str, queue_names: Iterator[str], caplog: pytest.LogCaptureFixture
) -> None:
    forged, missed = user_event(clientState="x"), of_type("microsoft.graph.missed")
    silent = [forged, missed, DELETED, of_type("Microsoft.Graph.GroupUpdated")]
    async with service(azurite, queue_names, in_group(), **EVENTS) as running:
        for event in [*silent, user_event("e-9")]:
            await running.poison.send_message(json.dumps(event))
        await running.converter.sweeper.sweep()
        (outcome,) = await running.events()
        assert len(await taken(running.dead_letters)) == 5
        assert await taken(running.poison) == []
    assert (outcome["data"]["requestId"], outcome["data"]["status"]) == ("e-9", "failed")
    assert len(lines(caplog, "subscription")) == 1


@pytest.mark.parametrize("given", [STATE, "guessed", "", None])
async def test_s13_client_state_is_compared_in_constant_time(
    azurite: str, queue_names: Iterator[str], monkeypatch: pytest.MonkeyPatch, given: str | None
) -> None:
    compared: list[tuple[bytes, bytes]] = []

    def compare(first: bytes, second: bytes) -> bool:
        compared.append((first, second))
        return False

    monkeypatch.setattr("converters.steps.screening.hmac.compare_digest", compare)
    async with service(azurite, queue_names, in_group(), **EVENTS) as running:
        await running.handle(user_event(clientState=given))
        assert await running.events() == []
    assert compared == [((given or "").encode(), STATE.encode())]
