"""Own mail on real parts: a mailbox that refuses, throttles or has no place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from converters.graph.mail_pace import SHARE
from local.graph.faults import Fault
from tests.directory import kim, request, tenant
from tests.own_mail import KEYS, SEND, SENDER, of_tenant, pace_of, posts
from tests.service import service
from tests.telling import codes, lines

if TYPE_CHECKING:
    from collections.abc import Iterator


pytestmark = pytest.mark.usefixtures("at_once")


async def test_throttled_mail_waits_and_its_link_is_kept_nowhere(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, of_tenant(), **KEYS) as running:
        running.graph.faults.add(Fault(**SEND, status=429, retry_after=0))
        assert await running.events_of(request()) == []
        waiting = await running.waiting()
        assert b"login.microsoftonline.com" not in waiting
        assert "login.microsoftonline.com" not in str(await running.rows())
        await running.age_claim(91)
        (event,) = await running.events_of(waiting)
        assert len(running.graph.mails) == 1
    assert event["data"]["status"] == "invited"


REFUSALS = {
    "not let by Exchange": Fault(path="/sendMail$", status=403, code="ErrorAccessDenied"),
    "no such mailbox": Fault(path="/sendMail$", status=404, code="ErrorInvalidUser"),
    "not as this sender": Fault(path="/sendMail$", status=403, code="ErrorSendAsDenied"),
    "no mailbox yet": Fault(path="/sendMail$", status=404, code="MailboxNotEnabledForRESTAPI"),
    "the day's limit": Fault(path="/sendMail$", status=400, code="ErrorExceededMessageLimit"),
}


@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS)
async def test_refused_mail_waits_for_the_operator_and_then_goes_out_once(
    azurite: str, queue_names: Iterator[str], refusal: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    async with service(azurite, queue_names, of_tenant(), **KEYS) as running:
        running.graph.faults.add(refusal)
        with caplog.at_level("INFO"):
            (told,) = await running.events_of(request())
        (line,) = lines(caplog, "mail")
        assert (line["mail"], line["httpStatus"], line["code"]) == (
            "refused", refusal.status, refusal.code,
        )  # fmt: skip
        waiting = await running.waiting()
        await running.age_claim(91)
        # As long as the mailbox is known to refuse, nobody is invited anew for nothing.
        assert await running.events_of(waiting) == []
        assert len(running.invited()) == posts(running) == 1
        running.graph.faults.clear()
        assert running.converter.inviter.mailer
        pace_of(running).__init__()  # type: ignore[misc]
        await running.age_claim(91)
        (event,) = await running.events_of(await running.waiting())
        assert len(running.graph.mails) == 1
    assert (told["data"]["status"], codes(told["data"]["reasons"])) == ("deferred", ["mailRefused"])
    assert event["data"]["status"] == "invited"


async def test_refused_mail_ends_in_an_outcome_that_says_so(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, of_tenant(roles=[]), RETRY_HOURS="0", **KEYS) as it:
        outcome = await it.outcome(request())
        again = await it.outcome(request(requestId="R-2"))
        assert it.graph.mails == []
        assert len(it.invited()) == 1
    assert outcome["status"] == "invited"
    assert "mailNotSent" in codes(outcome["warnings"])
    assert "inviteRedeemUrl" not in outcome["invitation"]
    assert outcome["graph"]["code"] == "ErrorAccessDenied"
    assert codes(again["reasons"]) == ["invitationPending"]


async def test_nobody_is_invited_whom_a_refusing_mailbox_would_not_mail(
    azurite: str, queue_names: Iterator[str]
) -> None:
    other = kim(id="22222222-bbbb-4bbb-8bbb-222222222222", userPrincipalName="jo@contoso.example",
                otherMails=["jo@partner.example"])  # fmt: skip
    directory = tenant(kim(), other, mailboxes=[{"address": SENDER, "roles": []}])
    async with service(azurite, queue_names, directory, RETRY_HOURS="0", **KEYS) as running:
        await running.outcome(request())
        outcome = await running.outcome(
            {"requestId": "R-2", "invitedUserEmailAddress": "jo@partner.example"}
        )
        assert len(running.invited()) == 1
    assert (outcome["status"], codes(outcome["reasons"])) == ("failed", ["mailRefused"])


async def test_mail_that_is_refused_for_itself_does_not_hold_up_the_others(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, of_tenant(), **KEYS) as running:
        running.graph.faults.add(Fault(**SEND, status=400, code="ErrorInvalidRecipients"))
        outcome = await running.outcome(request())
        assert running.converter.inviter.mailer
        assert pace_of(running).refused() == 0
    assert outcome["status"] == "invited"
    assert "mailNotSent" in codes(outcome["warnings"])


@pytest.mark.parametrize(
    ("fault", "least", "most"),
    [({"status": 429, "retry_after": 60}, 59, 60), ({"status": 503, "retry_after": 60}, 0, 0)],
    ids=["throttled", "failed"],
)
async def test_mailbox_that_throttles_is_left_alone_as_long_as_it_asks(
    azurite: str, queue_names: Iterator[str], fault: dict[str, Any], least: float, most: float
) -> None:
    async with service(azurite, queue_names, of_tenant(), **KEYS) as running:
        running.graph.faults.add(Fault(**SEND, **fault))
        assert await running.events_of(request()) == []
        assert least <= pace_of(running).take() <= most


async def test_mailbox_that_has_no_place_lets_requests_wait_and_invites_nobody_meanwhile(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, of_tenant(), **KEYS) as running:
        pace = pace_of(running)
        while not pace.take():
            pass
        assert await running.events_of(request()) == []
        assert running.invited() == []
        pace.give_back()
        (event,) = await running.events_of(await running.waiting())
    assert event["data"]["status"] == "invited"


async def test_place_is_given_back_where_graph_refuses_the_invitation(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, of_tenant(), **KEYS) as running:
        pace = pace_of(running)
        running.graph.faults.add(Fault(path="/invitations$", status=400, message="No."))
        for number in range(40):
            outcome = await running.outcome(request(requestId=f"R-{number}"))
            assert outcome["status"] == "failed"
        assert pace.take() == 0


async def test_place_of_a_mail_that_was_sent_stays_taken(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, of_tenant(), **KEYS) as running:
        pace = pace_of(running)
        assert (await running.outcome(request()))["status"] == "invited"
        assert [pace.take() for _ in range(SHARE)].count(0.0) == SHARE - 1
