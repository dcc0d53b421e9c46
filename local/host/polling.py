"""How long to wait before an empty queue is asked again."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

MINIMUM_SECONDS = 0.1


class Backoff:
    """The extension's randomised exponential back-off; all times in seconds.

    The first wait after a message was found is 0.1; then 0.1 + jitter * 2^(n-1) * 0.1, up to
    the maximum. Source: "Azure Queue storage trigger for Azure Functions" (polling algorithm) and
    the extension's RandomizedExponentialBackoffStrategy.

    Args:
        maximum: the longest wait.
        jitter: returns a factor between 0.8 and 1.2.
    """

    def __init__(self, maximum: timedelta, jitter: Callable[[], float] | None = None) -> None:
        self._maximum = maximum.total_seconds()
        self._jitter = jitter or (lambda: random.uniform(0.8, 1.2))  # noqa: S311 (spreads polls)
        self._exponent = 0
        self._current = 0.0

    def found(self) -> None:
        """Start again from the minimum: the queue had a message."""
        self._exponent = 0
        self._current = 0.0

    def next(self) -> float:
        """Return the next wait after finding the queue empty."""
        if self._current < self._maximum:
            wait = MINIMUM_SECONDS
            if self._exponent:
                wait += self._jitter() * 2 ** (self._exponent - 1) * MINIMUM_SECONDS
            self._exponent += 1
            self._current = min(wait, self._maximum)
        return self._current
