"""Disturbances to order: errors, lost answers, silence; and Graph's throttling."""

from __future__ import annotations

import random
import re
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from local.emulator.errors import GraphError

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.emulator.tenant import Json

# "Microsoft Graph service-specific throttling limits": requests per seconds.
INVITATIONS, INVITATION_SECONDS = 150, 5
READ_SECONDS = 10
READ_UNITS = ((50, 3500), (500, 5000))
READ_UNITS_OF_LARGE = 8000


@dataclass(slots=True)
class Fault:
    """One disturbance.

    Attributes:
        path: a pattern found in the path below the version; ``method`` narrows it.
        status, code, message, body: what is answered in place of the truth; ``status`` 0 for none.
        html: likewise, as a gateway's page.
        retry_after: the ``Retry-After`` header's seconds.
        times: how often it strikes.
        probability: how likely it is each time.
        drop: ``before`` or ``after`` the effect the connection is cut.
        hang_ms: how long nothing is answered.
    """

    path: str = ""
    method: str = ""
    status: int = 0
    code: str = "Fault"
    message: str = "A fault was ordered."
    body: Json | None = None
    html: str = ""
    retry_after: int | None = None
    times: int = 1_000_000
    probability: float = 1.0
    drop: str = ""
    hang_ms: int = 0


@dataclass(slots=True)
class Faults:
    """The disturbances in force."""

    chance: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311
    ordered: list[Fault] = field(default_factory=list)

    def add(self, fault: Fault) -> None:
        """Put a disturbance in force."""
        self.ordered.append(fault)

    def strike(self, method: str, path: str) -> Fault | None:
        """Return the disturbance that strikes a request, if one does."""
        for fault in self.ordered:
            if fault.times <= 0 or (fault.method and fault.method != method):
                continue
            if re.search(fault.path, path) and self.chance.random() < fault.probability:
                fault.times -= 1
                return fault
        return None


class Throttle:
    """Graph's limits, per tenant: invitations in 5 s, resource units of reads in 10 s.

    Args:
        enabled: whether they hold.
        header: whether a 429 carries ``Retry-After``; on invitations Graph may leave it out.
    """

    def __init__(
        self,
        *,
        enabled: bool = False,
        header: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.enabled, self.header, self._clock = enabled, header, clock
        self.invitations = INVITATIONS
        self._invited: deque[tuple[float, int]] = deque()
        self._read: deque[tuple[float, int]] = deque()

    def invite(self) -> float:
        """Count an invitation; return the share of the limit that is used.

        Raises:
            GraphError: 429.
        """
        return self._count(self._invited, 1, self.invitations, INVITATION_SECONDS)

    def read(self, units: int, users: int) -> float:
        """Count a read's resource units, likewise."""
        limit = next((most for size, most in READ_UNITS if users < size), READ_UNITS_OF_LARGE)
        return self._count(self._read, units, limit, READ_SECONDS)

    def _count(
        self, taken: deque[tuple[float, int]], units: int, limit: int, seconds: int
    ) -> float:
        if not self.enabled:
            return 0.0
        now = self._clock()
        while taken and taken[0][0] <= now - seconds:
            taken.popleft()
        used = sum(count for _, count in taken)
        if used + units > limit:
            wait = max(1, round(taken[0][0] + seconds - now)) if taken else 1
            message = "Too many requests."
            raise GraphError(429, "TooManyRequests", message, wait if self.header else None)
        taken.append((now, units))
        return (used + units) / limit
