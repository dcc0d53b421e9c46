"""Throttling, outages, lag, withdrawn consent (R4, R7, R9, R11): requests wait and lose nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from converters.model.errors import QueueUnavailable
from local.graph import Fault
from tests.directory import ADDRESS, OTHER_ID, USER_ID, kim, request, tenant
from tests.service import Service, service, taken
from tests.telling import codes, lines, story

if TYPE_CHECKING:
    from collections.abc import Iterator

POST = "/invitations$"
pytestmark = pytest.mark.usefixtures("at_once")


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
@pytest.mark.parametrize("step", ["read", "invite"])
async def test_r4_request_that_meets_an_outage_waits_and_is_converted_after_it(
    azurite: str, queue_names: Iterator[str], status: int, step: str
) -> None:
    down = kim(**{"$fault": {step: {"status": status, "code": "x", "times": 2}}})
    async with service(azurite, queue_names, tenant(down)) as running:
        await running.handle(request())
        assert await running.events() == []
        message = await running.waiting()
        waits = json.loads(message)["data"]["waits"]
        assert (waits["times"], waits["attempts"], waits["announced"]) == (1, 1, [])
        while True:
            if step == "invite" and status != 429:
                await running.age_claim(running.converter.settings.doubt_seconds)
            await running.handle(message)
            if not (left := await taken(running.requests)):
                break
            message = left[0].encode()
        (event,) = await running.events()
        assert (event["data"]["status"], len(running.graph.invitations)) == ("invited", 1)


@pytest.mark.parametrize(
    ("fault", "least"),
    [
        (Fault(path=r"\$batch$", status=429, retry_after=40), 40),
        (Fault(method="BATCH GET", path="^/contacts", status=429, retry_after=41), 41),
        (Fault(path=POST, status=429, retry_after=42), 42),
        (Fault(path=POST, status=503, retry_after=43), 43),
        (Fault(path=POST, status=429), 0),
    ],
)
async def test_r4_request_waits_as_long_as_graph_says(
    azurite: str,
    queue_names: Iterator[str],
    monkeypatch: pytest.MonkeyPatch,
    fault: Fault,
    least: int,
) -> None:
    monkeypatch.undo()
    async with service(azurite, queue_names) as running:
        running.graph.faults.add(fault)
        waited = [await waited_seconds(running, request())]
        settings = running.converter.settings
    assert all(least <= seconds <= least + settings.retry_base_seconds for seconds in waited)


async def waited_seconds(running: Service, message: object) -> float:
    """Handle a message; return for how long the request waits after it, as the queue says."""
    sent: list[int] = []
    client = running.converter.reporter.requests.client
    send = client.send_message

    async def sending(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401
        sent.append(options["visibility_timeout"])
        return await send(*arguments, **options)

    client.send_message = sending  # type: ignore[method-assign]
    await running.handle(message)
    (seconds,) = sent
    return seconds


async def test_r4_outage_that_outlasts_the_operators_patience_ends_as_failed(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, RETRY_HOURS="1") as running:
        running.graph.faults.add(Fault(path=r"\$batch$", status=503))
        await running.handle(request())
        event = json.loads(await running.waiting())
        event["data"]["waits"]["since"] -= 3600
        outcome = await running.outcome(event)
        assert (outcome["status"], codes(outcome["reasons"])) == ("failed", ["graphUnavailable"])
        assert outcome["reasons"][0]["retriable"] is True
        assert outcome["graph"]["status"] == 503
        running.graph.faults.clear()
        later = await running.event(request())
        assert later["data"]["status"] == "invited"


async def test_r4_graph_that_stays_silent_ends_with_the_invocations_time_limit(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        short = replace(running.converter.settings, invocation_seconds=1)
        hurried = replace(running.converter, settings=short)
        running.graph.faults.add(Fault(path="batch", hang_ms=3000, times=1))
        await hurried.handle(json.dumps(request()).encode(), "message-1")
        assert await running.events() == []
        assert (await running.outcome(await running.waiting()))["status"] == "invited"


async def test_r4_answer_that_makes_no_sense_concludes_nothing(
    azurite: str, queue_names: Iterator[str], caplog: pytest.LogCaptureFixture
) -> None:
    async with service(azurite, queue_names) as running:
        running.graph.faults.add(Fault(path="batch", status=200, body={"unexpected": []}))
        with caplog.at_level("INFO"):
            await running.handle(request())
        assert await running.events() == []
    (line,) = lines(caplog)
    assert (line["status"], "reading the user" in line["why"]) == ("deferred", True)


async def test_r7_outcome_that_could_not_be_stored_arrives_later_without_a_second_post(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, RETRY_HOURS="0") as running:
        await running.results.delete_queue()
        await running.handle(request())
        await running.handle(await running.waiting())
        await running.results.create_queue()
        outcome = await running.outcome(await running.waiting())
        assert (outcome["status"], len(running.invited())) == ("invited", 1)
        assert outcome["invitation"]["invitedUserId"] == USER_ID


async def test_r7_message_is_not_acknowledged_where_nothing_can_be_stored(
    azurite: str, queue_names: Iterator[str], caplog: pytest.LogCaptureFixture
) -> None:
    async with service(azurite, queue_names) as running:
        await running.results.delete_queue()
        with pytest.raises(QueueUnavailable, match="QueueNotFound"):
            await running.handle(b"nonsense")
        (line,) = lines(caplog)
        assert (line["status"], line["error"]) == ("undone", "QueueUnavailable")
        await running.requests.delete_queue()
        with pytest.raises(QueueUnavailable, match="QueueNotFound"):
            await running.handle(request())


async def test_r9_user_who_is_not_visible_yet_is_no_failure(
    azurite: str, queue_names: Iterator[str]
) -> None:
    made = kim(otherMails=[], createdDateTime=datetime.now(UTC).isoformat())
    async with service(azurite, queue_names, tenant(made), SETTLE_SECONDS="60") as r:
        await r.handle(request(invitedUserEmailAddress=None))
        message = await r.waiting()
        r.graph.tenant.users[USER_ID]["otherMails"] = [ADDRESS]
        assert (await r.outcome(message))["status"] == "invited"
        await r.handle(request(requestId="R-2", invitedUser={"id": OTHER_ID}))
        event = json.loads(await r.waiting())
        assert await r.events() == []
        event["data"]["waits"]["since"] -= 60
        outcome = await r.outcome(event)
        assert (outcome["status"], codes(outcome["reasons"])) == ("ineligible", ["userNotFound"])


async def test_r9_user_whom_the_post_does_not_find_is_no_failure(
    azurite: str, queue_names: Iterator[str]
) -> None:
    missing = {"status": 404, "code": "Directory_ObjectNotFound", "message": "no", "times": 1}
    hidden = kim(**{"$fault": {"invite": missing}})
    async with service(azurite, queue_names, tenant(hidden), SETTLE_SECONDS="60") as running:
        (event,) = await story(running, request())
        assert event["data"]["status"] == "invited"


@pytest.mark.parametrize(
    ("withdrawn", "code"),
    [
        ({"permissions": ["User.Read.All"]}, "factUnknown"),
        ({"allowInvitesFrom": "none"}, "invitationsOff"),
    ],
)
async def test_r11_backlog_waits_says_once_what_to_do_and_recovers_without_hands(
    azurite: str, queue_names: Iterator[str], withdrawn: dict[str, Any], code: str
) -> None:
    keys = {"TENANT_FACTS_SECONDS": "0"}
    async with service(azurite, queue_names, tenant(**withdrawn), **keys) as running:
        await running.handle(request())
        for _ in range(3):
            await running.handle(await running.waiting())
        (event,) = await running.events()
        assert (event["data"]["status"], codes(event["data"]["reasons"])[0]) == ("deferred", code)
        assert event["data"]["reasons"][0]["remediation"]
        running.graph.tenant.permissions = tenant().get("permissions")
        running.graph.tenant.set_policies({"allowInvitesFrom": "everyone"})
        assert (await running.outcome(await running.waiting()))["status"] == "invited"


@pytest.mark.parametrize(
    ("code", "message", "reason"),
    [
        ("Unauthorized", "Insufficient privileges to perform it", "permissionMissing"),
        ("Unauthorized", "Guest invitations not allowed for your company.",
         "invitationsRefusedByTenant"),
    ],
)  # fmt: skip
async def test_r11_consent_withdrawn_between_check_and_post_waits_too(
    azurite: str, queue_names: Iterator[str], code: str, message: str, reason: str
) -> None:
    refusal = {"status": 403, "code": code, "message": message, "times": 2}
    async with service(
        azurite, queue_names, tenant(kim(**{"$fault": {"invite": refusal}}))
    ) as running:
        first, last = await story(running, request())
        assert codes(first["data"]["reasons"]) == [reason]
    assert (first["data"]["status"], last["data"]["status"]) == ("deferred", "invited")
    assert first["id"] != last["id"]
