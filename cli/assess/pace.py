"""How fast a report reads: never so fast that the service beside it has to wait."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from converters.graph.responses import Response

# Sent along, so that Graph throttles this before anything else of the tenant's.
HEADERS = {"x-ms-throttle-priority": "low"}
# From this share of the limit on it slows down; at the whole limit it waits so many seconds.
SLOW_FROM, AT_LIMIT_SECONDS = 0.8, 5.0
FIRST_SECONDS, MOST_SECONDS = 1.0, 60.0


class Pace:
    """Holds every call back until its time has come.

    Args:
        clock: seconds that only grow.
        rest: waits so many seconds.

    Attributes:
        waited: how long calls were held back, seconds.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        rest: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._clock, self._rest = clock, rest
        self._not_before = 0.0
        self.waited = 0.0

    async def turn(self) -> None:
        """Wait until the next call may be made."""
        while (seconds := self._not_before - self._clock()) > 0:
            self.waited += seconds
            await self._rest(seconds)

    def heard(self, answer: Response) -> None:
        """Slow down where an answer says that the limit is near."""
        used = answer.limit_used
        if used is not None and used >= SLOW_FROM:
            share = min((used - SLOW_FROM) / (1 - SLOW_FROM), 1.0)
            self.hold(AT_LIMIT_SECONDS * share)

    def refused(self, retry_after: float | None, failures: int) -> None:
        """Hold calls back as Graph asks, or ever longer where it does not say."""
        by_itself = min(FIRST_SECONDS * 2**failures, MOST_SECONDS)
        self.hold(by_itself if retry_after is None else retry_after)

    def hold(self, seconds: float) -> None:
        """Make no call for so many seconds from now."""
        self._not_before = max(self._not_before, self._clock() + seconds)
