"""How fast one worker calls Graph, so that all workers together stay just within its limits. Pure.

A *gate* closes after a 429: until it opens, calls are not made at all, and requests wait in their
queue. A *pace* holds a worker's own share of the tenant's limit for invitations. Workers know
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
# How many seconds' worth of turns may be taken at once after a pause.
BURST = 0.5
# How much closer invitations may follow one another than their turns did.
CATCHING_UP = 1.3
# What is told where Graph does not tell: no more than this is used.
TOLD_FROM = 0.8
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
UNTOLD = (0.5, 2.0)
# The longest wait for a turn; what would wait longer goes back to its queue.
MOST_WAIT = 10.0


class Gate:
    """Closed while Graph has said to wait.

    Args:
        clock: monotonic seconds.
        chance: from 0 to 1.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._clock, self._chance, self._opens = clock, chance, 0.0

    def close(self, retry_after: float | None) -> None:
        """Close after a 429."""
        low, high = UNTOLD
        seconds = low + self._chance() * (high - low) if retry_after is None else retry_after
        self._opens = max(self._opens, self._clock() + seconds)

    def remaining(self) -> float:
        """Return the seconds until it opens, 0 where it is open."""
        return max(0.0, self._opens - self._clock())


class Pace:
    """One worker's share of the limit for invitations.

    Args:
        clock: monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._share, self._growth = FIRST_SHARE, DOUBLING
        self._next = self._next_post = self._cut_again = 0.0
        # Whether Graph has ever said how much is used: it does so from TOLD_FROM on.
        self._told = False
        self._turns: deque[float] = deque()
        self._made: deque[float] = deque()
        self._refused: deque[float] = deque()

    def reserve(self, most_seconds: float = MOST_WAIT) -> float | None:
        """Reserve a turn; return the seconds until it comes, ``None`` where that is too long."""
        now = self._clock()
        while self._turns and self._turns[0] <= now - WINDOW:
            self._turns.popleft()
        share, turn = int(self._share), now
        if len(self._turns) >= share:
            turn = max(turn, self._turns[-share] + WINDOW)
        spacing = WINDOW / self._share if self._growth == RECOVERING else 0.0
        turn = max(turn, self._next)
        if turn - now > most_seconds:
            return None
        self._turns.append(turn)
        # Once the limit is near, turns are spread: bursts of several workers would add up.
        self._next = max(turn - BURST, self._next) + spacing
        return turn - now

    def smooth(self) -> float:
        """Return the seconds until the invitation itself may go: it is spaced anew right before.

        What lies between turn and invitation takes now longer, now shorter, so that several would
        go together; the limit is counted by their arrival.
        """
        now = self._clock()
        wait = max(0.0, self._next_post - now)
        if self._growth == RECOVERING:
            self._next_post = max(now, self._next_post) + WINDOW / self._share / CATCHING_UP
        return wait

    def give_back(self) -> None:
        """Give a turn back that was not used: the last one, so that the next comes sooner."""
        if self._turns:
            self._turns.pop()

    def made(self, used: float | None) -> None:
        """Note an invitation; ``used`` is how much of the limit Graph says is used, if it does."""
        now = self._clock()
        self._made.append(now)
        while self._made[0] <= now - WINDOW:
            self._made.popleft()
        self._told = self._told or used is not None
        if not self._told:
            # Growth by the window, paid out with each invitation; only a share in use grows.
            if len(self._made) > self._share / 2:
                self._share += self._growth * self._share / len(self._made)
            return
        self._growth = RECOVERING
        wanted = len(self._made) * TARGET / max(used or 0.0, TOLD_FROM)
        if used is not None or wanted > self._share:
            self._share = max(LEAST_SHARE, self._share + WEIGHT * (wanted - self._share))

    def refused(self) -> None:
        """Note a 429; a few of them among many are no reason to slow down."""
        now = self._clock()
        self._growth = RECOVERING
        self._refused.append(now)
        while self._refused[0] <= now - WINDOW:
            self._refused.popleft()
        many = len(self._refused) > TOLERATED * len(self._made)
        # Once a window: those that were under way together say the same.
        if many and now >= self._cut_again:
            self._cut_again = now + WINDOW
            # A worker that has just begun has made few, and may yet have its part of the limit.
            wanted = max(AFTER_429 * len(self._made), self._share * MOST_CUT)
            self._share = max(LEAST_SHARE, min(self._share, wanted))
