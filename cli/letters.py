"""The verbs about dead letters: requests that every try failed on, kept as they were.

Each is sent again as it was before it is deleted, so that none is lost; one that is sent twice,
since this died in between, invites nobody twice: the ledger knows the request.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.ending import Code, WrongCall
from cli.parsing import parse_request
from cli.verb import Session, YesOption
from converters.model.errors import RequestInvalid
from converters.storage.queues import Queue, QueueReader

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from converters.storage.queues import Received

COLUMNS = ("requestId", "valid", "user", "requestedBy")
# As long as one page may take to be moved; what is not deleted by then shows again.
_HIDDEN_SECONDS = 60

ChosenArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="REQUEST_ID", help="These dead letters alone."),
]
AllOption = Annotated[bool, typer.Option("--all", help="Every dead letter.")]


@dataclass(frozen=True, slots=True)
class _Queues:
    """The dead letters, and where they came from."""

    name: str
    letters: QueueReader
    requests: Queue

    async def total(self) -> int:
        """Return how many dead letters there are, about."""
        return (await self.letters.backlog(datetime.now(UTC))).messages


async def list_(session: Session) -> Code:
    """List up to 32 dead letters, and leave them where they are.

    Examples:
        b2b dead-letters list -o json
    """
    async with _opened(session) as queues:
        shown, total = await queues.letters.peek(), await queues.total()
    session.console.rows([_told(message) for message in shown], COLUMNS)
    session.console.note(f"{len(shown)} of {total} dead letters, left where they are")
    return Code.WELL


async def replay(
    session: Session, request_ids: ChosenArgument = None, *, yes: YesOption = False
) -> Code:
    """Put dead letters back into the requests queue, once the cause of their failing is mended.

    Examples:
        b2b dead-letters replay
        b2b dead-letters replay RITM0010001 --yes
    """
    return await _empty(session, request_ids or [], yes=yes, again=True)


async def drop(
    session: Session,
    request_ids: ChosenArgument = None,
    *,
    everything: AllOption = False,
    yes: YesOption = False,
) -> Code:
    """Delete dead letters for good; their outcomes have been told.

    Examples:
        b2b dead-letters drop RITM0010001
        b2b dead-letters drop --all --yes
    """
    if bool(request_ids) is everything:
        raise WrongCall("Name the requests to drop, or --all.")
    return await _empty(session, request_ids or [], yes=yes, again=False)


async def _empty(session: Session, chosen: list[str], *, yes: bool, again: bool) -> Code:
    async with _opened(session) as queues:
        shown, total = await queues.letters.peek(), await queues.total()
        if not total:
            session.console.note("There are no dead letters.")
            return Code.WELL
        plan = [_told(message) for message in shown]
        for one in [each for each in plan if not chosen or each["requestId"] in chosen]:
            session.console.note(f"  {one['requestId']}")
        what = "Put back" if again else "Delete for good"
        count = f"{len(set(chosen))} named" if chosen else f"all {total}"
        # What is put back can be dropped; what is dropped is gone.
        name = None if again else queues.name
        if not session.confirm(f"{what} {count} of {total} dead letters?", yes=yes, name=name):
            return Code.WELL
        moved = [one async for one in _moved(session, queues, frozenset(chosen), again=again)]
    session.console.note(f"{len(moved)} {'put back' if again else 'deleted'}")
    missing = sorted(set(chosen) - set(moved))
    if missing:
        session.console.error(f"not among the dead letters: {', '.join(missing)}")
    return Code.FINDINGS if missing else Code.WELL


async def _moved(
    session: Session, queues: _Queues, chosen: frozenset[str], *, again: bool
) -> AsyncIterator[str]:
    """Move what is chosen, everything where nothing is; let the rest show again at the end."""
    kept: dict[str, Received] = {}
    try:
        while taken := [
            one for one in await queues.letters.take(_HIDDEN_SECONDS) if one.id not in kept
        ]:
            for message in taken:
                told = _told(message)
                if chosen and told["requestId"] not in chosen:
                    kept[message.id] = message
                    continue
                if again:
                    await queues.requests.send_text(message.text)
                await queues.letters.delete(message)
                session.console.row(told, COLUMNS)
                yield told["requestId"]
    finally:
        for message in kept.values():
            await queues.letters.release(message)


@asynccontextmanager
async def _opened(session: Session) -> AsyncIterator[_Queues]:
    async with session.signed_in() as (settings, held):
        letters = Queue(settings.storage, settings.dead_letters_queue, held)
        requests = Queue(settings.storage, settings.requests_queue, held)
        try:
            yield _Queues(settings.dead_letters_queue, QueueReader(letters), requests)
        finally:
            await letters.close()
            await requests.close()


def _told(message: Received) -> dict[str, Any]:
    """Tell a dead letter by its request's id, or the message's where it is no request."""
    try:
        request = parse_request(message.text.encode(), message.id)
    except RequestInvalid as invalid:
        return {
            "requestId": invalid.request_id,
            "valid": False,
            "requestedBy": invalid.requested_by,
        }
    user = request.user_id or request.user_principal_name or request.email_address
    return {
        "requestId": request.request_id,
        "valid": True,
        "user": user,
        "requestedBy": request.requested_by,
    }
