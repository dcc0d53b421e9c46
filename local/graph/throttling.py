"""Graph's limits ("Microsoft Graph service-specific throttling limits")."""

from __future__ import annotations

import math
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local.graph.camel import attributes
from local.graph.errors import GraphError

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.graph.schema import Json

# Resource units of reads by the number of users: fewer than 50, up to 500, more.
_UNITS_BY_USERS = ((50, 3500), (501, 5000))
_UNITS_OF_LARGE = 8000
_WARNS_FROM = 0.8


@dataclass(frozen=True, slots=True)
class Limits:
    """What may be done within how many seconds.

    Attributes:
        invitations, invitation_seconds: invitations of the tenant, of all its applications.
        writes, write_seconds: writes of the identity service.
        read_units, read_seconds: resource units of reads; ``None`` goes by the tenant's size.
        reports, report_seconds: requests of the reporting APIs.
    """

    invitations: int = 150
    invitation_seconds: float = 5
    writes: int = 3000
    write_seconds: float = 150
    read_units: int | None = None
    read_seconds: float = 10
    reports: int = 5
    report_seconds: float = 10

    @classmethod
    def read(cls, entry: Json) -> Limits:
        """Return limits from JSON, the attributes in camel case.

        Raises:
            ValueError: naming what it does not know.
        """
        return cls(**attributes(cls, entry))


class _Window:
    """What was used in the last seconds."""

    def __init__(self) -> None:
        self._taken: deque[tuple[float, int]] = deque()
        self._used = 0

    def take(self, units: int, limit: int, seconds: float, now: float) -> tuple[float, float]:
        """Take units; return the share in use, and the seconds to wait if it was refused."""
        while self._taken and self._taken[0][0] <= now - seconds:
            self._used -= self._taken.popleft()[1]
        if self._used + units > limit:
            oldest = self._taken[0][0] if self._taken else now
            return 1.0, oldest + seconds - now
        self._taken.append((now, units))
        self._used += units
        return self._used / limit, 0.0


class Throttle:
    """Counts what is used and refuses what is too much.

    Attributes:
        limits: what holds; ``None`` for nothing.
        retry_after: whether a 429 says when to come back; at ``/invitations`` Graph may not.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        *,
        retry_after: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.limits, self.retry_after, self.clock = limits, retry_after, clock
        self._windows = {kind: _Window() for kind in ("invitation", "write", "read", "report")}

    def forget(self) -> None:
        """Begin anew, as if nothing had been used."""
        self._windows = {kind: _Window() for kind in self._windows}

    def count(self, kind: str, units: int, users: int) -> dict[str, str]:
        """Count a request; return the headers that tell what it used.

        Args:
            kind: ``invitation``, ``write``, ``read``, ``report``, or ``mail``, which is not counted
                here.
            units: its resource units.
            users: how many users the tenant has.

        Raises:
            GraphError: 429.
        """
        headers = {"x-ms-resource-unit": str(units)}
        if self.limits is None or kind == "mail":
            # A mailbox has limits of its own.
            return headers
        limit, seconds = self._limit(self.limits, kind, users)
        cost = units if kind == "read" else 1
        share, wait = self._windows[kind].take(cost, limit, seconds, self.clock())
        if wait:
            after = max(1, math.ceil(wait)) if self.retry_after else None
            raise GraphError(429, "TooManyRequests", "Too many requests.", after)
        if share >= _WARNS_FROM:
            headers["x-ms-throttle-limit-percentage"] = f"{share:.2f}"
        return headers

    @staticmethod
    def _limit(limits: Limits, kind: str, users: int) -> tuple[int, float]:
        if kind == "invitation":
            return limits.invitations, limits.invitation_seconds
        if kind == "write":
            return limits.writes, limits.write_seconds
        if kind == "report":
            return limits.reports, limits.report_seconds
        by_size = next((units for below, units in _UNITS_BY_USERS if users < below), None)
        return limits.read_units or by_size or _UNITS_OF_LARGE, limits.read_seconds
