"""The only place that talks to queues."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from azure.core.exceptions import (
    AzureError,
    HttpResponseError,
    ResourceExistsError,
    ResourceNotFoundError,
)
from azure.storage.queue.aio import QueueClient

from converters.model.errors import QueueUnavailable
from converters.settings.storage_account import CALL_SECONDS
from converters.storage.making import log_made

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime

    from azure.core.credentials_async import AsyncTokenCredential
    from azure.storage.queue import QueueMessage

    from converters.settings.storage_account import Storage

# Messages wait until somebody reads them; the service's default would drop them after seven days.
_FOR_EVER = -1
_MOST_TAKEN = 32
_MISSING_QUEUE = "QueueNotFound"
# The message goes back to the host soon enough: the library's own retries (three, 15 s
# before the first) would only hold a slot.
_OPTIONS: dict[str, Any] = {
    "retry_total": 2,
    "initial_backoff": 1,
    "increment_base": 2,
    # Looking for proxies and .netrc costs a thread and a tenth of the CPU, with every message.
    "use_env_settings": False,
}


class Queue:
    """A queue, to send to; one per worker, made inside the running loop.

    Args:
        storage: where the queue is.
        name: its name; it is made when something is sent, where that is permitted.
        credential: used with ``storage.queue_service_uri``.

    Attributes:
        client: the library's; call it by ``calling``.
        credential: by which the queue is reached; ``None`` where a connection string says how.
    """

    def __init__(
        self, storage: Storage, name: str, credential: AsyncTokenCredential | None
    ) -> None:
        self._name = name
        self.credential = None if storage.connection_string else credential
        self.client = (
            QueueClient.from_connection_string(storage.connection_string, name, **_OPTIONS)
            if storage.connection_string
            else QueueClient(
                storage.queue_service_uri or "", name, credential=credential, **_OPTIONS
            )
        )

    async def send(self, message: bytes, delay: int = 0) -> None:
        """Store a message, plain text, that shows after ``delay`` seconds (at most seven days).

        Raises:
            QueueUnavailable: it is not known to be stored.
        """
        async with self.calling() as client:
            await self._put(client, message.decode("ascii"), visibility_timeout=delay)

    async def send_text(self, text: str) -> None:
        """Store a message as it is, whatever it says.

        Raises:
            QueueUnavailable: it is not known to be stored.
        """
        async with self.calling() as client:
            await self._put(client, text)

    async def reserve(self, seconds: int, limit: int) -> bool:
        """Store a mark for so many seconds; take it back where there were too many already.

        Raises:
            QueueUnavailable: it cannot be told.
        """
        async with self.calling() as client:
            mark = await self._put(client, "1", time_to_live=seconds)
            properties = await client.get_queue_properties()
            if (properties.approximate_message_count or 0) <= limit:
                return True
            try:
                await client.delete_message(mark.id, mark.pop_receipt)
            except ResourceNotFoundError as error:
                # Midnight came between two of the calls, and with it another day's quota.
                if _code(error) != "MessageNotFound":
                    raise
        return False

    async def _put(self, client: QueueClient, text: str, **options: int) -> QueueMessage:
        """Store a message; if the queue does not exist, make it first."""
        options = {"time_to_live": _FOR_EVER, **options}
        try:
            return await client.send_message(text, **options)
        except ResourceNotFoundError as error:
            if _code(error) != _MISSING_QUEUE:
                raise
            await self._make(client, error)
        return await client.send_message(text, **options)

    async def _make(self, client: QueueClient, error: ResourceNotFoundError) -> None:
        try:
            await client.create_queue()
        except ResourceExistsError:
            # Another worker was first; or it is being deleted, and the call says so.
            return
        except HttpResponseError:
            # That it is missing says more than that it may not be made.
            raise error from None
        log_made("queue", self._name)

    async def check(self) -> None:
        """Return if the queue can be reached, so that what comes next is likely to be stored.

        Raises:
            QueueUnavailable: it cannot.
        """
        async with self.calling() as client:
            await client.get_queue_properties()

    async def close(self) -> None:
        """Close the connections."""
        await self.client.close()

    @asynccontextmanager
    async def calling(self) -> AsyncIterator[QueueClient]:
        """Yield the library's client; turn what it raises into ours, and its silence too."""
        try:
            async with asyncio.timeout(CALL_SECONDS):
                yield self.client
        except TimeoutError:
            raise QueueUnavailable(self._name, "no answer") from None
        except AzureError as error:
            # The chain would carry the request's URL, which can hold a shared access signature.
            raise QueueUnavailable(self._name, _code(error)) from None


@dataclass(frozen=True, slots=True)
class Received:
    """A message that was taken; ``text`` is as it stood in the queue, whatever it says."""

    id: str
    text: str
    pop_receipt: str


class Backlog(NamedTuple):
    """How many messages wait in a queue, delayed ones too, and how old the first visible one is."""

    messages: int
    oldest_seconds: int


@dataclass(frozen=True, slots=True)
class QueueReader:
    """Reads a queue: takes its messages, looks at them, counts them."""

    queue: Queue

    async def take(self, seconds: int) -> list[Received]:
        """Take up to 32 messages, which nobody else sees for so many seconds.

        A queue that does not exist holds none: the host makes the poison queue when it needs it.

        Raises:
            QueueUnavailable: it cannot be read.
        """
        async with self.queue.calling() as client:
            pages = client.receive_messages(
                messages_per_page=_MOST_TAKEN, max_messages=_MOST_TAKEN, visibility_timeout=seconds
            )
            try:
                return [
                    Received(message.id, message.content or "", message.pop_receipt or "")
                    async for message in pages
                ]
            except ResourceNotFoundError as error:
                if _code(error) != _MISSING_QUEUE:
                    raise
        return []

    async def peek(self) -> list[Received]:
        """Read up to 32 messages that show, without taking them.

        Raises:
            QueueUnavailable: it cannot be read.
        """
        async with self.queue.calling() as client:
            messages = await client.peek_messages(_MOST_TAKEN)
        return [Received(message.id, message.content or "", "") for message in messages]

    async def delete(self, message: Received) -> None:
        """Delete a message that was taken, unless it was taken anew by somebody else since.

        Raises:
            QueueUnavailable: it is not known to be deleted.
        """
        async with self.queue.calling() as client:
            with suppress(ResourceNotFoundError):
                await client.delete_message(message.id, message.pop_receipt)

    async def release(self, message: Received) -> None:
        """Let a message that was taken show again at once, unless somebody else has taken it.

        Raises:
            QueueUnavailable: it shows again when its time is over.
        """
        async with self.queue.calling() as client:
            with suppress(ResourceNotFoundError):
                await client.update_message(message.id, message.pop_receipt, visibility_timeout=0)

    async def backlog(self, now: datetime) -> Backlog:
        """Return how many messages wait, about, and the age in seconds of the first to be taken.

        Raises:
            QueueUnavailable: it cannot be told.
        """
        async with self.queue.calling() as client:
            properties = await client.get_queue_properties()
            first = await client.peek_messages(1)
        since = first[0].inserted_on if first else None
        age = (now - since).total_seconds() if since else 0
        return Backlog(properties.approximate_message_count or 0, max(0, round(age)))


def _code(error: AzureError) -> str:
    code = getattr(error, "error_code", None) or type(error).__name__
    return str(getattr(code, "value", code))
