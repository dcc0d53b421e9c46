"""One look at an invited user: a single small read, shared in a ``$batch`` with others."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from converters.graph.standing_reads import standing

if TYPE_CHECKING:
    from converters.graph.client import Graph
    from converters.model.facts import Unread
    from converters.model.redemption import Standing
    from converters.model.trace import Trace

    Waiter = asyncio.Future[Standing | None | Unread]

# "Combine multiple HTTP requests using JSON batching".
MOST_IN_BATCH = 20


@dataclass(frozen=True, slots=True)
class _Look:
    user_id: str
    trace: Trace
    waiter: Waiter


class Looker:
    """Takes looks; one per worker. What is asked for while a batch is away shares the next."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._waiting: deque[_Look] = deque()
        self._sending: asyncio.Task[None] | None = None

    async def look(self, user_id: str, trace: Trace) -> Standing | Unread | None:
        """Return how a user stands, ``None`` for no such user.

        Raises:
            GraphUnavailable: Graph did not answer for now.
        """
        waiter: Waiter = asyncio.get_running_loop().create_future()
        self._waiting.append(_Look(user_id.lower(), trace, waiter))
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._send_all())
        return await waiter

    async def _send_all(self) -> None:
        while self._waiting:
            looks = [self._waiting.popleft() for _ in range(min(MOST_IN_BATCH, len(self._waiting)))]
            await self._send([look for look in looks if not look.waiter.done()])

    async def _send(self, looks: list[_Look]) -> None:
        """Send one batch; how it fails is everybody's answer."""
        if not looks:
            return
        reads = {look.user_id: standing(look.user_id) for look in looks}
        sent = await asyncio.gather(
            self._graph.read(tuple(reads.values()), looks[0].trace), return_exceptions=True
        )
        for look in looks:
            if look.waiter.done():
                continue
            if isinstance(sent[0], BaseException):
                look.waiter.set_exception(sent[0])
            else:
                look.waiter.set_result(sent[0].fact(reads[look.user_id]))
