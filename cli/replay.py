"""Puts dead letters back into the requests queue, once the cause of their failing is mended.

Each is sent as it was before it is deleted, so that none is lost; one that is sent twice, since
this died in between, invites nobody twice: the ledger knows the request.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from converters.errors import RequestInvalid, Unavailable
from converters.messages import parse
from converters.queues import SweptQueue

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from azure.core.credentials_async import AsyncTokenCredential

    from converters.queues import Received
    from converters.settings import Settings

# As long as one page may take to be moved; what is not deleted by then shows again.
_HIDDEN_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter, by the request's id, or the message's where it is no request."""

    request_id: str
    is_request: bool

    def __str__(self) -> str:
        return f"{self.request_id}{'' if self.is_request else '  (no valid request)'}"


async def look(settings: Settings, held: AsyncTokenCredential | None) -> AsyncIterator[Letter]:
    """Read up to 32 dead letters and leave them where they are.

    Raises:
        QueueUnavailable: they cannot be read.
    """
    letters = SweptQueue(settings.storage, settings.dead_letters_queue, held)
    try:
        for message in await letters.peek():
            yield _letter(message)
    finally:
        await letters.close()


async def replay(settings: Settings, held: AsyncTokenCredential | None) -> AsyncIterator[Letter]:
    """Move every dead letter into the requests queue; yield each that was moved.

    Raises:
        QueueUnavailable: the rest stays, and shows again within a minute.
    """
    letters = SweptQueue(settings.storage, settings.dead_letters_queue, held)
    requests = SweptQueue(settings.storage, settings.requests_queue, held)
    try:
        while taken := await letters.take(_HIDDEN_SECONDS):
            for message in taken:
                await requests.send_text(message.text)
                await letters.delete(message)
                yield _letter(message)
    finally:
        await letters.close()
        await requests.close()


async def printed(letters: AsyncIterator[Letter], done: str) -> int:
    """Print dead letters, a line each, and what was done with them; return the exit code."""
    count = 0
    try:
        async for letter in letters:
            print(letter, flush=True)
            count += 1
    except Unavailable as error:
        print(f"{count} {done}, then: {error} `make doctor` tells more.")
        return 1
    print(f"{count} {done}")
    return 0


def _letter(message: Received) -> Letter:
    try:
        return Letter(parse(message.text.encode(), message.id).request_id, is_request=True)
    except RequestInvalid as invalid:
        return Letter(invalid.request_id, is_request=False)
