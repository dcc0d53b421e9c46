"""What a path needs, what it costs, and what answers it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from local.graph.query import Query
from local.graph.schema import Json

if TYPE_CHECKING:
    import re
    from collections.abc import Sequence

Handler: TypeAlias = Callable[[Query], Json | None]
# Sets of application permissions, one of which has to be granted as a whole.
Permissions: TypeAlias = tuple[frozenset[str], ...]


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one path.

    Attributes:
        method: in upper case.
        segments: of the path, each a text or a pattern; what its group finds is an argument.
        handler: what answers.
        permissions: what the application needs.
        status: of success.
        kind: which limit it counts against.
        units: resource units, one fewer with ``$select``.
    """

    method: str
    segments: tuple[str | re.Pattern[str], ...]
    handler: Handler
    permissions: Permissions
    status: int = 200
    kind: str = "read"
    units: int = 1

    def arguments(self, segments: Sequence[str]) -> list[str] | None:
        """Return what the path's segments stand for; ``None`` if it is another path."""
        if len(segments) != len(self.segments):
            return None
        found: list[str] = []
        for wanted, segment in zip(self.segments, segments, strict=True):
            if isinstance(wanted, str):
                if wanted != segment:
                    return None
            elif match := wanted.fullmatch(segment):
                found += match.groups()
            else:
                return None
        return found
