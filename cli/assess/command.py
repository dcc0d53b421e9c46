"""The verb ``assess``: how ready a tenant is, user by user."""

from __future__ import annotations

import hashlib
import re
import sys
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.assess.candidates import Where
from cli.assess.output import Output
from cli.assess.sign_ins import SLOW
from cli.assess.store import Store
from cli.assess.summary import Summary
from cli.ending import Code, WrongCall
from cli.verb import Session
from converters.model.errors import Unavailable
from converters.model.trace import Trace

if TYPE_CHECKING:
    from collections.abc import Callable

    from azure.core.credentials_async import AsyncTokenCredential

    from cli.printing import Console
    from converters.settings.settings import Settings

_GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_TELL_SECONDS = 5.0

GroupOption = Annotated[
    str | None,
    typer.Option("--group", metavar="ID", help="Only the members of this group, nested ones too."),
]
WhereOption = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        metavar="CONDITION",
        help="Look at these users too: property=value, property!=value or property~part, of any"
        " property of Graph's user. May be given again.",
    ),
]
HtmlOption = Annotated[
    Path | None,
    typer.Option("--html", metavar="FILE", help="Write the readiness report, one page, here."),
]
SignInsOption = Annotated[
    bool,
    typer.Option(
        "--sign-ins",
        help="Read when each user last signed in, too: slow (50,000 users take some four minutes),"
        " and it needs AuditLog.Read.All and Microsoft Entra ID P1.",
    ),
]
CheckpointOption = Annotated[
    Path,
    typer.Option(
        "--checkpoint",
        metavar="FOLDER",
        help="Where pages are kept until the report is whole; the same call goes on from there.",
    ),
]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the call asks for, as its options say."""

    wheres: tuple[Where, ...]
    group: str | None
    html: Path | None
    sign_ins: bool


async def assess(  # noqa: PLR0913 - the options of one verb
    session: Session,
    *,
    group: GroupOption = None,
    where: WhereOption = None,
    html: HtmlOption = None,
    sign_ins: SignInsOption = False,
    checkpoint: CheckpointOption = Path(".b2b-assess"),
) -> Code:
    """Say of every user who may be somebody else's whether it can be converted, and why not.

    Reads Microsoft Graph as you, in bulk; nothing is written there, nobody is invited. Exit code 1
    if somebody cannot be converted, or if something could not be read.

    Examples:
        b2b assess
        b2b assess --group 00000000-0000-4000-8000-000000000300 -o csv
        b2b assess --sign-ins -o csv
        b2b assess --where "companyName~fabrikam" --html readiness.html
    """
    if group and not _GUID.fullmatch(group):
        raise WrongCall(f"--group {group!r} is no object id.")
    if html and not html.resolve().parent.is_dir():
        raise WrongCall(f"--html {html}: there is no such folder.")
    wheres = tuple(map(Where.parse, where or ()))
    async with session.signed_in() as (settings, held):
        plan = _plan(settings.graph_base_url, settings.tenant_id, wheres)
        store = Store(checkpoint, plan)
        if store.resumed:
            session.console.note(
                f"Going on from {checkpoint}, begun {store.began:%Y-%m-%d %H:%M}Z."
            )
        try:
            code = await _assessed(
                session.console, settings, held, store, _Asked(wheres, group, html, sign_ins)
            )
        except Unavailable:
            session.console.note(f"What was read is kept in {checkpoint}: run it again to go on.")
            raise
        store.remove()
    return code


async def _assessed(
    console: Console,
    settings: Settings,
    held: AsyncTokenCredential | None,
    store: Store,
    asked: _Asked,
) -> Code:
    # What talks to Graph takes a second to load.
    from cli.assess.reader import Reader  # noqa: PLC0415
    from cli.assess.scan import scanned  # noqa: PLC0415

    if asked.sign_ins:
        console.note(SLOW)
    reader = Reader(settings, held, store, Trace(str(uuid.uuid4())), _teller(console))
    try:
        scan = await scanned(reader, settings, asked.wheres, asked.group, sign_ins=asked.sign_ins)
    finally:
        await reader.close()
    ended, summary = datetime.now(UTC), Summary()
    output = Output(console, asked.html, sign_ins=asked.sign_ins)
    for row in scan.rows(ended):
        output.row(summary.add(row))
    told = summary.told(scan, reader, store.began, ended)
    output.end(told)
    sys.stdout.flush()
    bad = told["byStatus"].get("ineligible", 0)
    return Code.FINDINGS if bad or not told["complete"] else Code.WELL


def _plan(base_url: str, tenant_id: str | None, wheres: tuple[Where, ...]) -> str:
    """Return what tells readings of unlike things apart."""
    from cli.assess.reads import users  # noqa: PLC0415 - likewise

    asked = users([where.property for where in wheres]).path
    return hashlib.sha256(f"{base_url} {tenant_id} {asked}".encode()).hexdigest()


def _teller(console: Console) -> Callable[[str, int], None]:
    """Return what tells how far the reading is, now and then."""
    last = time.monotonic()

    def tell(name: str, pages: int) -> None:
        nonlocal last
        if time.monotonic() - last >= _TELL_SECONDS:
            last = time.monotonic()
            console.note(f"Read {pages} pages of {name}.")

    return tell
