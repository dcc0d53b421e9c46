"""Which event a user was last looked at for, so that a burst of events is not a burst of looks.

One row a user, beside the claim. It names the event that looks, or has looked, and the one that
waits for the end of the quiet time after it; that later look sees whatever all others told of.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from converters.storage.table import Row

if TYPE_CHECKING:
    from converters.model.event import Origin
    from converters.storage.clock import ServiceClock
    from converters.storage.table import Rows, Values

_LOOK = "event"
# Event Grid tries no longer than that to deliver an event ("Message delivery and retry").
_LATEST = timedelta(days=1).total_seconds()


@dataclass(frozen=True, slots=True)
class Look:
    """A user's row.

    Attributes:
        user_id: which row.
        key: the event's that looks, or has looked.
        since: when, in seconds since 1970, by the storage service's clock.
        waiting: the key of the event that waits to be the next.
        sequence, subscription_id: how far the events have come that were looked at.
        etag: of the row as it was read.
    """

    user_id: str
    key: str
    since: float
    waiting: str | None
    sequence: int | None
    subscription_id: str | None
    etag: str

    def covers(self, origin: Origin | None, now: float) -> bool:
        """Tell whether an event is no newer than one that was looked at.

        Numbers of another subscription say nothing, nor do very old ones: they may begin anew.
        """
        if origin is None or origin.sequence is None or self.sequence is None:
            return False
        of_same = origin.subscription_id == self.subscription_id
        return of_same and now - self.since < _LATEST and origin.sequence <= self.sequence


class Looks:
    """The rows of users who were looked at for events; raises as the ledger does."""

    def __init__(self, rows: Rows, clock: ServiceClock) -> None:
        self._rows, self._clock = rows, clock

    async def begin(self, user_id: str, key: str, origin: Origin | None) -> Look:
        """Write down that an event looks; return what stands there."""
        values = self._values(user_id, key, origin)
        etag, found = await self._rows.insert(values)
        return _look(found or Row(values, etag))

    async def take_over(self, look: Look, key: str, origin: Origin | None) -> bool:
        """Put an event in the place of one that has looked; false: somebody else did."""
        values = self._values(look.user_id, key, origin)
        return await self._rows.merge(values, look.etag) is not None

    async def wait(self, look: Look, key: str, origin: Origin | None) -> bool:
        """Note that an event waits to be the next; false: somebody else did."""
        values = {"PartitionKey": look.user_id, "RowKey": _LOOK, "Waiting": key, **_place(origin)}
        return await self._rows.merge(values, look.etag) is not None

    def _values(self, user_id: str, key: str, origin: Origin | None) -> Values:
        return {
            "PartitionKey": user_id.lower(),
            "RowKey": _LOOK,
            "Key": key,
            "Since": self._clock.utc(),
            "Waiting": "",
            **_place(origin),
        }


def _place(origin: Origin | None) -> Values:
    """Return what tells how far the events have come; nothing where the event does not say."""
    if origin is None or origin.sequence is None:
        return {}
    # A table's whole numbers are shorter than these may be.
    return {"Sequence": str(origin.sequence), "Subscription": origin.subscription_id or ""}


def _look(row: Row) -> Look:
    values = row.values
    sequence = values.get("Sequence")
    return Look(
        user_id=values["PartitionKey"],
        key=values["Key"],
        since=values["Since"].timestamp(),
        waiting=values.get("Waiting") or None,
        sequence=int(sequence) if sequence else None,
        subscription_id=values.get("Subscription") or None,
        etag=row.etag,
    )
