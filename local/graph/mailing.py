"""``POST /users/{id}/sendMail`` with MIME, and the list of what was sent.

From "user: sendMail", "Send messages with MIME content", "List messages" and "Role Based Access
Control for Applications in Exchange Online".
"""

from __future__ import annotations

import base64
import binascii
import re
import uuid
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import TYPE_CHECKING

from local.graph.errors import GraphError, bad_request, invalid_filter
from local.graph.mailboxes import READ, SEND

if TYPE_CHECKING:
    from collections.abc import Iterable

    from local.graph.mailboxes import Mailbox
    from local.graph.query import Query
    from local.graph.schema import Json
    from local.graph.tenant import Tenant

# What also lets an application read what was sent.
_READS = frozenset({READ, "Mail.Read", "Mail.ReadWrite"})
_WINDOW = re.compile(r"sentDateTime ge (\S+Z) and sentDateTime le (\S+Z)")
_NAMES = frozenset(
    {
        "id", "subject", "internetMessageId", "internetMessageHeaders", "toRecipients",
        "ccRecipients", "sentDateTime",
    }
)  # fmt: skip
_URL = re.compile(r"https://login\.microsoftonline\.com/redeem\?\S+")


def send_mail(query: Query) -> None:
    """Answer "user: sendMail" for MIME: the message goes out, and to the sent items.

    Raises:
        GraphError: 400, 403, 404 or 429, in which case nothing was sent.
    """
    tenant, (name,) = query.tenant, query.arguments
    box = _open(tenant, name, {SEND})
    message = _message(query.body)
    senders = [each.addr_spec.lower() for each in message["From"].addresses]
    if senders != [box.address.lower()]:
        raise GraphError(
            403,
            "ErrorSendAsDenied",
            "The user account which was used to submit this request does not have the right to"
            " send mail on behalf of the specified sending account.",
        )
    to, cc = _recipients(message, "To"), _recipients(message, "Cc")
    if not to:
        raise GraphError(400, "ErrorInvalidRecipients", "At least one recipient isn't valid.")
    now = tenant.replica.clock()
    if tenant.holds_limits:
        box.count(len(to) + len(cc), now)
    own_id = str(message["Message-ID"] or "") if box.keeps_message_id else ""
    sent: Json = {
        "id": uuid.uuid4().hex,
        "subject": str(message["Subject"]),
        "internetMessageId": own_id or f"<{uuid.uuid4().hex}@EMULATOR.PROD.OUTLOOK.COM>",
        "internetMessageHeaders": [
            {"name": key, "value": str(value)}
            for key, value in message.items()
            if key.lower().startswith("x-")
        ],
        "toRecipients": to,
        "ccRecipients": cc,
        "sentDateTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    box.sent.append((now + tenant.replica.lag_ms / 1000, sent))
    tenant.mails.append(_mail(box, message, sent))


def list_sent_items(query: Query) -> Json:
    """Answer "List messages" of the folder of sent items.

    Raises:
        GraphError: 400, 403 or 404.
    """
    box = _open(query.tenant, query.arguments[0], _READS)
    first, last = _window(query.options.get("$filter"))
    names = query.options.get("$select", ",".join(sorted(_NAMES))).split(",")
    if unknown := set(names) - _NAMES:
        raise bad_request(f"Could not find a property named '{min(unknown)}' on type 'message'.")
    shown = [name for name in names if box.shows_headers or name != "internetMessageHeaders"]
    now = query.tenant.replica.clock()
    found = [
        {name: message[name] for name in ("id", *shown)}
        for visible, message in box.sent
        if visible <= now and first <= message["sentDateTime"] <= last
    ]
    return query.page(found, f"users('{box.address}')/mailFolders('sentitems')/messages")


def _open(tenant: Tenant, name: str, needed: Iterable[str]) -> Mailbox:
    """Return a mailbox that the application may use for one of some things."""
    box = tenant.mailboxes.get(name.lower())
    everywhere = tenant.permissions or frozenset()
    if not any(role in everywhere or (box and role in box.roles) for role in needed):
        raise GraphError(
            403, "ErrorAccessDenied", "Access is denied. Check credentials and try again."
        )
    if box is None:
        raise GraphError(404, "ErrorInvalidUser", f"The requested user '{name}' is invalid.")
    return box


def _message(body: object) -> EmailMessage:
    try:
        raw = base64.b64decode(str(body), validate=True)
    except (binascii.Error, ValueError) as error:
        raise bad_request("Invalid base64 string for MIME content.") from error
    message = message_from_bytes(raw, _class=EmailMessage, policy=policy.SMTP)
    if message["From"] is None or message.defects:
        raise bad_request("Invalid base64 string for MIME content.")
    return message


def _recipients(message: EmailMessage, name: str) -> list[Json]:
    found = [each for value in message.get_all(name, ()) for each in value.addresses]
    return [
        {"emailAddress": {"name": each.display_name or at, "address": at}}
        for each in found
        if (at := each.addr_spec) and each.domain
    ]


def _mail(box: Mailbox, message: EmailMessage, sent: Json) -> Json:
    """Return the mail as its reader has it, beside those that Microsoft sends."""
    texts = {
        part.get_content_type(): part.get_content()
        for part in message.walk()
        if part.get_content_maintype() == "text"
    }
    found = _URL.search(texts.get("text/plain", ""))
    return {
        "from": box.address,
        "to": sent["toRecipients"][0]["emailAddress"]["address"],
        "subject": sent["subject"],
        "redeemUrl": found[0] if found else None,
        "messageLanguage": message["Content-Language"],
        "ccRecipients": sent["ccRecipients"],
        "headers": {each["name"]: each["value"] for each in sent["internetMessageHeaders"]},
        "text": texts.get("text/plain"),
        "html": texts.get("text/html"),
    }


def _window(condition: str | None) -> tuple[str, str]:
    if condition is None:
        return "", "~"
    match = _WINDOW.fullmatch(condition)
    if match is None:
        raise invalid_filter("only sentDateTime ge … and sentDateTime le … is known here.")
    return match[1], match[2]
