"""Writes mail: templates and texts of the operator's, filled with data that may be hostile.

Jinja2 takes a tenth of a second to import: import this module only where mail is sent.
"""

from __future__ import annotations

import re
from dataclasses import replace
from email.message import EmailMessage
from email.policy import SMTP
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from jinja2 import (
    FileSystemLoader,
    StrictUndefined,
    TemplateError,
    pass_context,
    select_autoescape,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment

from converters.mail import headers, plain
from converters.mail.languages import Languages, direction
from converters.mail.letter import Letter
from converters.model.addresses import AddressMalformed, mail_address
from converters.model.errors import LetterUnfit, SettingsInvalid
from converters.model.mail import ID_HEADER
from converters.settings.reader import leads_to, split_url

if TYPE_CHECKING:
    from jinja2 import Template
    from jinja2.runtime import Context

    from converters.settings.mail import MailSettings

HERE = Path(__file__).parent
# An operator's own templates and languages, beside function_app.py.
OWN = HERE.parent.parent / "mail"
TEMPLATES = ("subject.txt", "letter.txt", "letter.html")
TEAMS = "https://teams.microsoft.com/"
MOST_BYTES = 100_000
_LONGEST_SUBJECT = 200
# Two that go both ways at every fork of the templates.
_TRIAL = Letter(
    conversion_id="1",
    to="a@b.example",
    to_name="A",
    cc=(),
    language=None,
    redeem_url="https://b.example",
    redirect_url="https://b.example",
    tenant_id="1",
    text="A",
    reminder=True,
)
_TRIALS = (_TRIAL, replace(_TRIAL, to_name=None, text=None, reminder=False))
# Seven bits: Graph takes the message as text, and nothing on its way needs 8BITMIME.
_POLICY = SMTP.clone(cte_type="7bit")
_TOKEN = re.compile(r"[\x21-\x7e]{1,200}")


class Writer:
    """Writes letters; made once, since it reads and compiles the templates.

    Raises:
        SettingsInvalid: where ``MAIL_LANGUAGE`` has no catalogue, or a template can't be read.
    """

    def __init__(self, settings: MailSettings, own: Path = OWN) -> None:
        self._settings = settings
        self._languages = Languages([own / "languages", HERE / "languages"])
        fallback = self._languages.find(settings.language)
        if fallback is None:
            raise SettingsInvalid(
                [f"MAIL_LANGUAGE must be one of {', '.join(self._languages.tags)}, or come near."]
            )
        self._fallback = fallback
        try:
            self._templates = _templates([own / "templates", HERE / "templates"])
            self._try()
        # KeyError and the like come of a catalogue with other placeholders than its text.
        except (TemplateError, LetterUnfit, KeyError, TypeError, ValueError) as error:
            raise SettingsInvalid([f"A template or text of own mail is wrong: {error}."]) from error

    @property
    def tags(self) -> list[str]:
        """The languages there are."""
        return self._languages.tags

    def write(self, letter: Letter) -> bytes:
        """Return a message as RFC 5322 and MIME have it: plain text, then HTML; lines end in CRLF.

        The same letter gives the same bytes. ``Date`` and ``Message-ID`` are left to who sends it.

        Raises:
            LetterUnfit: where an address or a URL of it is none, or it is too long.
        """
        tag = self._languages.find(letter.language) or self._fallback
        said = self._said(letter, tag)
        subject, text, html = (template.render(said) for template in self._templates)
        message = EmailMessage(policy=_POLICY)
        message.set_content(text)
        message.add_alternative(html, subtype="html")
        # Not sooner: set_content() takes such headers away.
        message["Content-Language"] = tag
        message.set_boundary(f"=_{sha256((text + html).encode()).hexdigest()[:40]}")
        written = headers.block(self._headers(letter, plain.one_line(subject))) + bytes(message)
        if len(written) > MOST_BYTES:
            raise LetterUnfit(f"The mail would have more than {MOST_BYTES} bytes.")
        return written

    def _headers(self, letter: Letter, subject: str) -> dict[str, str]:
        own, cc = self._settings, ",\r\n ".join(_checked(address) for address in letter.cc)
        return {
            "From": headers.mailbox(_checked(own.sender), own.organisation),
            "To": headers.mailbox(_checked(letter.to), plain.shown(letter.to_name)),
            **({"Cc": cc} if cc else {}),
            "Subject": headers.text(subject[:_LONGEST_SUBJECT]),
            # Written by a program: no absence note has to answer it (RFC 3834, section 5).
            "Auto-Submitted": "auto-generated",
            ID_HEADER: _token(letter.conversion_id),
        }

    def _try(self) -> None:
        """Write a mail in every language: what fails is to fail at the start."""
        for tag in self.tags:
            for letter in _TRIALS:
                self.write(replace(letter, language=tag))

    def _said(self, letter: Letter, tag: str) -> dict[str, Any]:
        """Return what the templates can say; every text of it is harmless as plain text."""
        support = self._settings.support or ""
        is_page = bool(split_url(support).scheme)
        return {
            "catalogue": self._languages.catalogue(tag),
            "language": tag,
            "direction": direction(tag),
            "organisation": self._settings.organisation,
            "sender": self._settings.sender,
            "support": support,
            "support_is_page": is_page,
            "support_url": support if is_page else f"mailto:{quote(support, safe='@')}",
            "address": _checked(letter.to),
            "name": plain.name(letter.to_name),
            "redeem_url": _url(letter.redeem_url),
            "redeem_host": split_url(letter.redeem_url).hostname,
            "site": split_url(_url(letter.redirect_url)).hostname,
            "teams_url": f"{TEAMS}?tenantId={quote(plain.one_line(letter.tenant_id), safe='')}",
            "note": plain.lines(letter.text),
            "reminder": letter.reminder,
        }


@pass_context
def _gettext(context: Context, text: str) -> str:
    """Return a text in the letter's language: one set of compiled templates serves all."""
    translated: str = context["catalogue"].gettext(text)
    return translated


@pass_context
def _ngettext(context: Context, one: str, many: str, count: int) -> str:
    translated: str = context["catalogue"].ngettext(one, many, count)
    return translated


def _templates(folders: list[Path]) -> list[Template]:
    """Return the templates, compiled."""
    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(folders),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.policies["ext.i18n.trimmed"] = True
    # The extension adds the method when it is loaded.
    install = vars(environment)["install_gettext_callables"]
    install(_gettext, _ngettext, newstyle=True)
    return [environment.get_template(name) for name in TEMPLATES]


def _checked(address: str) -> str:
    try:
        return mail_address(address)
    except AddressMalformed as error:
        raise LetterUnfit(f"An address of the letter is malformed: {error}.") from error


def _url(url: str) -> str:
    host = split_url(url).hostname
    if not host or not leads_to(url, frozenset({host})):
        raise LetterUnfit("A URL of the letter is no plain https URL.")
    return url


def _token(text: str) -> str:
    if not _TOKEN.fullmatch(text):
        raise LetterUnfit("The letter's conversion id is none.")
    return text
