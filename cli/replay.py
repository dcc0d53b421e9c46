"""Puts dead letters back into the requests queue, once the cause of their failing is mended.

Each is sent as it was before it is deleted, so that none is lost; one that is sent twice, since
this died in between, invites nobody twice: the ledger knows the request.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from converters.model.errors import RequestInvalid
from converters.storage.queues import Queue, QueueReader
from converters.wire.requests import parse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from azure.core.credentials_async import AsyncTokenCredential

    from converters.settings.settings import Settings
    from converters.storage.queues import Received

# As long as one page may take to be moved; what is not deleted by then shows again.
_HIDDEN_SECONDS = 60


async def look(settings: Settings, held: AsyncTokenCredential | None) -> AsyncIterator[str]:
    """Read up to 32 dead letters and leave them where they are; yield a line for each, and a sum.

    Raises:
        QueueUnavailable: they cannot be read.
    """
    letters = QueueReader(Queue(settings.storage, settings.dead_letters_queue, held))
    try:
        shown = await letters.peek()
        for message in shown:
            yield _named(message)
        total, _ = await letters.backlog(datetime.now(UTC))
        yield f"{len(shown)} of {total} dead letters, left where they are"
    finally:
        await letters.queue.close()


async def replay(settings: Settings, held: AsyncTokenCredential | None) -> AsyncIterator[str]:
    """Move every dead letter into the requests queue; yield a line for each, and a sum.

    Raises:
        QueueUnavailable: the rest stays, and shows again within a minute.
    """
    letters = QueueReader(Queue(settings.storage, settings.dead_letters_queue, held))
    requests = Queue(settings.storage, settings.requests_queue, held)
    moved = 0
    try:
        while taken := await letters.take(_HIDDEN_SECONDS):
            for message in taken:
                await requests.send_text(message.text)
                await letters.delete(message)
                moved += 1
                yield _named(message)
        yield f"{moved} put back"
    finally:
        await letters.queue.close()
        await requests.close()


def _named(message: Received) -> str:
    """Name a dead letter by its request's id, or the message's where it is no request."""
    try:
        return parse(message.text.encode(), message.id).request_id
    except RequestInvalid as invalid:
        return f"{invalid.request_id}  (no valid request)"
