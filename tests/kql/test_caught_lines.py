"""Alerts over the lines of real runs: the service on queues, a Graph that answers, and a fault."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from converters.model.errors import QueueUnavailable
from converters.storage.clock import ServiceClock
from local.graph import Fault
from tests.directory import GROUP_ID, USER_ID, kim, request, tenant
from tests.events import user_event
from tests.infra.variants import PILOT
from tests.kql.alerting import Line, is_raised
from tests.kql.logged import caught
from tests.kql.queries import rules
from tests.service import service, taken
from tests.subscribing import ON, directory, person, run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.service import Service


def raised(messages: list[str]) -> set[str]:
    """Return the alerts but those of events that are raised by these lines of a minute ago."""
    lines = tuple(Line(message) for message in messages)
    return {rule.name for rule in rules(PILOT) if is_raised(rule, lines)}


async def swept(running: Service, later: float = 0) -> None:
    """Sweep, by a clock that is so many seconds ahead."""
    clock = ServiceClock(lambda: time.time() + later)
    await replace(running.converter.sweeper, clock=clock).sweep()


async def test_conversion_that_goes_well_raises_nothing(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        with caught() as lines:
            assert (await running.outcome(request()))["status"] == "invited"
            await swept(running)
    assert [line.partition(" ")[0] for line in lines] == ["conversion", "sweep"]
    assert raised(lines) == set()


@pytest.mark.parametrize(
    "withdrawn", [{"permissions": ["User.Read.All"]}, {"allowInvitesFrom": "none"}]
)
@pytest.mark.usefixtures("at_once")
async def test_consent_that_is_withdrawn_is_told_at_every_delivery(
    azurite: str, queue_names: Iterator[str], withdrawn: dict[str, Any]
) -> None:
    async with service(azurite, queue_names, tenant(**withdrawn)) as running:
        message: object = request()
        for _ in range(3):
            with caught() as lines:
                await running.handle(message)
                await swept(running)
            assert raised(lines) == {"graph-refuses"}
            message = await running.waiting()


async def test_message_that_killed_its_worker_is_told_and_again_while_it_is_kept(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        await running.poison.send_message(json.dumps(request()))
        with caught() as first:
            await swept(running)
        with caught() as second:
            await swept(running)
    assert raised(first) == raised(second) == {"poison"}
    assert '"poison":1' in first[-1]
    assert '"poison":0' in second[-1]


async def test_requests_that_nobody_takes_up_are_told(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        await running.requests.send_message(json.dumps(request()))
        with caught() as soon:
            await swept(running)
        with caught() as late:
            await swept(running, later=1000)
    assert raised(soon) == set()
    assert raised(late) == {"oldest-request"}


async def test_invitations_that_fail_are_told(azurite: str, queue_names: Iterator[str]) -> None:
    async with service(azurite, queue_names) as running:
        running.graph.faults.add(Fault(path="/invitations$", status=400, code="Request_BadRequest"))
        with caught() as lines:
            for number in range(5):
                await running.handle(request(requestId=f"R-{number}"))
            await swept(running)
    assert raised(lines[1:]) == set()
    assert raised(lines) == {"failed"}


async def test_storage_that_takes_nothing_is_told(azurite: str, queue_names: Iterator[str]) -> None:
    async with service(azurite, queue_names) as running:
        with caught() as lines:
            await swept(running)
            await running.results.delete_queue()
            with pytest.raises(QueueUnavailable):
                await running.handle(b"nonsense")
    assert raised(lines) == {"nothing-stored"}


async def test_sweep_that_cannot_read_the_queues_is_silence(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        await running.requests.delete_queue()
        with caught() as lines, pytest.raises(QueueUnavailable):
            await swept(running)
    assert raised(lines) == {"silence"}


async def test_event_that_has_just_come_is_marked_and_nothing_else_is(
    azurite: str, queue_names: Iterator[str]
) -> None:
    kim_and = directory(person(1), kim(), members=(USER_ID,))
    async with service(azurite, queue_names, kim_and, **ON, CONVERSIONS_PAUSED="true") as running:
        await run(running)
        running.graph.tenant.memberships.add(GROUP_ID, person(1)["id"])
        await run(running)
        (found,) = await taken(running.requests)
        with caught() as lines:
            await running.handle(user_event())
            await running.handle(found.encode())
            await running.handle(request())
            await running.handle(user_event("e-2", clientState="forged"))
    marks = [json.loads(line.partition(" ")[2]).get("event") for line in lines]
    assert marks == [True, None, None, None]
