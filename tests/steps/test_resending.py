"""Mode ``resend`` on real parts: a pending invitation made again, under the rules of the first."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from converters.model.follow_up import FollowUp
from converters.settings.follow_up import DAY
from local.graph.faults import Fault
from tests.directory import USER_ID, kim, request, tenant
from tests.service import service, taken
from tests.telling import codes, story

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.usefixtures("at_once")
PENDING = {"externalUserState": "PendingAcceptance"}


def again(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any property of a request
    return request(requestId="R-again", mode="resend", **changes)


async def test_pending_invitation_is_made_again_at_once(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        await running.event(request())
        outcome = await running.outcome(again())
        assert len(running.invited()) == len(running.graph.mails) == 2
        told_again = await running.outcome(again())
        assert len(running.invited()) == 2
    assert (outcome["status"], outcome["requestId"]) == ("invited", "R-again")
    assert codes(outcome["warnings"])[-1] == "olderLinkVoid"
    assert "inviteRedeemUrl" not in outcome["invitation"]
    assert told_again["status"] == "invited"


async def test_silent_one_returns_the_url_that_works(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        await running.event(request(sendInvitationMessage=False))
        outcome = await running.outcome(again(sendInvitationMessage=False))
        working = running.graph.tenant.redeem_urls[USER_ID]
        assert running.graph.mails == []
    assert outcome["invitation"]["inviteRedeemUrl"] == working
    assert "olderLinkVoid" in codes(outcome["warnings"])


async def test_invitation_of_somebody_else_is_made_again_too(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, tenant(kim(**PENDING))) as running:
        assert (await running.outcome(again()))["status"] == "invited"


@pytest.mark.parametrize(
    ("user", "message", "keys", "status", "reasons"),
    [
        ({}, {}, {}, "ineligible", ["noInvitationPending"]),
        (PENDING | {"accountEnabled": False}, {}, {}, "ineligible", ["accountDisabled"]),
        (PENDING | {"otherMails": ["else@partner.example"]}, {}, {}, "ineligible",
         ["addressNotOnUser"]),
        (PENDING, {}, {"ALLOWED_EMAIL_DOMAINS": "else.example"}, "ineligible",
         ["domainNotAllowed"]),
        (PENDING, {}, {"PROTECTED_IDS": USER_ID}, "ineligible", ["protectedByOperator"]),
        ({"externalUserState": "Accepted"}, {}, {}, "alreadyExternal", ["alreadyExternal"]),
    ],
)  # fmt: skip
async def test_rules_of_the_first_invitation_hold(  # noqa: PLR0913, PLR0917 - a table
    azurite: str,
    queue_names: Iterator[str],
    user: dict[str, Any],
    message: dict[str, Any],
    keys: dict[str, str],
    status: str,
    reasons: list[str],
) -> None:
    async with service(azurite, queue_names, tenant(kim(**user)), **keys) as running:
        outcome = await running.outcome(again(**message))
        assert running.invited() == []
    assert (outcome["status"], codes(outcome["reasons"])) == (status, reasons)


async def test_invitation_never_moves_to_another_address(
    azurite: str, queue_names: Iterator[str]
) -> None:
    both = kim(otherMails=["kim@partner.example", "mallory@partner.example"])
    async with service(azurite, queue_names, tenant(both)) as running:
        await running.event(request())
        outcome = await running.outcome(again(invitedUserEmailAddress="mallory@partner.example"))
        assert len(running.invited()) == 1
    assert codes(outcome["reasons"]) == ["otherAddressInvited"]


async def test_pause_and_the_days_limit_hold_it_back(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        await running.event(request())
        paused = running.with_settings(CONVERSIONS_PAUSED="true")
        assert (await paused.outcome(again()))["status"] == "deferred"
        limited = running.with_settings(DAILY_LIMIT="1")
        await limited.quota.send_message("1")
        assert (await limited.outcome(again()))["status"] == "deferred"
        assert len(running.invited()) == 1
        # Both wait in the queue; the second is then the same request again.
        await story(running, again())
        assert len(running.invited()) == 2


async def test_r15_lost_answer_mails_nobody_twice_and_says_so(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        await running.event(request())
        running.graph.faults.add(Fault(method="POST", path="/invitations", drop="after", times=1))
        (event,) = await story(running, again())
        assert len(running.graph.mails) == 2
    assert event["data"]["status"] == "invited"
    assert codes(event["data"]["warnings"])[-1] == "answerLost"


async def test_r15_lost_answer_of_a_silent_one_is_asked_for_anew(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, tenant(), INVOCATION_SECONDS="5") as running:
        await running.event(request(sendInvitationMessage=False))
        running.graph.faults.add(Fault(method="POST", path="/invitations", drop="after", times=1))
        await running.handle(again(sendInvitationMessage=False))
        message = await running.waiting()
        await running.age_claim(10)
        (event,) = await story(running, json.loads(message))
        working = running.graph.tenant.redeem_urls[USER_ID]
    assert event["data"]["invitation"]["inviteRedeemUrl"] == working


async def test_r15_throttled_one_leaves_the_first_invitations_claim(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        await running.event(request())
        (first,) = [row for row in await running.rows() if row["RowKey"] == "user"]
        running.graph.faults.add(
            Fault(method="POST", path="/invitations", status=429, retry_after=0, times=1)
        )
        await running.handle(again())
        (claim,) = [row for row in await running.rows() if row["RowKey"] == "user"]
        assert (claim["Key"], claim["Address"]) == (first["Key"], first["Address"])
        (event,) = await story(running, json.loads(await running.waiting()))
    assert codes(event["data"]["warnings"])[-1] == "olderLinkVoid"


async def test_throttled_one_of_somebody_elses_invitation_leaves_no_claim(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, tenant(kim(**PENDING))) as running:
        running.graph.faults.add(
            Fault(method="POST", path="/invitations", status=429, retry_after=0, times=1)
        )
        await running.handle(again())
        assert [row for row in await running.rows() if row["RowKey"] == "user"] == []


async def test_one_that_comes_while_another_request_invites_is_told_which(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, SETTLE_SECONDS="300") as running:
        running.graph.faults.add(Fault(method="POST", path="/invitations", drop="after", times=1))
        await running.handle(request())
        outcome = await running.outcome(again())
        assert len(running.graph.mails) == 1
        # Nobody knows of that one any more: it counts no longer.
        await running.age_claim(400)
        late = await running.outcome(again() | {"requestId": "R-late"})
    assert codes(outcome["reasons"]) == ["conversionInProgress"]
    assert late["status"] == "invited"


async def test_one_that_comes_before_replicas_show_the_first_waits(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, SETTLE_SECONDS="300") as running:
        running.graph.set_lag(2_000)
        await running.event(request())
        await running.handle(again())
        assert await running.events() == []
        (event,) = await story(running, json.loads(await running.waiting()))
        assert len(running.invited()) == 2
    assert event["data"]["status"] == "invited"


async def test_fact_that_cannot_be_read_makes_it_wait(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, tenant(kim(**PENDING))) as running:
        running.graph.faults.add(Fault(method="GET", path="eligibility", status=403, times=2))
        outcome = await running.outcome(again())
        assert running.invited() == []
    assert (outcome["status"], set(codes(outcome["reasons"]))) == ("deferred", {"factUnknown"})


async def test_follow_up_that_is_off_stays_off(azurite: str, queue_names: Iterator[str]) -> None:
    of_tenant = tenant(kim(**PENDING))
    async with service(azurite, queue_names, of_tenant, FOLLOW_UP_SCHEDULE="off") as running:
        await running.outcome(again())
        assert await taken(running.checks) == []


async def test_ledger_that_is_away_leaves_the_follow_up_to_its_message(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        await running.event(request(mode="check"))
        await running.ledger.delete_table()
        follow_up = FollowUp("0" * 32, "R-1", None, USER_ID, USER_ID, 0.0)
        await running.converter.follower.resume(follow_up, fresh=True)
        assert len(await taken(running.checks)) == 1


async def test_follow_up_goes_on_for_the_first_request_and_counts_anew(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        await running.event(request())
        await running.age_follow_up(29 * DAY)
        assert await running.follow_up() == []
        await running.outcome(again())
        await running.age_follow_up(2 * DAY)
        assert await running.follow_up() == []
        running.graph.tenant.redeem(USER_ID)
        await running.age_follow_up(DAY)
        (event,) = await running.follow_up()
    assert (event["data"]["status"], event["data"]["requestId"]) == ("redeemed", "R-1")


async def test_stale_invitation_that_is_made_again_is_followed_up_for_that_request(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        await running.event(request())
        await running.age_follow_up(30 * DAY)
        (stale,) = await running.follow_up()
        await running.outcome(again())
        running.graph.tenant.redeem(USER_ID)
        await running.age_follow_up(DAY)
        (event,) = await running.follow_up()
    assert (stale["data"]["status"], stale["data"]["requestId"]) == ("stale", "R-1")
    assert (event["data"]["status"], event["data"]["requestId"]) == ("redeemed", "R-again")
