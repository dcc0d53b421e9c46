"""The sender's mailbox: one POST that mails, and the read that tells whether it did."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from converters.graph.mail_body import mail_body
from converters.graph.mail_pace import MailPace
from converters.graph.mail_reads import sent_mail
from converters.graph.responses import Responses
from converters.graph.transport import Transport
from converters.graph.user_reads import quoted
from converters.model.errors import GraphRefused, GraphUnavailable

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

    from converters.graph.mail_reads import Trail
    from converters.graph.responses import Response
    from converters.model.facts import Unread
    from converters.model.trace import Trace
    from converters.policy.approval import MailApproval

# "Microsoft Graph service-specific throttling limits": of an application at one mailbox.
MOST_AT_ONCE = 4
_MAIL, _SENT_ITEMS = "mailing the invitation", "reading the sent items"
_ACCEPTED, _REFUSED_FROM = 202, 400
# At the pace of one mailbox, an hour has fewer.
_MOST_PAGES = 30
# What is so of the mailbox or of this application, and not of one message: another one would be
# refused alike. Source: "Microsoft Graph error responses and resource types"; Exchange's own codes.
_OF_MAILBOX = frozenset({401, 403, 404})
_OF_MAILBOX_CODES = frozenset(
    {
        "ErrorAccessDenied", "ErrorSendAsDenied", "ErrorExceededMessageLimit",
        "ErrorMessageSubmissionBlocked", "ErrorQuotaExceeded", "ErrorMailboxStoreUnavailable",
        "MailboxNotEnabledForRESTAPI", "MailboxNotSupportedForRESTAPI", "ErrorInvalidUser",
    }
)  # fmt: skip


class Mailbox:
    """One mailbox that mails; one per worker, made inside the running loop.

    Args:
        base_url: Graph's root, without a version.
        credential: for the access token; ``None`` for the emulator on loopback alone.
        sender: the mailbox's address.

    Attributes:
        pace: when it may be used.
    """

    def __init__(self, base_url: str, credential: AsyncTokenCredential | None, sender: str) -> None:
        self._transport, self._sender = Transport(base_url, credential), sender
        self._at_once = asyncio.Semaphore(MOST_AT_ONCE)
        self.pace = MailPace()

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.close()

    async def send(self, approved: MailApproval, mime: bytes, trace: Trace) -> None:
        """Send a mail: the one call of this product that writes to a mailbox.

        Args:
            approved: the rules' consent to it.
            mime: the mail; its readers must be the approved ones.
            trace: of the invocation.

        Raises:
            LetterUnfit: it is not the mail that was approved.
            GraphRefused: Graph says no for good, and nothing was sent.
            GraphUnavailable: nothing is known; it may or may not have been sent.
        """
        path, body = f"/v1.0/users/{quoted(self._sender)}/sendMail", mail_body(approved, mime)
        async with self._at_once:
            answer = await self._transport.post_text(path, body, _MAIL, trace)
        self._final(answer, _MAIL)
        if answer.status >= _REFUSED_FROM:
            code, text = answer.error()
            if is_of_mailbox(answer.status, code):
                self.pace.record_refused()
            raise GraphRefused(answer.status, code, text, answer.request_id)
        if answer.status != _ACCEPTED:
            raise answer.unavailable(_MAIL)

    async def find(
        self, mail_id: str, reader: str | None, tried: float, trace: Trace
    ) -> Trail | Unread:
        """Look for a mail among the sent items; for the arguments see ``sent_mail``.

        Raises:
            GraphUnavailable: Graph did not answer for now.
        """
        read = sent_mail(self._sender, mail_id, reader, tried)
        answer = await self._page(read.path, trace)
        for _ in range(_MOST_PAGES):
            path = answer.next_path(f"{self._transport.base_url}/v1.0")
            if path is None:
                break
            answer = answer.joined(await self._page(path, trace))
        return Responses({read.name: answer}).fact(read)

    async def _page(self, path: str, trace: Trace) -> Response:
        async with self._at_once:
            answer = await self._transport.get(f"/v1.0{path}", _SENT_ITEMS, trace)
        return self._final(answer, _SENT_ITEMS)

    def _final(self, answer: Response, what: str) -> Response:
        """Return an answer that concludes something; raises where it does not."""
        if not answer.is_passing:
            return answer
        if answer.is_throttled:
            self.pace.record_throttled(answer.retry_after)
        raise answer.unavailable(what)


def is_of_mail(error: BaseException) -> bool:
    """Tell whether it was the mail that did not come through: its invitation was made before."""
    calls = (_MAIL, _SENT_ITEMS)
    return isinstance(error, GraphUnavailable) and error.what.startswith(calls)


def is_of_mailbox(status: int, code: str) -> bool:
    """Tell whether a refusal would meet every other mail too."""
    return status in _OF_MAILBOX or code in _OF_MAILBOX_CODES
