"""What is asked of the sender's Sent Items, and what the answer tells of one mail. Pure: no I/O.

Found by our own header or message id, a mail was sent. Whether Sent Items show either is not
certain: ``internetMessageHeaders`` were missing there for a time (microsoft-graph-docs #18761,
office-js #5413), and Exchange may write a message id of its own. A mail to the same reader in the
same minutes may therefore be ours, and only where there is none at all was nothing sent.
Searching by header would take an extended property, which Mail.ReadBasic does not read.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING

from converters.graph.mail_body import message_id
from converters.graph.read import Absence, Read
from converters.graph.user_reads import quoted
from converters.model.mail import ID_HEADER

if TYPE_CHECKING:
    from converters.graph.read import Item

# Clocks differ; a mail that is sent at all is sent within the hour.
EARLIER_SECONDS, LATER_SECONDS = 60, 3600
_PROPERTIES = "internetMessageId,internetMessageHeaders,toRecipients,sentDateTime"


class Trail(Enum):
    """What Sent Items tell of a mail."""

    SENT = "it is there"
    LIKE = "one to the same reader is there, and may be it"
    NONE = "none to this reader is there"


def sent_mail(sender: str, mail_id: str, reader: str | None, tried: float) -> Read[Trail]:
    """Ask for a mail ("List messages" of a folder).

    Args:
        sender: whose Sent Items.
        mail_id: the value of our header.
        reader: the address it was for, where that is known.
        tried: when sending it began, in seconds since 1970.
    """
    first, last = _time(tried - EARLIER_SECONDS), _time(tried + LATER_SECONDS)
    wanted = quoted(f"sentDateTime ge {first} and sentDateTime le {last}")
    return Read(
        name="sentMail",
        what="the sent items of MAIL_SENDER",
        path=f"/users/{quoted(sender)}/mailFolders/sentitems/messages"
        f"?$filter={wanted}&$select={_PROPERTIES}&$top=100",
        permission="Mail.ReadBasic, for that mailbox in Exchange Online",
        parse=lambda item: _trail(
            item.items("value"), {mail_id, message_id(mail_id, sender)}, reader
        ),
        # A mailbox without the folder is no mailbox, and tells nothing.
        absence=Absence("no such mailbox", Trail.LIKE),
    )


def _trail(messages: tuple[Item, ...], wanted: set[str], reader: str | None) -> Trail:
    trail = Trail.NONE
    for message in messages:
        marks = {each.text("value") for each in _headers(message) if _is_ours(each)}
        to_reader = _may_be_to(message, reader)
        if wanted & {*marks, message.text_or_none("internetMessageId")}:
            return Trail.SENT
        if not marks and to_reader:
            trail = Trail.LIKE
    return trail


def _headers(message: Item) -> tuple[Item, ...]:
    # Left out by a mailbox that does not show them: the reader decides then.
    shown = message.has("internetMessageHeaders")
    return (message.items_or_none("internetMessageHeaders") if shown else None) or ()


def _is_ours(header: Item) -> bool:
    return header.text("name").lower() == ID_HEADER.lower()


def _may_be_to(message: Item, reader: str | None) -> bool:
    """Tell whether a mail may be to the reader; what is not known may be."""
    recipients = message.items_or_none("toRecipients")
    if reader is None or recipients is None:
        return True
    addresses = [each.item("emailAddress").text_or_none("address") for each in recipients]
    return any(address is None or address.lower() == reader.lower() for address in addresses)


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
