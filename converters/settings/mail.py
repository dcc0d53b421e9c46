"""Own mail: who sends it, who signs it, and where a reader can ask."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from converters.model.addresses import AddressMalformed, mail_address
from converters.settings.reader import leads_to, split_url

if TYPE_CHECKING:
    from converters.settings.reader import SettingsReader

LONGEST_ORGANISATION = 100
LONGEST_SUPPORT_URL = 500
DEFAULT_LANGUAGE = "en"
# RFC 5646 section 2.1, as requests may name a language too; what it names is for the mail to find.
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}")


@dataclass(frozen=True, slots=True)
class MailSettings:
    """What an operator sets of own mail.

    Attributes:
        sender: the mailbox it is sent from: an address, its domain normalised.
        organisation: the name that signs it and stands beside the sender's address.
        support: where a reader can ask: an address or an https URL.
        language: a language tag (BCP 47), for letters whose own is not there.
    """

    sender: str
    organisation: str
    support: str | None = None
    language: str = DEFAULT_LANGUAGE


def read_mail(read: SettingsReader) -> MailSettings | None:
    """Read the settings of own mail; ``None`` without ``MAIL_SENDER``.

    What is wrong with them is added to the reader's problems.
    """
    sender, organisation = read.text("MAIL_SENDER"), read.text("MAIL_ORGANISATION")
    support, language = read.text("MAIL_SUPPORT"), read.text("MAIL_LANGUAGE", DEFAULT_LANGUAGE)
    if not sender:
        if organisation or support:
            read.problems.append("MAIL_ORGANISATION and MAIL_SUPPORT need MAIL_SENDER.")
        return None
    try:
        sender = mail_address(sender)
    except AddressMalformed:
        read.problems.append("MAIL_SENDER must be the address of a mailbox.")
    if not organisation:
        read.problems.append("MAIL_SENDER needs MAIL_ORGANISATION, the name that signs the mail.")
    # Printable leaves out line ends and what turns the direction of writing.
    if len(organisation) > LONGEST_ORGANISATION or not organisation.isprintable():
        read.problems.append(
            f"MAIL_ORGANISATION must be at most {LONGEST_ORGANISATION} printable characters."
        )
    if support and not (_is_address(support) or _is_page(support)):
        read.problems.append("MAIL_SUPPORT must be an address or an https URL.")
    if not _LANGUAGE.fullmatch(language):
        read.problems.append("MAIL_LANGUAGE must be a language tag, as in en or pt-BR.")
    return MailSettings(sender, organisation, support or None, language)


def _is_address(text: str) -> bool:
    try:
        return bool(mail_address(text))
    except AddressMalformed:
        return False


def _is_page(text: str) -> bool:
    host = split_url(text).hostname
    if not host or "." not in host:
        return False
    return len(text) <= LONGEST_SUPPORT_URL and leads_to(text, frozenset({host}))
