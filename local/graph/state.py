"""What an emulator holds while it runs: the directory, its disturbances, what came in."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypedDict

from local.graph.endpoint import Endpoint
from local.graph.tenant import Tenant
from local.graph.throttling import Limits, Throttle

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local.graph.faults import Faults
    from local.graph.schema import Json


@dataclass(slots=True)
class Record:
    """One HTTP request that came in; a ``$batch`` is one.

    Attributes:
        method, path, query: as received, the path with its version, decoded.
        headers: by name in lower case.
        raw: the body's bytes.
        body: what its JSON says; ``None`` where there is none or it is not JSON.
        at: when it came, in seconds of a clock that only grows.
        status: of the answer; ``None`` until there is one, and for ever if the connection was cut.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    raw: bytes
    body: object
    at: float = field(default_factory=time.monotonic)
    status: int | None = None


class Options(TypedDict, total=False):
    """What ``State`` takes beside the tenant, to be handed on."""

    latency_ms: float
    jitter_ms: float
    lag_ms: int
    throttle: bool | Limits
    retry_after: bool
    seed: int
    clock: Callable[[], float]


class State:
    """An emulated Graph without its socket; everything here may be changed while it runs.

    Args:
        tenant: the directory, or its description (see ``local.graph.tenant``).
        latency_ms: how long every HTTP request takes at least.
        jitter_ms: how much longer, at most, by chance.
        lag_ms: how long reads do not show a write.
        throttle: ``True`` for Graph's own limits, ``Limits`` for others.
        retry_after: whether a 429 has a ``Retry-After`` header.
        seed: of everything left to chance.
        clock: seconds that only grow, for limits and lag.

    Attributes:
        endpoint: answers the requests.
        tenant, faults, throttle: its state, to look into and to change.
        requests: every HTTP request that came in, in order.
    """

    def __init__(  # noqa: PLR0913 - one switch for each thing that can be switched
        self,
        tenant: Tenant | Json,
        *,
        latency_ms: float = 0,
        jitter_ms: float = 0,
        lag_ms: int = 0,
        throttle: bool | Limits = False,
        retry_after: bool = True,
        seed: int = 1,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.latency_ms, self.jitter_ms = latency_ms, jitter_ms
        self.lag_ms, self.clock = lag_ms, clock
        limits = throttle if isinstance(throttle, Limits) else Limits() if throttle else None
        self.throttle = Throttle(limits, retry_after=retry_after, clock=clock)
        first = tenant if isinstance(tenant, Tenant) else Tenant(tenant)
        self.endpoint = Endpoint(first, self.throttle, seed)
        self.replace_tenant(first)
        self.requests: list[Record] = []

    @property
    def tenant(self) -> Tenant:
        """The directory."""
        return self.endpoint.tenant

    @property
    def faults(self) -> Faults:
        """The disturbances in force."""
        return self.endpoint.faults

    @property
    def invitations(self) -> list[Json]:
        """The invitations that were made, as Graph answered them."""
        return self.tenant.invitations

    @property
    def mails(self) -> list[Json]:
        """The invitation mails that went out: Microsoft's, and those ``from`` a mailbox here."""
        return self.tenant.mails

    def replace_tenant(self, tenant: Tenant) -> None:
        """Answer for another directory from now on."""
        tenant.replica.clock = self.clock
        tenant.holds_limits = self.throttle.limits is not None
        self.endpoint.tenant = tenant
        self.set_lag(self.lag_ms)

    def set_lag(self, milliseconds: int) -> None:
        """Let reads lag behind the writes to come."""
        self.lag_ms = self.tenant.replica.lag_ms = milliseconds
