"""Counts how things ended, and lets a caller wait for a count instead of for the clock."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Literal

Ending = Literal["succeeded", "failed", "poisoned", "lost", "renewed", "timer ran", "timer failed"]


class Tally:
    """What has happened so far.

    ``succeeded``: the function returned and the message is deleted. ``failed``: it raised, and the
    message is back in its queue or, after the last try, ``poisoned``: in the poison queue.
    ``lost``: abandoned, or storage refused; the message comes back when its lease ends.
    ``renewed``: a lease was prolonged. ``timer ran`` and ``timer failed`` are a timer's runs.
    """

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._waiting: dict[asyncio.Future[None], dict[str, int]] = {}

    def __getitem__(self, ending: Ending) -> int:
        return self._counts[ending]

    def add(self, ending: Ending) -> None:
        """Count one, and wake who waited for it."""
        self._counts[ending] += 1
        for future, least in self._waiting.items():
            if not future.done() and self._reached(least):
                future.set_result(None)

    async def until(self, **least: int) -> None:
        """Return once each named count is at least the given number; wait for ever if need be."""
        if self._reached(least):
            return
        future = asyncio.get_running_loop().create_future()
        self._waiting[future] = least
        try:
            await future
        finally:
            del self._waiting[future]

    def _reached(self, least: dict[str, int]) -> bool:
        return all(self._counts[name] >= number for name, number in least.items())
