"""Replication: for a while, reads show a directory object as it was before a write.

"Reads lag behind writes by seconds to minutes": Graph answers from replicas that catch up later.
"""

from __future__ import annotations

import copy
import time
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.graph.schema import Json


class Replica:
    """What reads see of the objects that were written a moment ago.

    Attributes:
        lag_ms: how long a write stays unseen; 0 for not at all.
        clock: seconds that only grow.
    """

    def __init__(self, lag_ms: int = 0, clock: Callable[[], float] = time.monotonic) -> None:
        self.lag_ms, self.clock = lag_ms, clock
        self._before: dict[str, deque[tuple[float, Json | None]]] = {}

    def write(self, object_id: str, before: Json | None) -> None:
        """Note a write, and what the object was before it; ``None`` if it is new."""
        if self.lag_ms:
            seen_from = self.clock() + self.lag_ms / 1000
            waiting = self._before.setdefault(object_id, deque())
            waiting.append((seen_from, copy.deepcopy(before)))

    def seen(self, object_id: str, now: Json) -> Json | None:
        """Return an object as reads show it; ``None`` while they do not show it at all."""
        waiting = self._before.get(object_id)
        if not waiting:
            return now
        while waiting and waiting[0][0] <= self.clock():
            waiting.popleft()
        return waiting[0][1] if waiting else now
