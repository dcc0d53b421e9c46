"""The mail's way to Graph: who reads it, how fast, and what the sent items tell."""

from __future__ import annotations

import asyncio
import base64
from email.header import Header
from email.message import EmailMessage
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from converters.graph import mail_body as mail_bodies
from converters.graph.mail_body import mail_body, readers
from converters.graph.mail_pace import SHARE, WINDOW, MailPace
from converters.graph.mail_reads import Trail, sent_mail
from converters.graph.mailbox import Mailbox, is_of_mailbox
from converters.model.errors import LetterUnfit
from converters.model.facts import Unread
from converters.model.outcome import Invitation
from converters.model.request import MessageInfo, Recipient
from converters.model.trace import Trace
from converters.policy.approval import MailApproval, approve, approve_mail
from converters.policy.eligibility import decide
from tests import samples

SENDER = "invitations@contoso.example"
BOSS = "boss@contoso.example"
KEYS = {"MAIL_SENDER": SENDER, "MAIL_ORGANISATION": "Contoso", "TENANT_ID": samples.OTHER_ID}
INVITATION = Invitation("I-1", "PendingAcceptance", samples.USER_ID, "https://x", "https://y", None)


def approved() -> MailApproval:
    info = MessageInfo(cc=(Recipient("Boss@Contoso.example"),))
    asked = samples.request(message_info=info)
    approval = approve(decide(samples.case(of_request=asked, of_settings=samples.settings(**KEYS))))
    assert approval is not None
    mail = approve_mail(approval, INVITATION)
    assert mail is not None
    return mail


def mime(**headers: str | None) -> bytes:
    message = EmailMessage()
    written = {"From": SENDER, "To": samples.ADDRESS, "Cc": f"The boss <{BOSS}>", **headers}
    for name, value in written.items():
        if value is not None:
            message[name] = value
    message["X-B2B-Conversion-Id"] = "the-id"
    message.set_content("Hello")
    return message.as_bytes()


def test_body_is_the_mail_in_base64_with_a_message_id_of_ours() -> None:
    written = base64.b64decode(mail_body(approved(), mime()))
    assert written == b"Message-ID: <the-id@contoso.example>\r\n" + mime()
    assert readers(approved()) == (samples.ADDRESS, BOSS.replace("boss", "Boss"))


@pytest.mark.parametrize(
    "headers",
    [
        {"To": "evil@evil.example"},
        {"To": f"{samples.ADDRESS}, evil@evil.example"},
        {"Cc": None},
        {"Cc": f"{BOSS}, evil@evil.example"},
        {"Bcc": "evil@evil.example"},
        {"Resent-To": "evil@evil.example"},
        {"Resent-Cc": "evil@evil.example"},
        {"Resent-Bcc": "evil@evil.example"},
        {"From": "ceo@contoso.example"},
        {"From": None},
    ],
)
def test_s5_mail_to_anybody_else_is_not_sent(headers: dict[str, str | None]) -> None:
    with pytest.raises(LetterUnfit) as unfit:
        mail_body(approved(), mime(**headers))
    assert "@" not in str(unfit.value)


def test_name_with_a_comma_is_one_readers() -> None:
    name = Header("Müller, Söhne <evil@evil.example>", "utf-8").encode()
    raw = f"From: {name}\r\n <{SENDER}>\r\nTo: {samples.ADDRESS}\r\nCc: {BOSS}\r\n\r\nHello"
    assert mail_body(approved(), raw.encode())


def test_mail_that_graph_would_not_take_is_not_sent() -> None:
    with pytest.raises(LetterUnfit):
        mail_body(approved(), mime() + b"x" * 3 * 1024 * 1024)


def test_mail_of_the_size_that_graph_takes_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    size = len(mail_body(approved(), mime()))
    monkeypatch.setattr(mail_bodies, "_LARGEST", size)
    assert len(mail_body(approved(), mime())) == size
    monkeypatch.setattr(mail_bodies, "_LARGEST", size - 1)
    with pytest.raises(LetterUnfit):
        mail_body(approved(), mime())


class Clock:
    """A clock that only a test moves."""

    now = 1000.0

    def __call__(self) -> float:
        """Return its seconds."""
        return self.now


def test_mailbox_takes_its_share_of_a_minute_and_no_more() -> None:
    clock = Clock()
    pace = MailPace(clock)
    assert [pace.take() for _ in range(SHARE)] == [0.0] * SHARE
    waits = [pace.take() for _ in range(3)]
    # One after the other, as fast as places come.
    assert waits == [WINDOW, WINDOW + WINDOW / SHARE, WINDOW + 2 * WINDOW / SHARE]
    clock.now += WINDOW
    assert pace.take() == 0.0


def test_place_that_was_not_used_is_another_ones() -> None:
    pace = MailPace(Clock())
    for _ in range(SHARE):
        pace.take()
    pace.give_back()
    assert pace.take() == 0.0


def test_throttled_mailbox_is_left_alone_as_long_as_it_asks_and_then_mails_more_slowly() -> None:
    clock = Clock()
    pace = MailPace(clock)
    pace.record_throttled(20.0)
    assert pace.take() == 20.0
    clock.now += 20
    found = [pace.take() for _ in range(SHARE)]
    assert found.count(0.0) == SHARE // 2
    # Those that were under way together say the same.
    pace.record_throttled(0.0)
    clock.now += WINDOW
    assert [pace.take() for _ in range(SHARE)].count(0.0) == SHARE // 2 + SHARE // 4


