"""Looks at the mails: whether Exchange would hold them back, and what can be seen of own mail.

Whether the function may send from the mailbox is Exchange's to know, and shows by sending alone;
nothing is sent here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.finding import Finding
from converters.graph import user_reads
from converters.mail.writer import Writer
from converters.model.errors import SettingsInvalid
from converters.model.facts import Unread

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from converters.graph.client import Graph
    from converters.model.trace import Trace
    from converters.settings.mail import MailSettings
    from converters.settings.settings import Settings

_INITIAL, _MAILS_A_DAY = ".onmicrosoft.com", 100
# In Entra each of them is of every mailbox.
_OF_EVERY_MAILBOX = frozenset(
    {"Mail.Send", "Mail.ReadBasic.All", "Mail.ReadBasic", "Mail.Read", "Mail.ReadWrite"}
)


def sending_limit(domains: frozenset[str] | Unread, settings: Settings) -> Finding:
    """Look whether Exchange Online would hold invitations back (its limit for such senders)."""
    what, mail = "invitation mails", settings.mail
    if mail:
        domains = frozenset({mail.sender.rpartition("@")[2].lower()})
    if isinstance(domains, Unread) or not all(name.endswith(_INITIAL) for name in domains):
        return Finding(what)
    if settings.daily_limit is not None and settings.daily_limit <= _MAILS_A_DAY:
        return Finding(what)
    of = "MAIL_SENDER is" if mail else "the tenant has domains"
    return Finding(
        what,
        note=f"{of} of {_INITIAL} alone, from which Exchange Online sends to {_MAILS_A_DAY}"
        f" external people a day: set DAILY_LIMIT to {_MAILS_A_DAY} or less, or add a domain of"
        " your own",
    )


async def own_mail(
    graph: Graph, settings: Settings, held: frozenset[str] | Unread | None, trace: Trace
) -> AsyncIterator[Finding]:
    """Look at what can be seen of own mail, where the service mails.

    Args:
        graph: as whoever runs this.
        settings: the operator's.
        held: what the function's identity holds in Entra, where that could be read.
        trace: of the run.

    Raises:
        GraphUnavailable: Graph did not answer for now.
    """
    mail = settings.mail
    if mail is None:
        return
    yield _texts(mail)
    read = user_reads.user_holders(mail.sender)
    holders = (await graph.read([read], trace)).fact(read)
    if not isinstance(holders, Unread):
        cure = "nobody holds this address: make the (shared) mailbox, or correct MAIL_SENDER"
        yield Finding("own mail: MAIL_SENDER", "" if holders else cure)
    everywhere = sorted(_OF_EVERY_MAILBOX & held) if isinstance(held, frozenset) else []
    yield Finding("own mail: sending", note=_note(everywhere))


def _texts(mail: MailSettings) -> Finding:
    what = "own mail: templates and language"
    try:
        Writer(mail)
    except SettingsInvalid as invalid:
        return Finding(what, " ".join(invalid.problems))
    return Finding(what)


def _note(everywhere: list[str]) -> str:
    if everywhere:
        return (
            f"the identity holds {', '.join(everywhere)} in Entra, which is every mailbox of the"
            " tenant: take it away, and assign the roles in Exchange Online for MAIL_SENDER alone"
            ' (docs/operations.md, "Own mail")'
        )
    return (
        "whether the function may send from MAIL_SENDER, Exchange Online knows alone: ask it with"
        ' Test-ServicePrincipalAuthorization (docs/operations.md, "Own mail")'
    )
