"""What an operator can set about the directory's events."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from converters.settings.reader import SettingsReader

# Graph's own limit ("subscription resource type").
LONGEST_CLIENT_STATE = 128


class EventOutcomes(StrEnum):
    """Which events lead to an outcome."""

    ACTIONABLE = "actionable"
    """Those by which something was done, or which need somebody."""
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Events:
    """How events are taken.

    Attributes:
        client_state: what every event has to bring; ``None`` where that is not looked at.
        outcomes: which of them lead to an outcome.
        quiet_seconds: how long a user is not looked at again for another event.
    """

    client_state: str | None = field(default=None, repr=False)
    outcomes: EventOutcomes = EventOutcomes.ACTIONABLE
    quiet_seconds: int = 300


def read_events(keys: SettingsReader) -> Events:
    """Read the keys about events."""
    client_state = keys.text("EVENTS_CLIENT_STATE")
    if len(client_state) > LONGEST_CLIENT_STATE or not client_state.isprintable():
        keys.problems.append(
            f"EVENTS_CLIENT_STATE must be at most {LONGEST_CLIENT_STATE} printable characters."
        )
    outcomes = keys.text("EVENT_OUTCOMES", EventOutcomes.ACTIONABLE)
    if outcomes not in set(EventOutcomes):
        keys.problems.append("EVENT_OUTCOMES must be actionable or all.")
        outcomes = EventOutcomes.ACTIONABLE
    seconds = keys.whole("EVENT_QUIET_SECONDS", 300, 0, 3600)
    return Events(client_state or None, EventOutcomes(outcomes), seconds)
