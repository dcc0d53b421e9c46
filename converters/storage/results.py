"""Where outcomes are told: the results queue, and the queues of those who take only their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from converters.storage.queues import Queue


@dataclass(frozen=True, slots=True)
class Results:
    """The queues of outcomes; one per worker.

    A queue has one consumer, so each outcome goes into exactly one of them.

    Attributes:
        default: of every outcome that no route takes.
        routes: the queues of outcomes whose request's id begins so.
    """

    default: Queue
    routes: tuple[tuple[str, Queue], ...] = ()

    def of(self, request_id: str) -> Queue:
        """Return the queue of a request's outcomes."""
        for prefix, queue in self.routes:
            if request_id.startswith(prefix):
                return queue
        return self.default

    async def check(self) -> None:
        """Return if every one of them can be reached.

        Raises:
            QueueUnavailable: one cannot.
        """
        for queue in (self.default, *(queue for _, queue in self.routes)):
            await queue.check()
