"""The promises under faults, each by its number: real queues, a real table, Graph over HTTP."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from converters.errors import QueueUnavailable
from local.graph import Fault
from tests.directory import ADDRESS, OTHER_ID, USER_ID, kim, request, tenant
from tests.service import Service, service, taken

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
POST = "/invitations$"
pytestmark = pytest.mark.usefixtures("at_once")


def codes(entries: list[dict[str, Any]]) -> list[str]:
    return [entry["code"] for entry in entries]


def lines(caplog: pytest.LogCaptureFixture, kind: str = "conversion") -> list[dict[str, Any]]:
    """Return what the log says, line by line."""
    texts = [record.getMessage() for record in caplog.records]
    return [json.loads(text.removeprefix(f"{kind} ")) for text in texts if text.startswith(kind)]


async def story(running: Service, message: object) -> list[dict[str, Any]]:
    """Handle a message, and what waits after it, until nothing waits; return the CloudEvents."""
    await running.handle(message)
    while texts := await taken(running.requests):
        for text in texts:
            await running.handle(text.encode())
    return await running.events()


@pytest.mark.parametrize(
    "fault",
    [
        Fault(path=POST, drop="after", times=1),
        Fault(path=POST, status=502, effect=True, times=1),
        Fault(path=POST, status=504, html="<html>", effect=True, times=1),
    ],
)
async def test_r3_invitation_whose_answer_was_lost_is_found_in_the_directory(
    azurite: str, queue_names: Iterator[str], fault: Fault
) -> None:
    async with service(azurite, queue_names) as running:
        running.graph.faults.add(fault)
        await running.handle(request())
        assert await running.events() == []
        outcome = await running.outcome(await running.waiting())
        assert len(running.invited()) == 1
    assert (outcome["status"], "invitation" in outcome) == ("invited", False)
    assert codes(outcome["warnings"])[-1] == "answerLost"
    assert codes(outcome["nextSteps"])[0] == "awaitRedemption"


async def test_r3_invitation_that_was_lost_and_redeemed_since_counts_as_made(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        running.graph.faults.add(Fault(path=POST, drop="after", times=1))
        await running.handle(request())
        running.graph.tenant.redeem(USER_ID, "ExternalAzureAD")
        assert (await running.outcome(await running.waiting()))["status"] == "invited"


async def test_r3_no_second_post_while_the_directory_may_lag(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        # Longer than this test: no read will show the invitation before the lag is ended.
        running.graph.set_lag(3_600_000)
        running.graph.faults.add(Fault(path=POST, drop="after", times=1))
        await running.handle(request())
        for _ in range(3):
            await running.handle(await running.waiting())
        assert (await running.events(), len(running.invited())) == ([], 1)
        message = await running.waiting()
        running.graph.tenant.replica.clock = lambda: float("inf")
        assert (await running.outcome(message))["status"] == "invited"
        assert len(running.invited()) == 1


async def test_r3_invitation_that_was_never_made_is_made_once_nobody_can_doubt_it(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        running.graph.faults.add(Fault(path=POST, drop="before", times=1))
        await running.handle(request())
        await running.handle(await running.waiting())
        assert (len(running.graph.invitations), len(running.invited())) == (0, 1)
        await running.age_claim(running.converter.settings.doubt_seconds)
        outcome = await running.outcome(await running.waiting())
        assert (outcome["status"], len(running.graph.invitations)) == ("invited", 1)
        assert outcome["invitation"]["invitedUserId"] == USER_ID


async def test_r3_silent_invitation_whose_url_was_lost_is_made_anew_and_says_so(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        running.graph.faults.add(Fault(path=POST, drop="after", times=1))
        await running.handle(request(sendInvitationMessage=False))
        await running.handle(await running.waiting())
        assert len(running.invited()) == 1, "another delivery may be about to tell the URL"
        await running.age_claim(running.converter.settings.invocation_seconds)
        outcome = await running.outcome(await running.waiting())
        url = outcome["invitation"]["inviteRedeemUrl"]
        assert running.graph.tenant.redeem_urls == {USER_ID: url}
    assert codes(outcome["warnings"])[-1] == "olderLinkVoid"


async def test_r3_silent_invitation_is_not_made_anew_while_its_url_could_not_be_told(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        await running.results.delete_queue()
        await running.handle(request(sendInvitationMessage=False))
        await running.age_claim(running.converter.settings.invocation_seconds)
        for _ in range(3):
            await running.handle(await running.waiting())
        assert len(running.invited()) == 1
        await running.results.create_queue()
        outcome = await running.outcome(await running.waiting())
        assert (outcome["status"], len(running.invited())) == ("invited", 2)


async def test_r3_r11_silent_invitation_that_is_refused_anew_waits_for_its_url_or_fails(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        running.graph.faults.add(Fault(path=POST, drop="after", times=1))
        why = "Insufficient privileges to perform it"
        withdrawn = Fault(path=POST, status=403, code="Unauthorized", message=why, times=1)
        running.graph.faults.add(withdrawn)
        await running.handle(request(sendInvitationMessage=False))
        await running.age_claim(running.converter.settings.invocation_seconds)
        deferred = await running.outcome(await running.waiting())
        assert codes(deferred["reasons"]) == ["permissionMissing"]
        await running.age_claim(running.converter.settings.invocation_seconds)
        outcome = await running.outcome(await running.waiting())
        url = outcome["invitation"]["inviteRedeemUrl"]
        assert running.graph.tenant.redeem_urls == {USER_ID: url}
        running.graph.tenant.users[USER_ID].pop("externalUserState")
        running.graph.faults.add(Fault(path=POST, drop="after", times=1))
        running.graph.faults.add(Fault(path=POST, status=400, code="BadRequest", times=1))
        await running.handle(request(sendInvitationMessage=False, requestId="R-2"))
        await running.age_claim(running.converter.settings.invocation_seconds)
        assert (await running.outcome(await running.waiting()))["status"] == "failed"


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
    client = running.converter.reporter.requests._client  # noqa: SLF001 - the wire is what is read
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


async def test_r5_other_content_under_the_same_id_is_rejected_and_changes_nothing(
    azurite: str, queue_names: Iterator[str]
) -> None:
    users = [kim(), kim(id=OTHER_ID, userPrincipalName="o@contoso.example", otherMails=["o@x.y"])]
    async with service(azurite, queue_names, tenant(*users)) as running:
        first = await running.event(request())
        other = await running.event(request(invitedUser={"id": OTHER_ID}))
        again = await running.event(request())
    assert (other["data"]["status"], codes(other["data"]["reasons"])) == (
        "rejected", ["requestIdReused"],
    )  # fmt: skip
    assert other["id"] != first["id"] == again["id"]
    assert again["data"]["invitation"] == first["data"]["invitation"]


async def test_r5_nonsense_under_anothers_id_does_not_take_that_ones_outcomes_id(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        first = await running.event(request())
        other = await running.event(request(nonsense=1))
    assert other["data"]["requestId"] == first["data"]["requestId"]
    assert other["id"] != first["id"]


async def test_r6_of_two_requests_for_one_user_at_once_one_invites(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, SETTLE_SECONDS="300") as running:
        # As long as reads lag, the directory cannot keep the two apart.
        running.graph.set_lag(60_000)
        messages = [request(requestId=f"R-{number}") for number in range(8)]
        await asyncio.gather(*(running.handle(message) for message in messages))
        outcomes = [event["data"] for event in await running.events()]
        assert len(running.invited()) == 1
    found = sorted(outcome["status"] for outcome in outcomes)
    assert found.count("invited") == 1
    refused = [outcome for outcome in outcomes if outcome["status"] != "invited"]
    assert len(refused) == 7
    for outcome in refused:
        assert codes(outcome["reasons"]) in (["conversionInProgress"], ["invitationPending"])
        assert re.search(r"request R-\d", outcome["reasons"][0]["message"], re.IGNORECASE)


async def test_r6_request_after_another_invited_is_told_though_reads_lag(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, SETTLE_SECONDS="300") as running:
        running.graph.set_lag(60_000)
        await running.outcome(request())
        second = await running.outcome(request(requestId="R-2"))
        assert (second["status"], codes(second["reasons"])) == (
            "alreadyInvited", ["invitationPending"],
        )  # fmt: skip
        assert len(running.invited()) == 1


async def test_r6_claim_of_a_request_that_failed_stands_in_nobodys_way(
    azurite: str, queue_names: Iterator[str]
) -> None:
    refusing = kim(**{"$fault": {"invite": {"status": 400, "code": "x", "times": 1}}})
    async with service(azurite, queue_names, tenant(refusing), SETTLE_SECONDS="300") as running:
        assert (await running.outcome(request()))["status"] == "failed"
        assert (await running.outcome(request(requestId="R-2")))["status"] == "invited"


async def test_r6_claim_of_a_request_that_was_never_seen_again_ends(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        running.graph.faults.add(Fault(path=POST, drop="before", times=1))
        await running.handle(request())
        second = await running.outcome(request(requestId="R-2"))
        assert codes(second["reasons"]) == ["conversionInProgress"]
        await running.age_claim(running.converter.settings.doubt_seconds)
        assert (await running.outcome(request(requestId="R-3")))["status"] == "invited"


async def test_r6_deliveries_of_one_request_at_once_invite_once(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, SETTLE_SECONDS="300") as running:
        await asyncio.gather(*(running.handle(request()) for _ in range(8)))
        for text in await taken(running.requests):
            await running.handle(text.encode())
        events = await running.events()
        assert len(running.invited()) == 1
    assert {event["data"]["status"] for event in events} == {"invited"}
    assert len({event["id"] for event in events}) == 1


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
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        await running.results.delete_queue()
        with pytest.raises(QueueUnavailable, match="QueueNotFound"):
            await running.handle(b"nonsense")
        await running.requests.delete_queue()
        with pytest.raises(QueueUnavailable, match="QueueNotFound"):
            await running.handle(request())


async def test_r9_user_who_is_not_visible_yet_is_no_failure(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, tenant(kim(otherMails=[])), SETTLE_SECONDS="60") as r:
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


async def test_r10_lost_ledger_leads_to_no_second_invitation(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        await running.outcome(request())
        for row in await running.rows():
            await running.ledger.delete_entity(row)
        outcome = await running.outcome(request())
        assert (outcome["status"], len(running.invited())) == ("alreadyInvited", 1)


async def test_r10_ledger_that_is_away_stops_the_post_and_nothing_is_lost(
    azurite: str, queue_names: Iterator[str], caplog: pytest.LogCaptureFixture
) -> None:
    async with service(azurite, queue_names, RETRY_HOURS="1") as running:
        await running.ledger.delete_table()
        with caplog.at_level("INFO"):
            await running.handle(request())
        message = await running.waiting()
        assert running.invited() == []
        (line,) = lines(caplog)
        assert "TableNotFound" in line["why"]
        event = json.loads(message)
        event["data"]["waits"]["since"] -= 3600
        outcome = await running.outcome(event)
        assert codes(outcome["reasons"]) == ["storageUnavailable"]
        await running.ledger.create_table()
        assert (await running.outcome(message))["status"] == "invited"


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


async def test_finished_request_is_told_again_without_asking_graph_for_anything(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, tenant(kim(onPremisesSyncEnabled=False))) as running:
        first = await running.event(request(requestedBy="RITM1"))
        running.graph.faults.add(Fault(status=503))
        again = await running.event(request(requestedBy="RITM1"))
    first.pop("time"), again.pop("time")
    assert first["data"]["user"].pop("userPrincipalName") == "kim@contoso.example"
    assert again == first


async def test_finished_silent_request_is_told_again_without_its_url(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        first = await running.event(request(sendInvitationMessage=False))
        again = await running.event(request(sendInvitationMessage=False))
        assert len(running.invited()) == 1
    assert first["id"] == again["id"]
    assert "inviteRedeemUrl" not in again["data"]["invitation"]
    assert codes(again["data"]["warnings"])[-1] == "redeemUrlNotKept"


async def test_retriable_outcome_that_ends_otherwise_later_is_another_event(
    azurite: str, queue_names: Iterator[str]
) -> None:
    nobody = tenant(kim(id=OTHER_ID, otherMails=[]))
    async with service(azurite, queue_names, nobody) as running:
        first, same = await running.event(request()), await running.event(request())
        assert (first["data"]["status"], same["id"]) == ("ineligible", first["id"])
        running.graph.tenant.add_user(kim(userPrincipalName="new@contoso.example"))
        later, again = await running.event(request()), await running.event(request())
    assert (later["data"]["status"], again["id"]) == ("invited", later["id"])
    assert later["id"] != first["id"]


async def test_check_is_always_of_now_and_leaves_no_row(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        check = await running.event(request(mode="check"))
        assert await running.rows() == []
        conversion = await running.event(request())
    assert check["id"] != conversion["id"]


async def test_s7_s8_ledger_holds_no_address_name_text_or_url(
    azurite: str, queue_names: Iterator[str]
) -> None:
    keys = {"ALLOW_CUSTOM_TEXT": "true", "ALLOWED_EMAIL_DOMAINS": "partner.example,canary.example"}
    info = {
        "customizedMessageBody": "canary-text",
        "ccRecipients": [{"emailAddress": {"address": "cc@canary.example", "name": "canary-cc"}}],
    }
    canary = kim(displayName="canary-name", userPrincipalName="canary@contoso.example")
    refused = kim(
        id=OTHER_ID,
        userPrincipalName="o@contoso.example",
        otherMails=["canary@partner.example"],
        **{"$fault": {"invite": {"status": 400, "code": "x", "message": "canary-refusal"}}},
    )
    redirect = "https://myapps.microsoft.com/canary-url"
    async with service(azurite, queue_names, tenant(canary, refused), **keys) as running:
        common = {
            "invitedUserMessageInfo": info,
            "inviteRedirectUrl": redirect,
            "requestedBy": "canary-requester",
            "sendInvitationMessage": False,
        }
        first = await running.outcome(request(**common))
        second = await running.outcome(
            {**common, "requestId": "R-2", "invitedUser": {"id": OTHER_ID}}
        )
        stored = repr(await running.rows())
    assert (first["status"], second["status"]) == ("invited", "failed")
    assert "canary" not in stored
    assert ADDRESS not in stored
    assert first["invitation"]["inviteRedeemUrl"] not in stored


def test_every_fault_of_the_page_has_its_test() -> None:
    page = (ROOT / "docs" / "reliability.md").read_text()
    sources = "".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    for number in range(1, 13):
        assert f"| R{number} |" in page
        assert re.search(rf"def test_(r\d+_)*r{number}_", sources), f"R{number}"
