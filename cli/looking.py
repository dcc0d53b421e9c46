"""The verbs ``doctor`` and ``smoke``: look whether a set-up can work, and whether it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.ending import Code
from cli.printing import Format
from cli.smoke import NOBODY, SECONDS
from cli.smoke import smoke as send_one
from cli.verb import Session
from converters.settings.identity import credential

if TYPE_CHECKING:
    from cli.finding import Finding

COLUMNS = ("state", "what", "cure", "note")


async def doctor(session: Session) -> Code:
    """Look whether the set-up can work, with the cure for what cannot; change nothing.

    Examples:
        b2b doctor
    """
    from cli.doctor import examine  # noqa: PLC0415 - what talks to Graph takes a second to load

    found = []
    async for finding in examine(session.environment, credential):
        found.append(_told(finding))
        if session.console.output is Format.TABLE:
            session.console.row({"line": str(finding)}, ("line",))
        elif session.console.output is not Format.JSON:
            session.console.row(found[-1], COLUMNS)
    if session.console.output is Format.JSON:
        session.console.rows(found, COLUMNS)
    ill = sum(one["state"] == "fail" for one in found)
    session.console.note(f"{ill} to mend" if ill else "All is well.")
    return Code.FINDINGS if ill else Code.WELL


async def smoke(
    session: Session,
    user: Annotated[
        str, typer.Option("--user", help="Object id of the user to check; nobody's if left out.")
    ] = NOBODY,
    seconds: Annotated[float, typer.Option("--seconds", help="How long to wait.")] = SECONDS,
) -> Code:
    """Send one check to the deployed function and wait for its outcome; nobody is invited.

    Outcomes are only peeked at: this one's is left in the results queue, too.

    Examples:
        b2b smoke
    """
    async with session.signed_in() as (settings, held):
        found = await send_one(settings, held, user, seconds)
    session.console.row({"line": found.line}, ("line",))
    return found.code


def _told(finding: Finding) -> dict[str, Any]:
    state = "fail" if finding.cure else "note" if finding.note else "ok"
    return {"state": state, "what": finding.what, "cure": finding.cure, "note": finding.note}
