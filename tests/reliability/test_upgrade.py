"""An upgrade with messages in flight: what earlier versions wrote is read, nothing is lost.

``tests/data/formats`` has what they wrote: rows of the ledger and waiting messages.
"""

from __future__ import annotations

import asyncio
import json
import signal
import time
import uuid
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from azure.storage.queue.aio import QueueClient

from local.graph import Fault
from local.world import Program
from tests.cli.test_doctor import patient
from tests.directory import ADDRESS, USER_ID, kim, request, tenant
from tests.infra.paths import ROOT
from tests.service import service, taken
from tests.telling import codes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.service import Service

FORMATS = ROOT / "tests" / "data" / "formats"
VERSIONS = sorted(path.stem for path in FORMATS.glob("*.json"))
# As the earlier versions were sent it, when they wrote what is kept.
EVENT = {
    "specversion": "1.0",
    "id": "E-1",
    "source": "hr.example",
    "type": "x.y",
    "data": {"invitedUser": {"id": USER_ID}, "invitedUserEmailAddress": ADDRESS},
}
DATES = {"Since", "Begun", "Ended"}
# More than one instance takes at once.
REQUESTS = 40
by_version = pytest.mark.parametrize("version", VERSIONS)


async def left(version: str, what: str, running: Service) -> tuple[bytes, str]:
    """Put an earlier version's rows into the ledger; return its waiting message and outcome's id.

    Dates become today's, as requests are given up after a day.
    """
    kept: dict[str, Any] = json.loads((FORMATS / f"{version}.json").read_text())[what]
    for row in kept["rows"]:
        values = {name: datetime.now(UTC) if name in DATES else row[name] for name in row}
        if "Record" in values:
            values["Record"] = json.dumps(values["Record"])
        await running.ledger.create_entity(values)
    return waiting(kept), kept.get("outcomeId", "")


def waiting(kept: dict[str, Any]) -> bytes:
    message = kept.get("waits", {})
    if message and message["data"]["waits"]["since"]:
        message["data"]["waits"]["since"] = int(time.time())
    return json.dumps(message).encode()


@by_version
async def test_request_whose_answer_was_lost_is_concluded_without_a_second_invitation(
    azurite: str, queue_names: Iterator[str], version: str
) -> None:
    invited = tenant(kim(externalUserState="PendingAcceptance"))
    async with service(azurite, queue_names, invited) as running:
        message, _ = await left(version, "lost", running)
        await running.handle(message)
        (event,) = await running.events()
        assert running.invited() == []
    assert (event["data"]["requestId"], event["data"]["status"]) == ("R-1", "invited")
    assert "answerLost" in codes(event["data"]["warnings"])


@by_version
@pytest.mark.parametrize(("what", "message"), [("ended", request()), ("event", EVENT)])
async def test_request_that_had_ended_is_told_again_under_its_id(
    azurite: str, queue_names: Iterator[str], version: str, what: str, message: dict[str, Any]
) -> None:
    async with service(azurite, queue_names) as running:
        _, outcome_id = await left(version, what, running)
        event = await running.event(message)
        assert running.invited() == []
    assert (event["id"], event["data"]["status"]) == (outcome_id, "invited")


@by_version
async def test_request_that_waited_is_taken_up(
    azurite: str, queue_names: Iterator[str], version: str
) -> None:
    async with service(azurite, queue_names) as running:
        message, _ = await left(version, "paused", running)
        outcome = await running.outcome(message)
        assert len(running.invited()) == 1
        # The event itself, delivered again, is the same request.
        await running.handle(EVENT)
        assert len(running.invited()) == 1
    assert (outcome["requestId"], outcome["status"]) == ("E-1", "invited")


def numbered(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012}"


def message(number: int) -> str:
    """Return a request for a user; every other one waits as the first version let it."""
    sent = request(requestId=f"R-{number}", invitedUser={"id": numbered(number)})
    sent["invitedUserEmailAddress"] = f"kim{number}@partner.example"
    if number % 2:
        return json.dumps(sent)
    kept = json.loads((FORMATS / "first.json").read_text())["paused"]["waits"]
    kept["id"] = sent.pop("requestId")
    kept["data"] |= {"request": sent, "correlationId": str(uuid.uuid4())}
    return json.dumps(kept)


def user(number: int) -> dict[str, Any]:
    name, address = f"kim{number}@contoso.example", f"kim{number}@partner.example"
    return kim(id=numbered(number), userPrincipalName=name, otherMails=[address])


def host(environment: dict[str, str], stack: ExitStack) -> Program:
    program = Program(f"host-{uuid.uuid4().hex[:8]}", ["host"], environment, r"Host ready")
    stack.callback(program.log.unlink)
    stack.callback(program.stop)
    program.wait_until_ready()
    return program


async def outcomes(results: QueueClient) -> list[dict[str, Any]]:
    """Take outcomes until every request has one that is final."""
    found: list[dict[str, Any]] = []
    async with asyncio.timeout(60):
        while len({outcome["requestId"] for outcome in found}) < REQUESTS:
            data = [json.loads(text)["data"] for text in await taken(results)]
            found += [outcome for outcome in data if outcome["status"] != "deferred"]
    return found


async def test_old_instance_drains_while_a_new_one_starts(
    azurite: str, queue_names: Iterator[str]
) -> None:
    users = tenant(*(user(number) for number in range(REQUESTS)))
    async with patient(azurite, queue_names, users) as (graph, environment):
        # Long enough that the old instance is stopped with invitations in flight.
        graph.faults.add(Fault(path="/invitations$", hang_ms=1000))
        with ExitStack() as stack:
            old = await asyncio.to_thread(host, environment, stack)
            async with (
                QueueClient.from_connection_string(
                    azurite, environment["REQUESTS_QUEUE"]
                ) as requests,
                QueueClient.from_connection_string(
                    azurite, environment["RESULTS_QUEUE"]
                ) as results,
            ):
                for number in range(REQUESTS):
                    await requests.send_message(message(number))
                async with asyncio.timeout(60):
                    while not any(call.path.endswith("/invitations") for call in graph.requests):
                        await requests.get_queue_properties()
                # As the platform does, which stops an instance only once it is drained.
                old.process.send_signal(signal.SIGUSR1)
                await asyncio.to_thread(host, environment, stack)
                found = await outcomes(results)
                old.process.terminate()
            assert await asyncio.to_thread(old.process.wait, 30) == 0
            said = old.log.read_text()
        bodies = [json.loads(call.raw) for call in graph.requests if "/invitations" in call.path]
    assert {outcome["status"] for outcome in found} == {"invited"}
    assert sorted(body["invitedUser"]["id"] for body in bodies) == [
        numbered(number) for number in range(REQUESTS)
    ]
    # Both had their part.
    assert 0 < said.count('"status":"invited"') < REQUESTS
