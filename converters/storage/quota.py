"""The day's limit of invitations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from converters.storage.clock import ServiceClock
    from converters.storage.queues import Queue


@dataclass(frozen=True, slots=True)
class Quota:
    """Counts a day's invitations, for all workers together: one message each, gone at midnight UTC.

    Azure never reports fewer messages than a queue holds, so the limit is never exceeded, whoever
    counts at the same time; it can report more for a while, and then a request waits needlessly.
    Source: "Get Queue Metadata (REST API)".
    """

    queue: Queue
    clock: ServiceClock

    async def reserve(self, limit: int) -> bool:
        """Take one of the day's invitations; tell whether there was one left.

        Raises:
            QueueUnavailable: it cannot be told.
        """
        now = self.clock.utc()
        midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        lifetime = max(1, int((midnight - now).total_seconds()))
        return await self.queue.reserve(lifetime, limit)
