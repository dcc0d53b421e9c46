"""The verb ``bulk``: a file of users, planned first, then asked for, then sent."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.bulk import plan, results
from cli.bulk.plan import Only
from cli.bulk.sheet import Sheet, sheet
from cli.bulk.working import Work
from cli.ending import Code, WrongCall
from cli.readings import Readings
from cli.verb import Session, YesOption

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

    from cli.bulk.sheet import Item
    from converters.settings.settings import Settings

PROBLEMS = ("line", "column", "problem", "remedy")
COUNTS = ("status", "rows")

FileArgument = Annotated[
    Path, typer.Argument(metavar="FILE.csv", help="The users; or a results file, to go on.")
]
CheckOption = Annotated[
    bool, typer.Option("--check/--no-check", help="Check every row by the engine first.")
]
OnlyOption = Annotated[
    Only | None, typer.Option("--only", help="Of the rows of before, take up these alone.")
]
WatchOption = Annotated[
    bool, typer.Option("--watch", help="Fill in outcomes until there is one for every row.")
]
IgnoreOption = Annotated[
    list[str] | None, typer.Option("--ignore", metavar="COLUMN", help="A column of no effect.")
]


async def bulk(  # noqa: PLR0913 - the options of one verb
    session: Session,
    file: FileArgument,
    *,
    check: CheckOption = True,
    only: OnlyOption = None,
    watch: WatchOption = False,
    ignore: IgnoreOption = None,
    yes: YesOption = False,
) -> Code:
    """Ask for every user of a CSV file; stop and go on whenever you like.

    Columns are the request's properties, those of the portal's bulk-invite template, or
    PowerShell's. Bad rows are all reported before anything is sent. Then every row is checked, you
    see a summary, and are asked. FILE.results.csv has the same rows, how each ended, and what to
    do: pass it to go on with what is left.

    Examples:
        b2b bulk partners.csv
        b2b bulk partners.csv --yes --watch
        b2b bulk partners.results.csv --only ineligible
    """
    work = _opened(session, file, ignore or [])
    if work is None:
        return Code.WRONG_CALL
    async with session.signed_in() as (settings, held), Readings(settings, held) as readings:
        await work.learn(readings)
        try:
            code = await _send_what_is_left(
                session, work, settings, held, only=only, check=check, yes=yes
            )
            if watch and code is Code.WELL:
                work.save()
                await work.follow(readings)
        finally:
            work.save()
    session.console.rows(plan.counts(work.sheet.items), COUNTS)
    session.console.note(f"Row by row: {work.path}")
    return Code.FINDINGS if plan.is_bad(work.sheet.items) else Code.WELL


def _opened(session: Session, file: Path, ignored: list[str]) -> Work | None:
    """Read the input and what stands of it already; tell what is wrong with it."""
    rows, path = _read(file, ignored), results.path_for(file)
    if rows.problems:
        session.console.rows([_told(each) for each in rows.problems], PROBLEMS)
        session.console.error(f"{len(rows.problems)} problems in {file}; nothing was sent.")
        return None
    if rows.columns.ignored:
        session.console.note(f"Columns of no effect: {', '.join(rows.columns.ignored)}")
    if path != file and path.is_file():
        _take_over(session, rows, path)
    return Work(rows, path, session.console)


async def _send_what_is_left(  # noqa: PLR0913 - what the command was called with
    session: Session,
    work: Work,
    settings: Settings,
    held: AsyncTokenCredential | None,
    *,
    only: Only | None,
    check: bool,
    yes: bool,
) -> Code:
    chosen = plan.left(work.sheet.items, only, is_results=work.sheet.columns.is_results)
    if check and chosen:
        chosen = await _checked(work, chosen, settings, held)
    _show(session, work, chosen)
    if chosen and session.confirm(f"Enqueue {len(chosen)} requests?", yes=yes):
        await work.send(chosen, settings, held)
        session.console.note(f"{len(chosen)} enqueued.")
    return Code.WELL


async def _checked(
    work: Work, chosen: list[Item], settings: Settings, held: AsyncTokenCredential | None
) -> list[Item]:
    """Check rows; return those that are worth sending."""
    from cli.engine import Engine  # noqa: PLC0415 - what talks to Graph takes a second to load

    async with Engine(settings, held) as engine:
        await work.check(chosen, engine)
    return [item for item in chosen if plan.can_be_sent(item)]


def _show(session: Session, work: Work, chosen: list[Item]) -> None:
    """Tell the plan."""
    ids = {item.request_id for item in chosen}
    rest = [item for item in work.sheet.items if item.request_id not in ids]
    session.console.note(f"{len(chosen)} of {len(work.sheet.items)} rows are to be enqueued.")
    for each in plan.counts(rest):
        session.console.note(f"  not: {each['rows']} {each['status']}")


def _take_over(session: Session, rows: Sheet, path: Path) -> None:
    """Go on from the results file that stands beside the input."""
    earlier = _read(path, rows.columns.ignored).items
    results.take_over(rows.items, earlier)
    gone = {item.content for item in earlier} - {item.content for item in rows.items}
    if gone:
        session.console.note(f"{len(gone)} rows of {path} are no longer in the file: left out.")


def _read(path: Path, ignored: list[str]) -> Sheet:
    try:
        return sheet(path.read_bytes(), ignored)
    except OSError as error:
        raise WrongCall(f"{path} cannot be read: {error.strerror}.") from None


def _told(problem: object) -> dict[str, object]:
    return {name: getattr(problem, name) for name in PROBLEMS}
