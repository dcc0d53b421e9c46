"""The ledger's rows about follow-ups.

The open ones stand together in one partition, so that a sweep finds what is overdue without reading
the rest of the table. One that ended moves into its user's partition, as a part of the history.
Writes go by ETag: of two that look at the same user, one writes down what was found.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from converters.model.follow_up import FollowUp
from converters.storage.claims import read_mail, written_mail
from converters.storage.completions import (
    read_asked,
    read_completing,
    written_asked,
    written_completing,
)
from converters.storage.ledger import REQUEST

if TYPE_CHECKING:
    from converters.model.follow_up import Completing
    from converters.storage.clock import ServiceClock
    from converters.storage.table import Row, Rows, Values

OPEN, ENDED = "followUps", "followUp "
_OPEN_OF_USER = f"PartitionKey eq '{OPEN}' and UserId eq @user"
_OVERDUE = f"PartitionKey eq '{OPEN}' and Due lt @before"
# A person has a handful of requests at most.
_MOST_OF_USER = 20


@dataclass(frozen=True, slots=True)
class OpenFollowUp:
    """An open follow-up's row.

    Attributes:
        look: the number of the look that comes next, from 0.
        due: when it does, in seconds since 1970.
        seen: an earlier look saw the invitation pending.
        reminders: how many reminders were begun.
        reminded: when the last of them was, in seconds since 1970.
        reminder: the last of them, as long as it has not been told (``storage.judgements``).
        mail: of that one's own mail, as ``ledger.Claim`` has it; ``None`` once it is settled.
        record: how it ended, ``None`` while it has not; to be told.
        completing: how far the completion is, from the time when its redemption was told.
        etag: of the row as it was read.
    """

    follow_up: FollowUp
    look: int
    due: float
    seen: bool = False
    reminders: int = 0
    reminded: float | None = None
    reminder: str | None = None
    mail: float | None = None
    record: str | None = None
    completing: Completing | None = None
    etag: str = ""


class FollowUps:
    """The rows; one per worker, made inside the running loop.

    Every method raises LedgerUnavailable where it cannot tell, or does not know that it is written.

    Args:
        rows: the ledger's table.
        clock: by which what is written is dated.
    """

    def __init__(self, rows: Rows, clock: ServiceClock) -> None:
        self._rows, self._clock = rows, clock

    async def open(self, follow_up: FollowUp, look: int, due: float) -> OpenFollowUp:
        """Write a follow-up down, unless it stands there already; return what does."""
        values = {**_written(follow_up), **_progress(look, due), "PartitionKey": OPEN}
        values["RowKey"] = follow_up.key
        etag, found = await self._rows.insert(values)
        return _read(found) if found else OpenFollowUp(follow_up, look, due, etag=etag)

    async def find(self, follow_up: FollowUp, look: int, due: float) -> OpenFollowUp | None:
        """Return a follow-up's row, made anew where it is gone; ``None`` where it has ended."""
        return await self._found(follow_up, look, due, by_message=False)

    async def recall(self, follow_up: FollowUp, look: int, due: float) -> OpenFollowUp | None:
        """Do the same for a message, which may be forged: the ledger must vouch for its wishes."""
        return await self._found(follow_up, look, due, by_message=True)

    async def _found(
        self, follow_up: FollowUp, look: int, due: float, *, by_message: bool
    ) -> OpenFollowUp | None:
        row = await self._rows.get(OPEN, follow_up.key)
        if row:
            return _read(row)
        if await self._rows.get(follow_up.user_id, f"{ENDED}{follow_up.key}"):
            return None
        if by_message and not await self._is_vouched(follow_up):
            follow_up = replace(follow_up, completion=replace(follow_up.completion, vouched=False))
        return await self.open(follow_up, look, due)

    async def _is_vouched(self, follow_up: FollowUp) -> bool:
        """Tell whether the request's own row says that it asked for this completion."""
        if not follow_up.completion:
            return True
        row = await self._rows.get(follow_up.key, REQUEST)
        asked = written_asked(follow_up.completion)
        return row is not None and row.values.get("Completion") == asked

    async def save(self, changed: OpenFollowUp) -> OpenFollowUp | None:
        """Write down how far it is; ``None`` where somebody else has changed it meanwhile."""
        values = _progress(changed.look, changed.due)
        values |= {
            "PartitionKey": OPEN,
            "RowKey": changed.follow_up.key,
            "Invited": _time(changed.follow_up.invited),
            "Seen": changed.seen,
            **_reminded(changed),
            "Reminder": changed.reminder or "",
            "Mail": written_mail(changed.mail),
            "Record": changed.record or "",
            "Completing": written_completing(changed.completing) if changed.completing else "",
        }
        etag = await self._rows.merge(values, changed.etag)
        return replace(changed, etag=etag) if etag else None

    async def end(self, told: OpenFollowUp) -> None:
        """Move a follow-up whose end was told to its user's history."""
        follow_up = told.follow_up
        values = {
            **_written(follow_up),
            "PartitionKey": follow_up.user_id,
            "RowKey": f"{ENDED}{follow_up.key}",
            **_reminded(told),
            "Record": told.record or "",
            "Completing": written_completing(told.completing) if told.completing else "",
            "Ended": self._clock.utc(),
        }
        await self._rows.insert(values)
        await self._rows.delete(OPEN, follow_up.key, told.etag)

    async def overdue(self, before: float, most: int) -> list[OpenFollowUp]:
        """Return some of the follow-ups whose look was due before a time."""
        found = await self._rows.find(_OVERDUE, most, before=_time(before))
        return [_read(row) for row in found]

    async def open_of(self, user_id: str) -> list[OpenFollowUp]:
        """Return the open follow-ups of a user."""
        found = await self._rows.find(_OPEN_OF_USER, _MOST_OF_USER, user=user_id.lower())
        return [_read(row) for row in found]


