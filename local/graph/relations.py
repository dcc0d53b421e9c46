"""Who is whose sponsor or manager, whose password was set, whose sessions were ended."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from local.graph.schema import Json


class Relations:
    """Who is whose sponsor or manager, whose password was set, whose sessions were ended.

    Args:
        description: of the tenant.

    Attributes:
        sponsors, managers: ids by the user's id.
        passwords: how many were set, by the user's id; what they are is kept nowhere.
        revocations: ids of users, in the order of the calls.
    """

    def __init__(self, description: Json) -> None:
        self.sponsors: dict[str, list[str]] = defaultdict(list)
        self.sponsors.update(description.get("sponsors", {}))
        self.managers: dict[str, str] = dict(description.get("managers", {}))
        self.passwords: dict[str, int] = defaultdict(int)
        self.revocations: list[str] = []
