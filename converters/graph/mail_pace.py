"""How fast one worker mails from one mailbox, and when it does not even try. Pure.

Exchange Online takes 30 messages a minute from a mailbox, and Outlook's API four requests at once;
workers know nothing of one another, so each halves its own share in a minute that brings a 429, and
takes half as much again in one that brings none. Messages that find no place come back one after
the other, as fast as places come, and not all at once.
Sources: "Exchange Online limits" (message rate limit), "Microsoft Graph service-specific throttling
limits" (Outlook service limits).
"""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING

from converters.graph.rate_limit import Cooldown

if TYPE_CHECKING:
    from collections.abc import Callable

# Seconds, and messages in them.
WINDOW, SHARE, LEAST_SHARE = 60.0, 30, 2
# How long a mailbox that refuses is left alone; then one message tries again.
REFUSED_SECONDS = 900.0


class MailPace:
    """One worker's share of what the mailbox takes.

    Args:
        clock: monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._share = clock, SHARE
        self._taken: deque[float] = deque()
        self._judged = self._announced = 0.0
        self._cooldown, self._refusal = Cooldown(clock), Cooldown(clock)

    def refused(self) -> float:
        """Return for how many seconds the mailbox is left alone, 0 where it is not."""
        return self._refusal.remaining()

    def take(self) -> float:
        """Take a place, and return 0; or return the seconds until one is likely to be free."""
        now = self._clock()
        while self._taken and self._taken[0] <= now - WINDOW:
            self._taken.popleft()
        if now >= self._judged + WINDOW:
            self._share = min(SHARE, self._share + self._share // 2)
            self._judged = now
        if len(self._taken) < self._share and not self._cooldown.remaining():
            self._taken.append(now)
            return 0.0
        first = now + self._cooldown.remaining()
        if len(self._taken) >= self._share:
            first = max(first, self._taken[-self._share] + WINDOW)
        self._announced = max(self._announced + WINDOW / self._share, first)
        return self._announced - now

    def give_back(self) -> None:
        """Let others have the place: no mail came of it."""
        if self._taken:
            self._taken.pop()

    def record_throttled(self, retry_after: float | None) -> None:
        """Note a 429, and how long the mailbox asks to be left alone."""
        now = self._clock()
        # Once a minute: those that were under way together say the same.
        if now >= self._judged + WINDOW or self._share == SHARE:
            self._share, self._judged = max(LEAST_SHARE, self._share // 2), now
        self._cooldown.start(retry_after)

    def record_refused(self) -> None:
        """Note that the mailbox takes nothing from this application."""
        self._refusal.start(REFUSED_SECONDS)