def test_share_grows_with_the_minute_that_brought_no_refusal() -> None:
    clock = Clock()
    pace = MailPace(clock)
    pace.record_throttled(0.0)
    clock.now += WINDOW - 0.5
    assert [pace.take() for _ in range(SHARE)].count(0.0) == SHARE // 2
    clock.now += 0.5
    assert [pace.take() for _ in range(SHARE)].count(0.0) == SHARE // 4


def test_mailbox_that_goes_on_throttling_is_still_asked_for_a_little() -> None:
    clock = Clock()
    pace = MailPace(clock)
    shares = []
    for _ in range(6):
        pace.record_throttled(0.0)
        shares.append([pace.take() for _ in range(SHARE)].count(0.0))
        clock.now += WINDOW
    assert shares == [15, 7, 3, 2, 2, 2]


def test_refusing_mailbox_is_left_alone_for_some_minutes() -> None:
    clock = Clock()
    pace = MailPace(clock)
    assert pace.refused() == 0
    pace.record_refused()
    assert pace.refused() == 900
    clock.now += 900
    assert pace.refused() == 0


def message(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any property of a message
    return {
        "internetMessageId": "<other@outlook.example>",
        "internetMessageHeaders": [],
        "toRecipients": [{"emailAddress": {"address": samples.ADDRESS.upper()}}],
        **changes,
    }


def marked(mail_id: str) -> dict[str, Any]:
    header = {"name": "x-b2b-conversion-id", "value": mail_id}
    return message(internetMessageHeaders=[{"name": "X-Else", "value": "1"}, header])


OTHER = message(toRecipients=[{"emailAddress": {"address": "else@partner.example"}}])
WITHOUT_HEADERS = {k: v for k, v in message().items() if k != "internetMessageHeaders"}


@pytest.mark.parametrize(
    ("messages", "trail"),
    [
        ([], Trail.NONE),
        ([OTHER], Trail.NONE),
        ([marked("the-id")], Trail.SENT),
        ([message(internetMessageId="<the-id@contoso.example>")], Trail.SENT),
        ([message()], Trail.LIKE),
        ([WITHOUT_HEADERS], Trail.LIKE),
        ([message(internetMessageHeaders=None)], Trail.LIKE),
        # Another mail of ours to the same person is no trail of this one.
        ([marked("another")], Trail.NONE),
        ([message(), marked("the-id"), OTHER], Trail.SENT),
        ([message(toRecipients=None)], Trail.LIKE),
        ([message(toRecipients=[])], Trail.NONE),
        ([message(toRecipients=[*OTHER["toRecipients"], *message()["toRecipients"]])], Trail.LIKE),
        ([message(toRecipients=[{"emailAddress": {"address": None}}])], Trail.LIKE),
    ],
)
def test_sent_items_tell_what_became_of_a_mail(
    messages: list[dict[str, Any]], trail: Trail
) -> None:
    read = sent_mail(SENDER, "the-id", samples.ADDRESS, 1_000_000)
    assert read.fact(200, {"value": messages}) is trail


def test_mail_to_anybody_may_be_the_one_whose_reader_is_not_known() -> None:
    read = sent_mail(SENDER, "the-id", None, 1_000_000)
    assert read.fact(200, {"value": [OTHER]}) is Trail.LIKE
    assert read.fact(200, {"value": [marked("another")]}) is Trail.NONE


@pytest.mark.parametrize(
    ("status", "body"),
    [(403, {}), (200, {}), (200, {"value": [{"internetMessageId": "<x@y>"}]})],
)
def test_sent_items_that_are_not_read_whole_tell_nothing(status: int, body: dict[str, Any]) -> None:
    read = sent_mail(SENDER, "the-id", samples.ADDRESS, 1_000_000)
    assert isinstance(read.fact(status, body), Unread)


def test_missing_mailbox_is_no_proof_that_nothing_was_sent() -> None:
    read = sent_mail(SENDER, "the-id", samples.ADDRESS, 1_000_000)
    assert read.fact(404, {}) is Trail.LIKE


@pytest.mark.parametrize(
    ("status", "code", "of_mailbox"),
    [
        *((status, "x", True) for status in (401, 403, 404)),
        *((status, "x", False) for status in (400, 413, 422)),
        *(
            (400, code, True)
            for code in (
                "ErrorAccessDenied", "ErrorSendAsDenied", "ErrorExceededMessageLimit",
                "ErrorMessageSubmissionBlocked", "ErrorQuotaExceeded", "ErrorInvalidUser",
                "ErrorMailboxStoreUnavailable", "MailboxNotEnabledForRESTAPI",
                "MailboxNotSupportedForRESTAPI",
            )
        ),
        (400, "ErrorInvalidRecipients", False),
    ],
)  # fmt: skip
def test_refusal_that_any_mail_would_meet_is_the_mailboxs(
    status: int,
    code: str,
    of_mailbox: bool,  # noqa: FBT001 - what is expected
) -> None:
    assert is_of_mailbox(status, code) is of_mailbox


async def test_mailbox_is_asked_four_things_at_once_and_no_more() -> None:
    # "Microsoft Graph service-specific throttling limits": four requests of an application.
    now, peak = 0, 0

    async def answer(_: web.Request) -> web.Response:
        nonlocal now, peak
        now, peak = now + 1, max(peak, now + 1)
        await asyncio.sleep(0.05)
        now -= 1
        return web.json_response({"value": []})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    async with TestServer(app) as server:
        box = Mailbox(str(server.make_url("")).rstrip("/"), None, SENDER)
        trace = Trace("00000000-0000-4000-8000-000000000000")
        await asyncio.gather(*(box.find("id", None, 1_700_000_000.0, trace) for _ in range(9)))
        await box.close()
    assert peak == 4
