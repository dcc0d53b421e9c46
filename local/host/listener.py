"""One function's queue: fetches messages, has the worker run them, and settles how each ended.

Source: "Azure Queue storage trigger for Azure Functions" (polling algorithm, concurrency, poison
messages) and the Storage Queues extension's QueueListener and QueueProcessor.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import time
from typing import TYPE_CHECKING

from azure.core.exceptions import AzureError, HttpResponseError, ResourceNotFoundError

from local.host.app import POISON_SUFFIX
from local.host.errors import InvocationError
from local.host.lease import Lease, renew_all
from local.host.metadata import given
from local.host.polling import Backoff
from local.host.refusals import first_line, passes, theirs

if TYPE_CHECKING:
    from collections.abc import Callable

    from azure.storage.queue import QueueMessage
    from azure.storage.queue.aio import QueueServiceClient

    from local.host.runner import Runner
    from local.host.settings import HostSettings
    from local.host.tally import Tally
    from local.host.triggers import QueueTrigger
    from local.host.worker import Worker

logger = logging.getLogger(__name__)


class Listener:
    """Plays one queue trigger.

    Args:
        trigger: which function is to run, and whose messages it gets.
        service: where its queue is, and the poison queue beside it.
        settings: the host's.
        worker: what runs the function.
        tally: where each ending is counted.
        fail: called with what storage answers that the host does not survive.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - what a trigger is made of
        self,
        trigger: QueueTrigger,
        service: QueueServiceClient,
        settings: HostSettings,
        worker: Worker | Runner,
        tally: Tally,
        fail: Callable[[AzureError], None],
    ) -> None:
        self._function, self._fail = trigger.name, fail
        # Without an encoding policy, so that texts come as they are: the SDK's own would raise out
        # of the receive loop at the first one that is not base64.
        self._queue = service.get_queue_client(trigger.queue)
        self._poison = service.get_queue_client(f"{trigger.queue}{POISON_SUFFIX}")
        self._settings, self._worker, self._tally = settings, worker, tally
        self._in_flight: dict[asyncio.Task[None], Lease] = {}
        self._stopping = asyncio.Event()
        # Set whenever a message has landed, or none is awaited any more.
        self._landed = asyncio.Event()

    async def run(self) -> None:
        """Fetch and start messages until stopped, or until storage refuses for good.

        Return once those in flight have landed.
        """
        renewals = asyncio.create_task(
            renew_all(self._in_flight.values, self._settings, lambda: self._tally.add("renewed"))
        )
        backoff = Backoff(self._settings.max_polling_interval)
        try:
            while not self._stopping.is_set():
                messages = await self._fetch()
                for message in messages:
                    self._start(message)
                if messages:
                    backoff.found()
                    await self._until_below_threshold()
                else:
                    await self._pause(backoff.next())
            await self.until_landed()
        except AzureError as error:
            self._fail(error)
            await self.until_landed()
        finally:
            renewals.cancel()

    def stop(self) -> None:
        """Fetch no more."""
        self._stopping.set()
        self._landed.set()

    def abandon(self) -> int:
        """Cancel what is in flight; return how many messages come back when their leases end."""
        for task in self._in_flight:
            task.cancel()
        return len(self._in_flight)

    async def _fetch(self) -> list[QueueMessage]:
        """Take up to a batch; a queue that is missing, or a service that is busy, gives none.

        Raises:
            AzureError: anything else, as a role that is missing or a network that is down.
        """
        size = self._settings.batch_size
        pages = self._queue.receive_messages(
            messages_per_page=size,
            max_messages=size,
            visibility_timeout=int(self._settings.lease.total_seconds()),
        ).by_page()
        try:
            async for page in pages:
                return [message async for message in page]
        except HttpResponseError as error:
            if not passes(error):
                raise
            logger.warning("%s cannot be read: %s", self._queue.queue_name, first_line(error))
        return []

    def _start(self, message: QueueMessage) -> None:
        loop = asyncio.get_running_loop()
        renew_at = loop.time() + self._settings.renewal.total_seconds()
        lease = Lease(self._queue, message, renew_at)
        task = loop.create_task(self._process(lease))
        self._in_flight[task] = lease
        task.add_done_callback(self._land)

    def _land(self, task: asyncio.Task[None]) -> None:
        del self._in_flight[task]
        if task.cancelled():
            self._tally.add("lost")
        self._landed.set()

    async def _until_below_threshold(self) -> None:
        while len(self._in_flight) > self._settings.threshold and not self._stopping.is_set():
            self._landed.clear()
            await self._landed.wait()

    async def until_landed(self) -> None:
        """Return once nothing is in flight."""
        while self._in_flight:
            self._landed.clear()
            await self._landed.wait()

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return

    async def _process(self, lease: Lease) -> None:
        """Bring one message to its end; what storage refuses is the end of the host."""
        message = lease.message
        try:
            body = self._body(message)
            if body is None:
                await self._move_to_poison(lease, "its text is not base64")
            elif (message.dequeue_count or 0) > self._settings.max_dequeue_count:
                await self._move_to_poison(lease, "it was taken too often, so workers died of it")
            else:
                await self._invoke(lease, body)
        except AzureError as error:
            self._tally.add("lost")
            self._fail(error)

    def _body(self, message: QueueMessage) -> bytes | None:
        text = message.content or ""
        if self._settings.message_encoding == "none":
            return text.encode()
        try:
            return base64.b64decode("".join(text.split()), validate=True)
        except ValueError:
            return None

    async def _invoke(self, lease: Lease, body: bytes) -> None:
        name, message = self._function, lease.message
        logger.info("%s started: message %s, try %d", name, message.id, message.dequeue_count)
        began = time.perf_counter()
        try:
            await self._worker.invoke(name, given(message, _text(body)))
        except InvocationError as error:
            logger.error(  # noqa: TRY400 (no trace of it)
                "%s failed in %.0f ms: message %s, try %s: %s",
                *(name, (time.perf_counter() - began) * 1000, message.id, message.dequeue_count),
                error,
            )
            logger.debug("%s failed:\n%s", name, error.trace)
            await self._give_back(lease)
        else:
            duration = (time.perf_counter() - began) * 1000
            with theirs():
                await lease.delete()
            logger.info("%s succeeded in %.0f ms: message %s", name, duration, message.id)
            self._tally.add("succeeded")

    async def _give_back(self, lease: Lease) -> None:
        if (lease.message.dequeue_count or 0) >= self._settings.max_dequeue_count:
            await self._move_to_poison(lease, "its last try failed")
        else:
            with theirs():
                await lease.release(int(self._settings.visibility_timeout.total_seconds()))
        self._tally.add("failed")

    async def _move_to_poison(self, lease: Lease, why: str) -> None:
        text = lease.message.content or ""
        try:
            await self._poison.send_message(text)
        except ResourceNotFoundError:
            await self._poison.create_queue()
            await self._poison.send_message(text)
        with theirs():
            await lease.delete()
        logger.warning("message %s moved to %s: %s", lease.message.id, self._poison.queue_name, why)
        self._tally.add("poisoned")


def _text(body: bytes) -> str:
    """Return the text to which the host binds a message; other bytes never reach the function."""
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise InvocationError.of(error) from error
