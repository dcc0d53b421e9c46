"""A value kept for some minutes, loaded once however many ask for it at the same time."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

T = TypeVar("T")
MOST_KEPT = 1000


@dataclass(slots=True)
class _Entry(Generic[T]):
    task: asyncio.Task[T]
    expires: float | None = None


class TtlCache(Generic[T]):
    """Keeps values by key; a value that failed to load, or is not worth keeping, is not kept.

    Args:
        seconds: how long a value is kept after it was loaded.
        worth_keeping: tells whether a loaded value may be kept.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        seconds: float,
        worth_keeping: Callable[[T], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seconds, self._worth_keeping, self._clock = seconds, worth_keeping, clock
        self._entries: dict[str, _Entry[T]] = {}

    async def get(self, key: str, load: Callable[[], Coroutine[object, object, T]]) -> T:
        """Return the value, loading it where it is missing or too old.

        Raises:
            Exception: whatever ``load`` raises, to everyone who waits for that load.
        """
        entry = self._entries.get(key)
        if entry is None or (entry.expires is not None and entry.expires <= self._clock()):
            entry = self._load(key, load)
        # One caller's time limit must not take the value away from the others.
        return await asyncio.shield(entry.task)

    def _load(self, key: str, load: Callable[[], Coroutine[object, object, T]]) -> _Entry[T]:
        entry = _Entry(asyncio.get_running_loop().create_task(load()))
        self._entries.pop(key, None)
        while len(self._entries) >= MOST_KEPT:
            del self._entries[next(iter(self._entries))]
        self._entries[key] = entry
        entry.task.add_done_callback(lambda task: self._settle(key, entry, task))
        return entry

    def _settle(self, key: str, entry: _Entry[T], task: asyncio.Task[T]) -> None:
        keep = not task.cancelled() and task.exception() is None
        if keep and self._worth_keeping(task.result()):
            entry.expires = self._clock() + self._seconds
        elif self._entries.get(key) is entry:
            del self._entries[key]
