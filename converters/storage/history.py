"""What the ledger remembers of a request and of a user, and how it forgets."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from converters.model.outcome import Status
from converters.storage.follow_ups import ENDED, OPEN
from converters.storage.ledger import REQUEST, USER, ledger_key

if TYPE_CHECKING:
    from converters.storage.table import Row, Rows

_OF_USER = "PartitionKey eq @user"
_ENDED_BEFORE = (
    # Apart from the brackets, since the library looks for its parameters between spaces.
    "PartitionKey ge @first and PartitionKey lt @next and ( Ended lt @before or Since lt @before )"
)
_MOST = 1000
# Keys are GUIDs and digests: their first two digits share them out evenly.
_BEYOND = "g"


@dataclass(frozen=True, slots=True)
class RequestStatus:
    """Where a request stands.

    Attributes:
        begun: when it was first seen.
        status: how it ended, ``None`` while it has not.
        user_id: whom it is about, where it ended and says so.
        follow_up: how its follow-up ended; ``None`` while it has not, or where there is none.
        next_look: when the user is looked at next, where the follow-up is open.
    """

    begun: datetime
    status: Status | None
    user_id: str | None
    follow_up: Status | None
    next_look: datetime | None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a user: when, by which request, and what it ended in."""

    at: datetime
    request_id: str
    status: Status


class History:
    """Reads the ledger for people, and deletes what is old; one per worker.

    Every method raises LedgerUnavailable where it cannot tell, or does not know that it is done.

    Args:
        rows: the ledger's table.
    """

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def request_status(self, idempotency_key: str) -> RequestStatus | None:
        """Return where a request stands, by its ``requestId``; ``None``: it is not known."""
        key = ledger_key(idempotency_key)
        row = await self._rows.get(key, REQUEST)
        if row is None:
            return None
        record = json.loads(row.values.get("Record") or "{}")
        user = record.get("user")
        user_id = str(user[0]) if user else None
        waiting = await self._rows.get(OPEN, key)
        done = user_id and await self._rows.get(user_id.lower(), f"{ENDED}{key}")
        return RequestStatus(
            begun=row.values["Begun"],
            status=Status(record["status"]) if record else None,
            user_id=user_id,
            follow_up=_last(done) if done else None,
            next_look=waiting.values["Due"] if waiting else None,
        )

    async def of_user(self, user_id: str) -> list[Event]:
        """Return what happened to a user, by object id, oldest first."""
        rows = await self._rows.find(_OF_USER, _MOST, user=user_id.lower())
        events: list[Event] = []
        for row in rows:
            values = row.values
            if values["RowKey"] == USER:
                request = await self._rows.get(values["Key"], REQUEST)
                if request and request.values.get("Record"):
                    at = request.values["Ended"]
                    events.append(Event(at, values["RequestId"], _status(request)))
            else:
                # The claim is the last request's alone; an end tells of the invitation before it.
                invited = Event(values["Invited"], values["RequestId"], Status.INVITED)
                ends = dict.fromkeys((_status(row), _last(row)))
                events += [invited, *(Event(values["Ended"], invited.request_id, e) for e in ends)]
        return sorted(_without_repetition(events), key=lambda event: event.at)

    async def delete_ended(self, before: float, number: int, slices: int, most: int) -> int:
        """Delete rows that ended before a time, in one of so many slices; return how many."""
        first = f"{number * 256 // slices:02x}"
        after = (number + 1) * 256 // slices
        found = await self._rows.find(
            _ENDED_BEFORE,
            most,
            first=first,
            next=f"{after:02x}" if after < 256 else _BEYOND,  # noqa: PLR2004 - of two digits
            before=datetime.fromtimestamp(before, UTC),
        )
        for row in found:
            await self._rows.delete(row.values["PartitionKey"], row.values["RowKey"], row.etag)
        return len(found)


def _status(row: Row) -> Status:
    return Status(json.loads(row.values["Record"])["status"])


def _last(row: Row) -> Status:
    """Return what was told last of a follow-up: that it ended, or was completed after that."""
    return Status.COMPLETED if row.values.get("Completing") else _status(row)


def _without_repetition(events: list[Event]) -> list[Event]:
    """Leave out what two rows tell: the last claim's request may be one whose end is there too."""
    told = {(event.request_id, event.status): event for event in reversed(events)}
    return list(reversed(told.values()))
