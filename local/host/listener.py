"""One function's queue: fetches messages, has the worker run them, and settles how each ended.

Source: "Azure Queue storage trigger for Azure Functions" (polling algorithm, concurrency, poison
messages) and the Storage Queues extension's QueueListener and QueueProcessor.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from azure.core.exceptions import AzureError, ResourceNotFoundError

from local.host.app import POISON_SUFFIX
from local.host.errors import WorkerRestartedError
from local.host.lease import Lease, renew_all
from local.host.metadata import trigger_message
from local.host.polling import Backoff

if TYPE_CHECKING:
    from azure.storage.queue import QueueMessage
    from azure.storage.queue.aio import QueueServiceClient

    from local.host.app import QueueFunction
    from local.host.settings import HostSettings
    from local.host.tally import Tally
    from local.host.worker import Worker

logger = logging.getLogger(__name__)


class Listener:
    """Plays one queue trigger.

    Args:
        function: what to run.
        service: where its queue is, and the poison queue beside it.
        settings: the host's.
        worker: what runs the function.
        tally: where each ending is counted.
    """

    def __init__(
        self,
        function: QueueFunction,
        service: QueueServiceClient,
        settings: HostSettings,
        worker: Worker,
        tally: Tally,
    ) -> None:
        self._function = function
        # Without an encoding policy, so that texts come as they are: the SDK's own would raise out
        # of the receive loop at the first one that is not base64.
        self._queue = service.get_queue_client(function.queue)
        self._poison = service.get_queue_client(f"{function.queue}{POISON_SUFFIX}")
        self._settings, self._worker, self._tally = settings, worker, tally
        self._in_flight: dict[asyncio.Task[None], Lease] = {}
        self._stopping = asyncio.Event()
        # Set whenever a message has landed, or none is awaited any more.
        self._landed = asyncio.Event()

    async def run(self) -> None:
        """Fetch and start messages until stopped; return once those in flight have landed."""
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
            await self._until_landed()
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
        """Take up to a batch; a queue that cannot be read counts as an empty one."""
        size = self._settings.batch_size
        pages = self._queue.receive_messages(
            messages_per_page=size,
            max_messages=size,
            visibility_timeout=int(self._settings.lease.total_seconds()),
        ).by_page()
        try:
            async for page in pages:
                return [message async for message in page]
        except AzureError as error:
            logger.warning("%s cannot be read: %s", self._function.queue, _first_line(error))
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

    async def _until_landed(self) -> None:
        while self._in_flight:
            self._landed.clear()
            await self._landed.wait()

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return

    async def _process(self, lease: Lease) -> None:
        """Bring one message to its end; storage that refuses leaves it to its lease's end."""
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
            logger.error(  # noqa: TRY400 (one line; the trace is the SDK's own)
                "%s: message %s not settled, it comes back when its lease ends: %s",
                *(self._function.name, message.id, _first_line(error)),
            )

    def _body(self, message: QueueMessage) -> bytes | None:
        text = message.content or ""
        if self._settings.message_encoding == "none":
            return text.encode()
        try:
            return base64.b64decode("".join(text.split()), validate=True)
        except ValueError:
            return None

    async def _invoke(self, lease: Lease, body: bytes) -> None:
        name, message = self._function.name, lease.message
        logger.info("%s started: message %s, try %d", name, message.id, message.dequeue_count)
        began = time.perf_counter()
        try:
            # The host binds a message to text: bytes that are not UTF-8 fail before the function.
            await self._worker.invoke(
                self._function, lambda: trigger_message(message, body.decode())
            )
        except WorkerRestartedError:
            logger.error("%s lost: message %s", name, message.id)  # noqa: TRY400 (no trace of it)
            self._tally.add("lost")
        except Exception as error:  # noqa: BLE001 (whatever a function raises is a failed invocation)
            self._log_failure(message, error, time.perf_counter() - began)
            await self._give_back(lease)
        else:
            duration = (time.perf_counter() - began) * 1000
            await lease.delete()
            logger.info("%s succeeded in %.0f ms: message %s", name, duration, message.id)
            self._tally.add("succeeded")

    def _log_failure(self, message: QueueMessage, error: Exception, seconds: float) -> None:
        """Log type and place, not the text: that may hold what was in the message."""
        frame = traceback.extract_tb(error.__traceback__)[-1]
        logger.error(
            "%s failed in %.0f ms: message %s, try %s: %s (%s, line %s)",
            *(self._function.name, seconds * 1000, message.id, message.dequeue_count),
            *(type(error).__name__, Path(frame.filename).name, frame.lineno),
        )
        logger.debug("%s failed", self._function.name, exc_info=error)

    async def _give_back(self, lease: Lease) -> None:
        if (lease.message.dequeue_count or 0) >= self._settings.max_dequeue_count:
            await self._move_to_poison(lease, "its last try failed")
        else:
            await lease.release(int(self._settings.visibility_timeout.total_seconds()))
        self._tally.add("failed")

    async def _move_to_poison(self, lease: Lease, why: str) -> None:
        text = lease.message.content or ""
        try:
            await self._poison.send_message(text)
        except ResourceNotFoundError:
            await self._poison.create_queue()
            await self._poison.send_message(text)
        await lease.delete()
        logger.warning("message %s moved to %s: %s", lease.message.id, self._poison.queue_name, why)
        self._tally.add("poisoned")


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0]
