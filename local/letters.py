"""Own mail to look at: ``python -m local mail`` writes every mail that there is into a folder."""

from __future__ import annotations

import email
import email.policy
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from converters.mail.letter import Letter
from converters.mail.writer import Writer
from converters.settings.mail import MailSettings

if TYPE_CHECKING:
    from email.message import EmailMessage

FOLDER = Path(__file__).resolve().parent.parent / "dist" / "mail"
TENANT = "00000000-0000-4000-8000-00000000c0de"
# As long as Graph's own are.
REDEEM_URL = "https://login.microsoftonline.com/redeem?rd=" + quote(
    f"https://invitations.microsoft.com/redeem/?tenant={TENANT}&user=3f1c8a52-7e0b-4b6a-9d4c-"
    "2a9e51f7c310&ticket=Vf2x0sJ4mQd8Tz6bKc1uYw3nRg5hLp7aEo9iXv%2bS8kM%3d&ver=2.0",
    safe="",
)
SETTINGS = MailSettings(
    sender="invitations@contoso.example",
    organisation="Contoso",
    support="help@contoso.example",
)
LETTER = Letter(
    conversion_id="preview",
    to="ada@fabrikam.example",
    to_name="Ada Lovelace",
    cc=("charles@fabrikam.example",),
    language=None,
    redeem_url=REDEEM_URL,
    redirect_url=f"https://myapps.microsoft.com/?tenantId={TENANT}",
    tenant_id=TENANT,
    text=None,
    reminder=False,
)
NOTE = (
    "Hello Ada, the project space moves on Monday. Please accept before then.\n\n"
    "The plan is at https://intranet.contoso.example/plan. Charles knows about it."
)


def letters(tag: str) -> dict[str, Letter]:
    """Return a letter of each kind in a language, by what its files are called."""
    first = replace(LETTER, language=tag)
    return {
        f"{tag}-invitation": first,
        f"{tag}-invitation-with-note": replace(first, text=NOTE),
        f"{tag}-reminder": replace(first, reminder=True),
    }


def write(folder: Path = FOLDER, settings: MailSettings = SETTINGS) -> list[Path]:
    """Write each mail as a message and as its two parts; return the pages."""
    writer = Writer(settings)
    folder.mkdir(parents=True, exist_ok=True)
    pages = []
    for tag in writer.tags:
        for name, letter in letters(tag).items():
            message = writer.write(letter)
            (folder / f"{name}.eml").write_bytes(message)
            (folder / f"{name}.txt").write_text(part(message, "plain"), encoding="utf-8")
            pages.append(folder / f"{name}.html")
            pages[-1].write_text(part(message, "html"), encoding="utf-8")
    return pages


def part(message: bytes, subtype: str) -> str:
    """Return one part of a message, as a mail program reads it."""
    read: EmailMessage = email.message_from_bytes(message, policy=email.policy.default)
    body = read.get_body((subtype,))
    return str(body.get_content()).replace("\r\n", "\n") if body else ""
