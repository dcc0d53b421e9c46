"""The verbs that tell how requests stand: ``status``, ``history``, ``watch``."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from cli.asking import UserArgument, named
from cli.ending import Code, WrongCall
from cli.outcomes import (
    BAD,
    FOLLOWED,
    IN_PROGRESS,
    SUMMARY,
    WELL,
    code_of,
    followed,
    show,
    summary,
)
from cli.readings import OVERLAP, Readings, event_in
from cli.verb import Session
from converters.storage.queues import Queue, QueueReader

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

    from cli.outcomes import Data
    from converters.settings.settings import Settings

EVERY_SECONDS = 2.0
# How long a taken outcome is hidden, should this die before it has told it.
_HIDDEN_SECONDS = 60

IdArgument = Annotated[str, typer.Argument(metavar="REQUEST_ID", help="The request's id.")]
IdsArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="REQUEST_ID", help="Follow these alone, until all have ended."),
]
TakeOption = Annotated[
    bool,
    typer.Option(
        "--take",
        help="TAKE outcomes from the results queue. Only where nobody else reads it: what is taken"
        " here no ticket system gets.",
    ),
]
OnceOption = Annotated[bool, typer.Option("--once", help="Look once, and end.")]
SinceOption = Annotated[
    int, typer.Option("--since", min=0, metavar="MINUTES", help="Begin so many minutes ago.")
]


async def status(session: Session, request_id: IdArgument) -> Code:
    """Say how a request and its invitation stand: pending, redeemed by whom, stale, cancelled.

    Reads the ledger; peeks at the queues, and takes nothing. Exit code 1 if it ended badly, if
    nobody redeemed the invitation in time, or if nothing is known of it.

    Examples:
        b2b status RITM0010001 -o json
    """
    async with session.signed_in() as (settings, held), Readings(settings, held) as readings:
        found = await readings.outcome(request_id)
    if found is None:
        session.console.note(
            f"Nothing is known of {request_id!r}. It may wait behind the first 32 messages, or its"
            " outcome, if it was a check or no valid request, was taken from the results queue."
        )
        return Code.FINDINGS
    show(session.console, found)
    return code_of([found])


async def history(session: Session, user: UserArgument) -> Code:
    """List the requests that the ledger knows for a user, oldest first, and what followed.

    Reads the whole ledger, and Graph where the user is named by user principal name. Checks and
    rejected messages leave nothing there.

    Examples:
        b2b history ada@contoso.example
    """
    async with session.signed_in() as (settings, held), Readings(settings, held) as readings:
        user_id = await _id_of(user, settings, held)
        found = await readings.of_user(user_id)
    session.console.rows(found, FOLLOWED, followed)
    if not found:
        session.console.note("The ledger knows of no request for this user.")
    return Code.WELL


async def _id_of(user: str, settings: Settings, held: AsyncTokenCredential | None) -> str:
    if "id" in named(user):
        return user.lower()
    from cli.engine import Engine  # noqa: PLC0415

    async with Engine(settings, held) as engine:
        found = await engine.id_of(user)
    if found is None:
        raise WrongCall(f"You can read no user {user!r}. Name the user by object id.")
    return found.lower()


async def watch(
    session: Session,
    request_ids: IdsArgument = None,
    *,
    take: TakeOption = False,
    once: OnceOption = False,
    since: SinceOption = 0,
) -> Code:
    """Print outcomes as they become readable, until Ctrl+C, or until the named requests ended.

    Reads the ledger and peeks at the results queue; whoever takes from that queue gets them all
    the same. Exit code 1 if one ended badly.

    Examples:
        b2b watch
        b2b watch RITM0010001 RITM0010002
        b2b watch --since 60 --once -o csv > outcomes.csv
    """
    if take and request_ids:
        raise WrongCall("--take takes whatever comes: name no requests beside it.")
    async with session.signed_in() as (settings, held):
        if take:
            return await _take(session, settings, held, once=once)
        async with Readings(settings, held) as readings:
            if request_ids:
                return await _follow(session, readings, request_ids, once=once)
            return await _look(session, readings, once=once, since=since)


async def _follow(session: Session, readings: Readings, ids: list[str], *, once: bool) -> Code:
    left, ended = list(dict.fromkeys(ids)), []
    while True:
        for request_id in list(left):
            found = await readings.outcome(request_id)
            if found and found["status"] in WELL | BAD:
                left.remove(request_id)
                ended.append(found)
                session.console.row(found, SUMMARY, summary)
        if not left:
            return code_of(ended)
        if once:
            session.console.note(f"{len(left)} have not ended: {', '.join(left)}")
            return code_of(ended)
        await asyncio.sleep(EVERY_SECONDS)


async def _look(session: Session, readings: Readings, *, once: bool, since: int) -> Code:
    told: set[tuple[str, str]] = set()
    # The first answer tells the service's time, by which rows are dated.
    await readings.history.of("nothing")
    begin = readings.history.clock.utc() - timedelta(minutes=since)
    findings_seen = Code.WELL
    while True:
        now = readings.history.clock.utc()
        seen = [one async for one in readings.ended_since(begin)] + await readings.peeked()
        for one in seen:
            known = (one["requestId"], one["status"])
            if known not in told and one["status"] != IN_PROGRESS:
                told.add(known)
                session.console.row(one, SUMMARY, summary)
                findings_seen = max(findings_seen, code_of([one]))
        if once:
            return findings_seen
        begin = max(begin, now - OVERLAP)
        await asyncio.sleep(EVERY_SECONDS)


async def _take(
    session: Session, settings: Settings, held: AsyncTokenCredential | None, *, once: bool
) -> Code:
    reader = QueueReader(Queue(settings.storage, settings.results_queue, held))
    ended: list[Data] = []
    try:
        while True:
            messages = await reader.take(_HIDDEN_SECONDS)
            for message in messages:
                event = event_in(message.text)
                if event is None:
                    session.console.note(f"Message {message.id} is no outcome: left where it is.")
                    continue
                data = {**event["data"], "time": event.get("time")}
                session.console.row(data, SUMMARY, summary)
                # Told first: what is deleted and not told would be lost.
                await reader.delete(message)
                if code_of([data]) is not Code.WELL:
                    ended = [{"status": data["status"]}]
            if once and not messages:
                return code_of(ended)
            if not messages:
                await asyncio.sleep(EVERY_SECONDS)
    finally:
        await reader.queue.close()
