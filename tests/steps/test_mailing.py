"""Own mail on real parts: sent once, never twice blindly, and never silently not at all."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from converters.graph.mail_pace import SHARE
from local.graph.faults import Fault
from tests.directory import ADDRESS, USER_ID, kim, request, tenant
from tests.service import Service, service
from tests.telling import codes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from converters.graph.mail_pace import MailPace

pytestmark = pytest.mark.usefixtures("at_once")
SENDER = "invitations@contoso.example"
KEYS = {
    "MAIL_SENDER": SENDER,
    "MAIL_ORGANISATION": "Contoso",
    "TENANT_ID": tenant()["tenantId"],
}
SEND: dict[str, Any] = {"method": "POST", "path": "/sendMail$", "times": 1}
LOST = Fault(**SEND, drop="after")


def of_tenant(**box: Any) -> dict[str, Any]:  # noqa: ANN401 - any attribute of a mailbox
    return tenant(mailboxes=[{"address": SENDER, **box}])


def pace_of(running: Service) -> MailPace:
    mailer = running.converter.inviter.mailer
    assert mailer
    return mailer.mailbox.pace


def posts(running: Service) -> int:
    return sum(record.path.endswith("/sendMail") for record in running.graph.requests)


async def test_invitation_is_silent_and_the_mail_is_ours(
    azurite: str, queue_names: Iterator[str]
) -> None:
    info = {
        "messageLanguage": "en-US",
        "ccRecipients": [
            {"emailAddress": {"address": "boss@contoso.example", "name": "Boss"}},
            {"emailAddress": {"address": "lead@partner.example"}},
        ],
    }
    async with service(azurite, queue_names, of_tenant(), **KEYS) as running:
        outcome = await running.outcome(request(invitedUserMessageInfo=info))
        (body,), (mail,) = running.invited(), running.graph.mails
        assert body["sendInvitationMessage"] is False
        assert "invitedUserMessageInfo" not in body
        assert (mail["from"], mail["to"]) == (SENDER, ADDRESS)
        assert [cc["emailAddress"]["address"] for cc in mail["ccRecipients"]] == [
            "boss@contoso.example", "lead@partner.example",
        ]  # fmt: skip
        assert mail["redeemUrl"] == running.graph.tenant.redeem_urls[USER_ID]
    assert outcome["status"] == "invited"
    assert outcome["invitation"]["sendInvitationMessage"] is True
    assert "inviteRedeemUrl" not in outcome["invitation"]
    assert "sendRedeemUrl" not in codes(outcome["nextSteps"])


async def test_silent_request_is_mailed_by_nobody(azurite: str, queue_names: Iterator[str]) -> None:
    async with service(azurite, queue_names, of_tenant(), **KEYS) as running:
        outcome = await running.outcome(request(sendInvitationMessage=False))
        assert running.graph.mails == []
    assert outcome["invitation"]["inviteRedeemUrl"]


@pytest.mark.parametrize("allowed", [True, False])
async def test_text_of_the_request_is_in_the_mail_where_the_operator_lets_it(
    azurite: str,
    queue_names: Iterator[str],
    allowed: bool,  # noqa: FBT001
) -> None:
    info = {"customizedMessageBody": "See you on Monday"}
    keys = KEYS | {"ALLOW_CUSTOM_TEXT": str(allowed)}
    async with service(azurite, queue_names, of_tenant(), **keys) as running:
        outcome = await running.outcome(request(invitedUserMessageInfo=info))
        (mail,) = running.graph.mails
    assert ("See you on Monday" in mail["text"]) is allowed
    assert "customTextDropped" not in codes(outcome["warnings"])
    assert ("customTextLeftOut" in codes(outcome["warnings"])) is not allowed


async def test_lost_answer_is_found_among_the_sent_items(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, of_tenant(), **KEYS) as running:
        running.graph.faults.add(LOST)
        assert await running.events_of(request()) == []
        (event,) = await running.events_of(await running.waiting())
        assert len(running.graph.mails) == len(running.invited()) == 1
    assert event["data"]["status"] == "invited"
    assert "answerLost" in codes(event["data"]["warnings"])


@pytest.mark.parametrize(
    "box", [{"shows_headers": False, "keeps_message_id": True}, {"shows_headers": True}]
)
async def test_either_mark_is_enough_to_find_it(
    azurite: str, queue_names: Iterator[str], box: dict[str, Any]
) -> None:
    async with service(azurite, queue_names, of_tenant(), **KEYS) as running:
        boxes = running.graph.tenant.mailboxes
        boxes[SENDER] = replace(boxes[SENDER], **box)
        running.graph.faults.add(LOST)
        await running.events_of(request())
        (event,) = await running.events_of(await running.waiting())
    assert "answerLost" in codes(event["data"]["warnings"])


async def later(running: Service, seconds: int) -> list[dict[str, Any]]:
    """Let the mail have been tried so long ago; deliver what waits."""
    (row,) = [row for row in await running.rows() if row["RowKey"] == "user"]
    row["Mail"] = repr(float(row["Mail"]) - seconds)
    await running.ledger.update_entity(row)
    await running.age_claim(seconds)
    return await running.events_of(await running.waiting())


@pytest.mark.parametrize(
    "box",
    [{"roles": ["Mail.Send"]}, {"showsHeaders": False}],
    ids=["sent items may not be read", "sent items show no headers"],
)
async def test_mail_in_doubt_is_told_and_not_sent_again(
    azurite: str, queue_names: Iterator[str], box: dict[str, Any]
) -> None:
    async with service(azurite, queue_names, of_tenant(**box), **KEYS) as running:
        running.graph.faults.add(LOST)
        assert await running.events_of(request()) == []
        assert await running.events_of(await running.waiting()) == []
        (event,) = await later(running, 91)
        assert posts(running) == len(running.graph.mails) == 1
    assert event["data"]["status"] == "invited"
    assert "mailInDoubt" in codes(event["data"]["warnings"])


async def test_mail_that_was_not_sent_is_sent_with_a_new_link(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, of_tenant(), **KEYS) as running:
        running.graph.faults.add(Fault(**SEND, drop="before"))
        assert await running.events_of(request()) == []
        # Not trusted at once: what was sent may not show yet.
        assert await running.events_of(await running.waiting()) == []
        assert posts(running) == 1
        (event,) = await later(running, 91)
        (mail,) = running.graph.mails
        assert mail["redeemUrl"] == running.graph.tenant.redeem_urls[USER_ID]
        assert len(running.invited()) == 2
    assert event["data"]["status"] == "invited"
    assert not {"mailInDoubt", "mailNotSent", "answerLost"} & set(codes(event["data"]["warnings"]))


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
    azurite: str, queue_names: Iterator[str], refusal: Fault
) -> None:
    async with service(azurite, queue_names, of_tenant(), **KEYS) as running:
        running.graph.faults.add(refusal)
        (told,) = await running.events_of(request())
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


async def test_resend_after_a_mail_that_was_not_sent_mails(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, of_tenant(), **KEYS) as running:
        running.graph.faults.add(Fault(**SEND, status=400, code="ErrorInvalidRecipients"))
        await running.outcome(request())
        outcome = await running.outcome(request(requestId="R-2", mode="resend"))
        assert len(running.graph.mails) == 1
    assert outcome["status"] == "invited"
    assert "olderLinkVoid" in codes(outcome["warnings"])


async def test_resend_whose_answer_is_lost_mails_once(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, of_tenant(), **KEYS) as running:
        await running.outcome(request())
        running.graph.faults.add(LOST)
        again = request(requestId="R-2", mode="resend")
        assert await running.events_of(again) == []
        (event,) = await running.events_of(await running.waiting())
        assert len(running.graph.mails) == 2
    assert event["data"]["requestId"] == "R-2"
    assert "answerLost" in codes(event["data"]["warnings"])


async def test_several_copies_need_own_mail(azurite: str, queue_names: Iterator[str]) -> None:
    copies = [{"emailAddress": {"address": f"{name}@contoso.example"}} for name in ("a", "b")]
    async with service(azurite, queue_names) as running:
        message = request(invitedUserMessageInfo={"ccRecipients": copies})
        outcome = await running.outcome(message)
    assert codes(outcome["reasons"]) == ["ccNotAllowed"]


async def test_each_copy_is_checked(azurite: str, queue_names: Iterator[str]) -> None:
    copies = [{"emailAddress": {"address": f"a@{d}.example"}} for d in ("contoso", "evil")]
    async with service(azurite, queue_names, of_tenant(), **KEYS) as running:
        outcome = await running.outcome(request(invitedUserMessageInfo={"ccRecipients": copies}))
        assert running.invited() == []
    assert codes(outcome["reasons"]) == ["ccNotAllowed"]


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


async def test_mail_that_cannot_be_written_is_told(
    azurite: str, queue_names: Iterator[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with service(azurite, queue_names, of_tenant(), **KEYS) as running:
        monkeypatch.setattr("converters.mail.writer.MOST_BYTES", 10)
        outcome = await running.outcome(request())
        assert posts(running) == 0
    assert outcome["status"] == "invited"
    assert "mailNotSent" in codes(outcome["warnings"])


async def test_own_mail_that_was_switched_off_meanwhile_is_microsofts(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, of_tenant(), **KEYS) as running:
        running.graph.faults.add(Fault(**SEND, status=429, retry_after=0))
        assert await running.events_of(request()) == []
        waiting = await running.waiting()
        await running.age_claim(91)
        off = running.with_settings(MAIL_SENDER="", MAIL_ORGANISATION="")
        (event,) = await off.events_of(waiting)
        (mail,) = running.graph.mails
    assert event["data"]["status"] == "invited"
    assert "from" not in mail


async def test_own_mail_in_doubt_is_told_once_nobody_can_look(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, of_tenant(), **KEYS) as running:
        running.graph.faults.add(LOST)
        assert await running.events_of(request()) == []
        off = running.with_settings(MAIL_SENDER="", MAIL_ORGANISATION="")
        (event,) = await off.events_of(await running.waiting())
        assert len(running.graph.mails) == 1
    assert "mailInDoubt" in codes(event["data"]["warnings"])


async def test_own_mail_that_was_switched_on_meanwhile_mails_nobody_twice(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, of_tenant(), **KEYS) as running:
        off = running.with_settings(MAIL_SENDER="", MAIL_ORGANISATION="")
        running.graph.faults.add(Fault(path="/invitations$", drop="after", times=1))
        assert await off.events_of(request()) == []
        (event,) = await running.events_of(await running.waiting())
        (mail,) = running.graph.mails
    assert "from" not in mail
    assert "answerLost" in codes(event["data"]["warnings"])


async def test_resend_in_doubt_is_told_and_not_mailed_again(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, of_tenant(roles=["Mail.Send"]), **KEYS) as running:
        await running.outcome(request())
        running.graph.faults.add(LOST)
        assert await running.events_of(request(requestId="R-2", mode="resend")) == []
        (event,) = await later(running, 91)
        assert len(running.graph.mails) == posts(running) == 2
    assert "mailInDoubt" in codes(event["data"]["warnings"])


async def test_resend_that_was_not_mailed_is_mailed_later(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, of_tenant(), **KEYS) as running:
        await running.outcome(request())
        running.graph.faults.add(Fault(**SEND, status=429, retry_after=0))
        assert await running.events_of(request(requestId="R-2", mode="resend")) == []
        waiting = await running.waiting()
        await running.age_claim(91)
        (event,) = await running.events_of(waiting)
        assert len(running.graph.mails) == 2
    assert event["data"]["status"] == "invited"


async def test_s7_link_of_an_own_mail_is_told_to_nobody_else(
    azurite: str, queue_names: Iterator[str], caplog: pytest.LogCaptureFixture
) -> None:
    async with service(azurite, queue_names, of_tenant(), **KEYS) as running:
        event = await running.event(request())
        (mail,) = running.graph.mails
        rows = await running.rows()
        checks = [each.content async for each in running.checks.receive_messages()]
        writes = [r.path for r in running.graph.requests if r.method != "GET"]
    ticket = mail["redeemUrl"].partition("ticket")[2]
    assert ticket
    for text in (caplog.text, str(event), str(rows), str(checks)):
        assert ticket not in text
        assert mail["redeemUrl"] not in text
    assert writes[-2:] == ["/v1.0/invitations", f"/v1.0/users/{SENDER}/sendMail"]


async def test_mail_that_graph_never_answered_for_is_told_as_in_doubt(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, of_tenant(), RETRY_HOURS="0", **KEYS) as running:
        running.graph.faults.add(LOST)
        outcome = await running.outcome(request())
        assert posts(running) == 1
    assert (outcome["status"], codes(outcome["reasons"])) == ("failed", ["graphUnavailable"])
    assert codes(outcome["warnings"]) == ["mailInDoubt"]
