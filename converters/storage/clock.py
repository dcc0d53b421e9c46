"""The storage service's clock, by which workers agree on how long ago something was.

A worker's own clock can be wrong, and can jump while a request waits: doubt about an invitation
would then end too early, and retries too early or never. Every answer of the storage service says
what time it is there, and between two answers the monotonic clock goes on.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

# Seconds: the fraction, and as much again for an answer that took its time.
_CUT_OFF = 2.0


class ServiceClock:
    """Tells the time as the storage service last told it; one per worker.

    Args:
        wall: this machine's clock, seconds since 1970; used until the service has told its own.
        monotonic: seconds, likewise.
    """

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wall, self._monotonic = wall, monotonic
        self._offset: float | None = None

    def observe(self, date: str) -> None:
        """Take over the time from an answer's ``Date`` header; what is no date changes nothing."""
        try:
            told = parsedate_to_datetime(date)
        except ValueError:
            return
        offset = told.timestamp() - self._monotonic()
        # The header cuts fractions off, so the largest of what is told is the truest; what differs
        # by more than that is another time.
        if self._offset is None or not self._offset - _CUT_OFF <= offset <= self._offset:
            self._offset = offset

    def now(self) -> float:
        """Return the seconds since 1970."""
        return self._wall() if self._offset is None else self._offset + self._monotonic()

    def utc(self) -> datetime:
        """Return the same as a date and time in UTC."""
        return datetime.fromtimestamp(self.now(), UTC)
