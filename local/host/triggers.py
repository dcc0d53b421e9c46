"""What the worker tells the host of an app: which functions there are, and what triggers each."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Self

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class QueueTrigger:
    """A function's queue.

    Attributes:
        name: the function's name.
        queue: the queue's name, its ``%SETTING%`` resolved.
        connection: the name of the setting, or of the settings' prefix, that leads to the account.
    """

    name: str
    queue: str
    connection: str


@dataclass(frozen=True, slots=True)
class TimerTrigger:
    """A function's times.

    Attributes:
        name: the function's name.
        schedule: an NCRONTAB expression of six fields, its ``%SETTING%`` resolved.
    """

    name: str
    schedule: str


class Triggers(NamedTuple):
    """All triggers of an app."""

    queues: tuple[QueueTrigger, ...]
    timers: tuple[TimerTrigger, ...]

    def described(self) -> dict[str, Any]:
        """Return them as JSON."""
        return {"queues": [*map(asdict, self.queues)], "timers": [*map(asdict, self.timers)]}

    @classmethod
    def read(cls, described: Mapping[str, Any]) -> Self:
        """Return what ``described`` has written."""
        return cls(
            tuple(QueueTrigger(**each) for each in described["queues"]),
            tuple(TimerTrigger(**each) for each in described["timers"]),
        )
