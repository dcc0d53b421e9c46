"""What is noted down about one invocation while it runs: ids and durations, nothing personal."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(slots=True)
class Trace:
    """One invocation's notes.

    Attributes:
        correlation_id: a GUID, sent to Graph as ``client-request-id`` with every call.
        request_id: the request's own id, as soon as it is known.
        user_id: the object id of the user it is about, likewise.
        event: whether an event of the directory's brought it.
        graph_request_ids: Graph's own ids of those calls, as they came.
        milliseconds: how long each step took.
    """

    correlation_id: str
    request_id: str | None = None
    user_id: str | None = None
    event: bool = False
    graph_request_ids: list[str] = field(default_factory=list)
    milliseconds: dict[str, int] = field(default_factory=dict)

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Note how long a step takes, however it ends."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.milliseconds[step] = round((time.perf_counter() - started) * 1000)
