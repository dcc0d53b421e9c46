"""How fast one worker calls Graph, so that all workers together stay just within its limits. Pure.

After a 429 there is a *cooldown*: calls are not made at all, and requests wait in their queue. A
*rate limiter* holds a worker's own share of the tenant's limit for invitations. Workers know
nothing of one another; what they share is what Graph tells each: how much of the limit is used
(``x-ms-throttle-limit-percentage``, from 0.8), or a 429. Each scales its own share by that.
Source: "Microsoft Graph throttling guidance", "Microsoft Graph service-specific throttling limits".
"""

from __future__ import annotations

import random
import time
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

# The window of Graph's limit for invitations, seconds.
WINDOW = 5.0
# How much of the limit all workers together aim at; the rest is for what they cannot know.
TARGET = 0.955
# How many seconds' worth of places may be taken at once after a pause.
BURST = 0.5
# How much closer invitations may follow one another than their places did.
CATCHING_UP = 1.3
# What is assumed where Graph says nothing: no more than this is used.
REPORTED_FROM = 0.8
# How a worker begins: alone. Its share doubles each window in which it is used and nothing is heard
# of the limit.
FIRST_SHARE, LEAST_SHARE = 120.0, 2.0
DOUBLING, RECOVERING, AFTER_429 = 1.0, 0.05, 0.9
# The most that one window takes from a share.
MOST_CUT = 0.5
# Of the invitations in a window, so many may meet a 429.
TOLERATED = 0.03
# An answer's word on the limit moves the share a little: a dozen of them are one window's.
WEIGHT = 0.1
# A 429 at /invitations may come without Retry-After: then somewhere in here, seconds.
WITHOUT_RETRY_AFTER = (0.5, 2.0)
# The longest wait for a place; what would wait longer goes back to its queue.
MOST_WAIT = 10.0


class Cooldown:
    """The time after a 429 in which Graph has asked not to be called (``Retry-After``).

    Args:
        clock: monotonic seconds.
        chance: from 0 to 1.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._clock, self._chance, self._ends = clock, chance, 0.0

    def start(self, retry_after: float | None) -> None:
        """Start after a 429; one that lasts longer already goes on."""
        low, high = WITHOUT_RETRY_AFTER
        seconds = low + self._chance() * (high - low) if retry_after is None else retry_after
        self._ends = max(self._ends, self._clock() + seconds)

    def remaining(self) -> float:
        """Return the seconds until calls may be made again, 0 where they may."""
        return max(0.0, self._ends - self._clock())


class Reservation:
    """One invitation's place in the limit; cancelled where no invitation came of it."""

    def __init__(self, limiter: RateLimiter) -> None:
        self._limiter, self._is_used = limiter, False

    def use(self) -> None:
        """Note that the invitation is being sent."""
        self._is_used = True

    def cancel(self) -> None:
        """Let others have the place, if no invitation was sent."""
        if not self._is_used:
            self._limiter.cancel_last()


class RateLimiter:
    """One worker's share of the limit for invitations: a sliding window that adapts.

    Args:
        clock: monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._share, self._growth = FIRST_SHARE, DOUBLING
        self._next = self._next_post = self._cut_again = 0.0
        # Whether Graph has ever said how much is used: it does so from REPORTED_FROM on.
        self._usage_is_known = False
        self._reserved: deque[float] = deque()
        self._sent: deque[float] = deque()
        self._throttled: deque[float] = deque()

    @property
    def share(self) -> float:
        """Invitations that this worker may send in a window, as it knows by now."""
        return self._share

    def reserve(self, most_seconds: float = MOST_WAIT) -> float | None:
        """Reserve a place; return the seconds until it comes, ``None`` where that is too long."""
        now = self._clock()
        while self._reserved and self._reserved[0] <= now - WINDOW:
            self._reserved.popleft()
        share, place = int(self._share), now
        if len(self._reserved) >= share:
            place = max(place, self._reserved[-share] + WINDOW)
        spacing = WINDOW / self._share if self._growth == RECOVERING else 0.0
        place = max(place, self._next)
        if place - now > most_seconds:
            return None
        self._reserved.append(place)
        # Once the limit is near, places are spread: bursts of several workers would add up.
        self._next = max(place - BURST, self._next) + spacing
        return place - now

    def spacing(self) -> float:
        """Return the seconds until the invitation itself may go: it is spaced anew right before.

        What lies between reservation and invitation takes now longer, now shorter, so that several
        would go together; the limit is counted by their arrival.
        """
        now = self._clock()
        wait = max(0.0, self._next_post - now)
        if self._growth == RECOVERING:
            self._next_post = max(now, self._next_post) + WINDOW / self._share / CATCHING_UP
        return wait

    def cancel_last(self) -> None:
        """Cancel a reservation that was not used: the last one, so that the next comes sooner."""
        if self._reserved:
            self._reserved.pop()

    def record_sent(self, used: float | None) -> None:
        """Note an invitation; ``used`` is how much of the limit Graph says is used, if it does."""
        self._sent.append(self._clock())
        self._forget()
        self._usage_is_known = self._usage_is_known or used is not None
        if not self._usage_is_known:
            # Growth by the window, paid out with each invitation; only a share in use grows.
            if len(self._sent) > self._share / 2:
                self._share += self._growth * self._share / len(self._sent)
            return
        self._growth = RECOVERING
        wanted = len(self._sent) * TARGET / max(used or 0.0, REPORTED_FROM)
        if used is not None or wanted > self._share:
            self._share = max(LEAST_SHARE, self._share + WEIGHT * (wanted - self._share))

    def record_throttled(self) -> None:
        """Note a 429; a few of them among many are no reason to slow down."""
        now = self._clock()
        self._growth = RECOVERING
        self._throttled.append(now)
        self._forget()
        many = len(self._throttled) > TOLERATED * len(self._sent)
        # Once a window: those that were under way together say the same.
        if many and now >= self._cut_again:
            self._cut_again = now + WINDOW
            # A worker that has just begun has made few, and may yet have its part of the limit.
            wanted = max(AFTER_429 * len(self._sent), self._share * MOST_CUT)
            self._share = max(LEAST_SHARE, min(self._share, wanted))

    def _forget(self) -> None:
        """Forget what is older than the window."""
        oldest = self._clock() - WINDOW
        for noted in (self._sent, self._throttled):
            while noted and noted[0] <= oldest:
                noted.popleft()