def _written(follow_up: FollowUp) -> Values:
    return {
        "RequestId": follow_up.request_id,
        "Key": follow_up.key,
        "Source": follow_up.source or "",
        "CorrelationId": follow_up.correlation_id,
        "UserId": follow_up.user_id,
        "Invited": _time(follow_up.invited),
        "Domain": follow_up.domain or "",
        "Mailed": follow_up.mailed,
        "Language": follow_up.language or "",
        "Completion": written_asked(follow_up.completion),
        "Vouched": follow_up.completion.vouched,
    }


def _progress(look: int, due: float) -> Values:
    return {"Look": look, "Due": _time(due)}


def _reminded(row: OpenFollowUp) -> Values:
    values: Values = {"Reminders": row.reminders}
    return values if row.reminded is None else {**values, "Reminded": _time(row.reminded)}


def read_follow_up(values: Values) -> FollowUp:
    """Return the follow-up that a row is about."""
    return FollowUp(
        key=values["Key"],
        request_id=values["RequestId"],
        source=values["Source"] or None,
        correlation_id=values["CorrelationId"],
        user_id=values["UserId"],
        invited=values["Invited"].timestamp(),
        domain=values["Domain"] or None,
        mailed=values["Mailed"],
        language=values["Language"] or None,
        completion=read_asked(values.get("Completion"), vouched=values.get("Vouched", False)),
    )


def _read(row: Row) -> OpenFollowUp:
    values = row.values
    return OpenFollowUp(
        read_follow_up(values),
        look=values["Look"],
        due=values["Due"].timestamp(),
        seen=values.get("Seen", False),
        reminders=values.get("Reminders", 0),
        reminded=values["Reminded"].timestamp() if "Reminded" in values else None,
        reminder=values.get("Reminder") or None,
        mail=read_mail(values.get("Mail")),
        record=values.get("Record") or None,
        completing=read_completing(values.get("Completing")),
        etag=row.etag,
    )


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
