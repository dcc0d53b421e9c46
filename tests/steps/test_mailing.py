"""Own mail on real parts: what is sent, to whom, and by whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local.graph.faults import Fault
from tests.directory import ADDRESS, USER_ID, request
from tests.own_mail import KEYS, SEND, SENDER, of_tenant, posts
from tests.service import service
from tests.telling import codes

if TYPE_CHECKING:
    from collections.abc import Iterator


pytestmark = pytest.mark.usefixtures("at_once")


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
        for part in (mail["text"], mail["html"]):
            assert f"?tenantId={KEYS['TENANT_ID']}" in part
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
