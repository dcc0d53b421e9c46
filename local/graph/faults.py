"""Disturbances to order: errors, lost answers, silence."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local.graph.camel import attributes
from local.graph.errors import GraphError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from local.graph.exchange import Call
    from local.graph.schema import Json

# What a user's "$fault" may say in one word.
NAMED: dict[str, Json] = {
    "conflict412": {
        "status": 412,
        "code": "Request_PreconditionFailed",
        "message": "The user was converted to an internal user before.",
    }
}
_BATCH = "BATCH "


@dataclass(frozen=True, slots=True)
class Fault:
    """One disturbance, and the rule that says which requests it strikes.

    Attributes:
        method: which requests: ``GET`` strikes those of a ``$batch`` too, ``BATCH GET`` those
            alone; empty for every method.
        path: a pattern to be found in the path below the version, decoded, query included.
        status: the HTTP status that is answered in place of the truth; 0 for the truth.
        code, message: what the error says.
        body: JSON in place of the error's.
        html: a page in its place, as gateways send one.
        retry_after: seconds in a ``Retry-After`` header; ``None`` leaves it out.
        times: how many requests it strikes; ``None`` for as long as it stands.
        probability: how likely it strikes each time, by the emulator's seed.
        drop: ``before`` or ``after`` the effect, the connection is reset; of a ``$batch`` whose
            item is struck, the whole one.
        hang_ms: how long nothing happens first.
        effect: whether the request takes effect though an error is answered.
    """

    method: str = ""
    path: str = ""
    status: int = 0
    code: str = "UnknownError"
    message: str = "A fault was ordered."
    body: Json | None = None
    html: str = ""
    retry_after: float | None = None
    times: int | None = None
    probability: float = 1.0
    drop: str = ""
    hang_ms: int = 0
    effect: bool = False

    def __post_init__(self) -> None:
        """Refuse what could never strike.

        Raises:
            ValueError: the pattern is none, or ``drop`` is no such moment.
        """
        if self.drop not in {"", "before", "after"}:
            raise ValueError(f"a fault drops the connection before or after, not {self.drop!r}")
        try:
            re.compile(self.path)
        except re.error as error:
            raise ValueError(f"a fault's path is no pattern: {error}") from error

    @classmethod
    def read(cls, entry: Json | str) -> Fault:
        """Return a fault from JSON: the attributes in camel case, or a name out of ``NAMED``.

        Raises:
            ValueError: naming what it does not know.
        """
        if isinstance(entry, str):
            if entry not in NAMED:
                raise ValueError(f"no fault is called {entry!r}")
            return cls(**NAMED[entry])
        return cls(**attributes(cls, entry))

    @property
    def answers(self) -> bool:
        """Whether something is answered in place of the truth."""
        return bool(self.status)

    @property
    def takes_effect(self) -> bool:
        """Whether the request does what it asks for all the same."""
        return self.effect or self.drop == "after" or not (self.status or self.drop)

    def error(self) -> GraphError:
        """Return the error it answers with."""
        return GraphError(self.status, self.code, self.message, self.retry_after)

    def strikes(self, call: Call, target: str) -> bool:
        """Return whether its rule covers a request; ``target`` is decoded."""
        method = self.method.removeprefix(_BATCH)
        if self.method.startswith(_BATCH) and not call.in_batch:
            return False
        return method in {"", call.method} and re.search(self.path, target) is not None


class Faults:
    """The disturbances in force, the first of which that fits strikes."""

    def __init__(self, seed: int = 1) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - chance, not secrets
        self._ordered: list[tuple[Fault, list[int]]] = []

    def __iter__(self) -> Iterator[Fault]:
        return (fault for fault, _ in self._ordered)

    def __len__(self) -> int:
        return len(self._ordered)

    def add(self, fault: Fault) -> None:
        """Put a disturbance in force."""
        self._ordered.append((fault, [] if fault.times is None else [fault.times]))

    def clear(self) -> None:
        """End them all."""
        self._ordered.clear()

    def strike(self, call: Call, target: str) -> Fault | None:
        """Return the disturbance that strikes a request, and count it."""
        for fault, left in self._ordered:
            if left == [0] or not fault.strikes(call, target):
                continue
            if fault.probability < 1 and self._chance.random() >= fault.probability:
                continue
            if left:
                left[0] -= 1
            return fault
        return None


class UserFaults:
    """What a user's ``$fault`` orders for that user alone.

    Args:
        entry: ``invite`` and ``read``, each a fault as ``Fault.read`` takes it.

    Raises:
        ValueError: naming what it does not know.
    """

    def __init__(self, entry: Mapping[str, Json | str]) -> None:
        if unknown := sorted(set(entry) - {"invite", "read"}):
            raise ValueError(f"a user's $fault has no {', '.join(unknown)}")
        self._faults = {moment: Fault.read(fault) for moment, fault in entry.items()}
        self._left = {moment: fault.times for moment, fault in self._faults.items()}
        if silent := sorted(moment for moment, fault in self._faults.items() if not fault.answers):
            raise ValueError(f"a user's $fault needs a status for {', '.join(silent)}")

    def strike(self, moment: str) -> None:
        """Refuse what the user's fault is about.

        Raises:
            GraphError: as ordered.
        """
        fault, left = self._faults.get(moment), self._left.get(moment)
        if fault is None or left == 0:
            return
        if left is not None:
            self._left[moment] = left - 1
        raise fault.error()
