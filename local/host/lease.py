"""A taken message: nobody else sees it until its lease ends, so the lease is renewed in time.

Source: "Azure Queue storage trigger for Azure Functions" (a message is taken for ten minutes,
renewed every five) and "Update Message" and "Delete Message" of the Queue service's REST API.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from azure.core.exceptions import AzureError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from azure.storage.queue import QueueMessage
    from azure.storage.queue.aio import QueueClient

    from local.host.settings import HostSettings

logger = logging.getLogger(__name__)


class Lease:
    """The right to delete or release one message, whose receipt changes with every renewal.

    Args:
        queue: where the message is.
        message: as it was received.
        renew_at: when to renew it, in seconds of the event loop's clock.
    """

    def __init__(self, queue: QueueClient, message: QueueMessage, renew_at: float) -> None:
        self.message = message
        self.renew_at = renew_at
        self._queue = queue
        self._receipt = message.pop_receipt
        self._ended = False
        # A renewal and an end must not cross: either makes the other's receipt worthless.
        self._receipt_lock = asyncio.Lock()

    async def delete(self) -> None:
        """Delete the message."""
        async with self._receipt_lock:
            self._ended = True
            await self._queue.delete_message(self.message.id, self._receipt)

    async def release(self, seconds: int) -> None:
        """Make the message visible again, at once or in some seconds."""
        async with self._receipt_lock:
            self._ended = True
            await self._queue.update_message(
                self.message.id, self._receipt, visibility_timeout=seconds
            )

    async def renew(self, seconds: int) -> bool:
        """Keep the message for so many seconds from now; tell whether it was still held."""
        async with self._receipt_lock:
            if self._ended:
                return False
            updated = await self._queue.update_message(
                self.message.id, self._receipt, visibility_timeout=seconds
            )
            self._receipt = updated.pop_receipt
            return True


async def renew_all(
    leases: Callable[[], Collection[Lease]], settings: HostSettings, renewed: Callable[[], None]
) -> None:
    """Renew each lease when it is due, until cancelled: one task for however many messages.

    Args:
        leases: returns those held now.
        settings: for how long, and when again.
        renewed: called after each renewal.
    """
    clock = asyncio.get_running_loop().time
    interval, seconds = settings.renewal.total_seconds(), int(settings.lease.total_seconds())
    while True:
        # A message that is taken after this line is not due before the wait is over.
        due = min((lease.renew_at for lease in leases()), default=clock() + interval)
        await asyncio.sleep(max(0, due - clock()))
        for lease in [lease for lease in leases() if lease.renew_at <= clock()]:
            lease.renew_at = clock() + interval
            try:
                if await lease.renew(seconds):
                    renewed()
            except AzureError as error:
                logger.warning("message %s: lease not renewed: %s", lease.message.id, error)
