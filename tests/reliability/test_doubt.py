"""Answers and rows that were lost (R3, R10): the directory is asked before any second POST."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from converters.storage.clock import ServiceClock
from local.graph import Fault
from tests.directory import USER_ID, request
from tests.samples import case
from tests.service import service
from tests.telling import codes, lines

if TYPE_CHECKING:
    from collections.abc import Iterator

POST = "/invitations$"
pytestmark = pytest.mark.usefixtures("at_once")


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


async def test_r3_r11_silent_invitation_that_may_not_be_made_anew_waits_for_its_url(
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


async def test_r3_silent_invitation_that_is_refused_anew_fails_and_says_that_one_is_pending(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        running.graph.faults.add(Fault(path=POST, drop="after", times=1))
        running.graph.faults.add(Fault(path=POST, status=400, code="BadRequest", times=1))
        await running.handle(request(sendInvitationMessage=False))
        await running.age_claim(running.converter.settings.invocation_seconds)
        failed = await running.outcome(await running.waiting())
        assert (len(running.graph.invitations), len(running.invited())) == (1, 2)
    assert (failed["status"], codes(failed["warnings"])[-1]) == ("failed", "redeemUrlLost")


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
        (notice,) = await running.events()
        (reason,) = notice["data"]["reasons"]
        assert (notice["data"]["status"], reason["code"]) == ("deferred", "storageNotSetUp")
        assert running.ledger.table_name in reason["message"]
        event = json.loads(message)
        event["data"]["waits"]["since"] -= 3600
        outcome = await running.outcome(event)
        assert codes(outcome["reasons"]) == ["storageNotSetUp"]
        await running.ledger.create_table()
        assert (await running.outcome(message))["status"] == "invited"


async def test_r3_rules_do_not_conclude_while_an_invitation_may_have_been_made(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        # Reads show the user as before, but for what is changed after the lag was set.
        running.graph.faults.add(Fault(path=POST, drop="before", times=1))
        await running.handle(request())
        running.graph.tenant.change_user(USER_ID, accountEnabled=False)
        await running.handle(await running.waiting())
        assert await running.events() == [], "nobody knows yet whether the person was invited"
        await running.age_claim(running.converter.settings.doubt_seconds)
        outcome = await running.outcome(await running.waiting())
    assert (outcome["status"], codes(outcome["reasons"])) == ("ineligible", ["accountDisabled"])


async def test_claim_is_given_back_where_the_quota_could_not_be_counted(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, DAILY_LIMIT="5") as running:
        await running.quota.delete_queue()
        await running.handle(request())
        assert [row["RowKey"] for row in await running.rows()] == ["request"]
        (notice,) = await running.events()
        assert codes(notice["data"]["reasons"]) == ["storageNotSetUp"]
        await running.quota.create_queue()
        outcome = await running.outcome(await running.waiting())
        assert (outcome["status"], len(running.invited())) == ("invited", 1)


@pytest.mark.parametrize("left", [1.0, 0.5, 0.0, -1.0])
async def test_claim_is_waited_for_to_its_last_moment_and_no_longer(
    azurite: str, queue_names: Iterator[str], left: float
) -> None:
    async with service(azurite, queue_names) as running:
        await running.handle(request())
        claim = await running.converter.ledger.held(USER_ID)
        assert claim
        clock = ServiceClock(lambda: claim.since + 60 - left)
        inviter = replace(running.converter.inviter, clock=clock)
        waiting = inviter.wait_for_replicas(case(), claim, 60)
    assert (waiting is None) is (left <= 0)
