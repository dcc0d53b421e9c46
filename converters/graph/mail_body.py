"""The body of ``POST /users/{id}/sendMail``: MIME, as base64. Pure. Source: "user: sendMail"."""

from __future__ import annotations

import base64
from email.parser import BytesHeaderParser
from email.utils import getaddresses
from typing import TYPE_CHECKING

from converters.model.addresses import EmailAddress
from converters.model.errors import LetterUnfit
from converters.model.mail import ID_HEADER

if TYPE_CHECKING:
    from converters.policy.approval import MailApproval

_READERS = ("To", "Cc", "Bcc", "Resent-To", "Resent-Cc", "Resent-Bcc")
# Of one request to Graph, base64 and all.
_LARGEST = 4 * 1024 * 1024


def mail_body(approved: MailApproval, mime: bytes) -> bytes:
    """Write the body of a mail, once it is certain that it goes to the approved readers alone.

    Whatever wrote it, a template of the operator's among others, cannot add one.

    Raises:
        LetterUnfit: it does not, or is too large.
    """
    # As they stand: a name in encoded words may have a comma in it once it is decoded.
    headers = BytesHeaderParser().parsebytes(mime)
    written = [str(value) for name in _READERS for value in headers.get_all(name, ())]
    found = {address.lower() for _, address in getaddresses(written)}
    if found != {address.lower() for address in readers(approved)}:
        raise LetterUnfit("The mail's readers are not the approved ones.")
    senders = [a.lower() for _, a in getaddresses([str(v) for v in headers.get_all("From", ())])]
    if senders != [approved.sender.lower()]:
        raise LetterUnfit("The mail is not from MAIL_SENDER.")
    # Exchange may make one of its own; where it keeps this one, sent items can be asked for it.
    number = message_id(str(headers[ID_HEADER]), approved.sender)
    body = base64.b64encode(f"Message-ID: {number}\r\n".encode() + mime)
    if len(body) > _LARGEST:
        raise LetterUnfit("The mail is larger than Graph takes.")
    return body


def message_id(mail_id: str, sender: str) -> str:
    """Return the message id of a mail (RFC 5322)."""
    return f"<{mail_id}@{sender.rpartition('@')[2]}>"


def readers(approved: MailApproval) -> tuple[str, ...]:
    """Return who may read a mail: the address that was invited, and the copies that a rule let by.

    In the form that the rules have checked, whatever the request's spelling is.
    """
    case = approved.case
    copies = (EmailAddress.parse(cc.address).checked for cc in case.request.message_info.cc)
    return (case.address.checked, *copies)
