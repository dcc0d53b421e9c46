"""What the ledger tells whoever only reads: how far a request is, how it ended, what followed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from converters.storage.clock import ServiceClock
from converters.storage.completions import read_completing
from converters.storage.follow_ups import ENDED, OPEN
from converters.storage.ledger import REQUEST, USER
from converters.storage.table import Rows

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime

    from azure.core.credentials_async import AsyncTokenCredential

    from converters.model.follow_up import Completing
    from converters.settings.storage_account import Storage
    from converters.storage.table import Row, Values

_OF_USER = "PartitionKey eq @user"
_OPEN_OF_USER = f"PartitionKey eq '{OPEN}' and UserId eq @user"
# Row keys of requests, and of follow-ups that ended: the character after the space is "!".
_REQUESTS = f"RowKey eq '{REQUEST}'"
_FOLLOW_UPS = f"RowKey ge '{ENDED}' and RowKey lt '{ENDED[:-1]}!'"


@dataclass(frozen=True, slots=True)
class Story:
    """What a request's row tells.

    Attributes:
        key: which row, as ``ledger.ledger_key`` tells it.
        request_id: ``None`` in rows of before it was kept.
        begun: when it was first seen.
        ended: when it last ended; ``None`` while it has not.
        record: the outcome (``converters.storage.records``), likewise.
    """

    key: str
    request_id: str | None
    begun: datetime
    ended: datetime | None
    record: str | None


@dataclass(frozen=True, slots=True)
class FollowUpStory:
    """What a follow-up's row tells, of an open one or of one that ended.

    Attributes:
        key, request_id: of the request whose invitation it follows.
        user_id: who was invited, in lower case.
        invited: when, last.
        reminders: how many reminders were begun, and when the last was.
        next_look: when the user is looked at next; ``None`` where it has ended.
        record: how it ended (``converters.storage.judgements``), ``None`` while it has not.
        ended: when that was told; ``None`` while it has not been.
        completing: how far the completion is, ``None`` where none has begun.
    """

    key: str
    request_id: str
    user_id: str
    invited: datetime
    reminders: int
    reminded: datetime | None
    next_look: datetime | None
    record: str | None
    ended: datetime | None
    completing: Completing | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """Which request has last begun to invite a user, and when."""

    key: str
    request_id: str
    since: datetime


@dataclass(frozen=True, slots=True)
class UserStory:
    """What is told of a user: whose turn it was last, and every follow-up, the oldest first."""

    turn: Turn | None
    follow_ups: tuple[FollowUpStory, ...]


class History:
    """Reads the ledger, and never writes; every method raises LedgerUnavailable.

    Args:
        storage: where the table is.
        table: its name.
        credential: used with ``storage.table_service_uri``.
    """

    def __init__(
        self, storage: Storage, table: str, credential: AsyncTokenCredential | None
    ) -> None:
        self.clock = ServiceClock()
        self._rows = Rows(storage, table, credential, self.clock)

    async def close(self) -> None:
        """Close the connections."""
        await self._rows.close()

    async def of(self, key: str) -> Story | None:
        """Return what is told of a request; ``None`` where nothing has been begun with it."""
        row = await self._rows.get(key, REQUEST)
        return _story(row) if row else None

    async def all(self, since: datetime | None = None) -> AsyncIterator[Story]:
        """Read what is told of every request, or of those that have ended since then."""
        async for row in self._since(_REQUESTS, since):
            yield _story(row)

    async def follow_ups_ended(self, since: datetime) -> AsyncIterator[FollowUpStory]:
        """Read what is told of every follow-up that has ended since then."""
        async for row in self._since(_FOLLOW_UPS, since):
            yield _follow_up(row)

    async def of_user(self, user_id: str) -> UserStory:
        """Return what is told of a user, by object id."""
        user, turn = user_id.lower(), None
        found: dict[str, FollowUpStory] = {}
        # The open ones first: one that ends meanwhile is written anew before it is deleted.
        async for row in self._rows.query(_OPEN_OF_USER, {"user": user}):
            found[row.values["RowKey"]] = _follow_up(row)
        async for row in self._rows.query(_OF_USER, {"user": user}):
            kind = row.values["RowKey"]
            if kind == USER:
                turn = _turn(row.values)
            elif kind.startswith(ENDED):
                found[row.values["Key"]] = _follow_up(row)
        return UserStory(turn, tuple(sorted(found.values(), key=lambda one: one.invited)))

    async def _since(self, kind: str, since: datetime | None) -> AsyncIterator[Row]:
        wanted, parameters = kind, dict[str, object]()
        if since is not None:
            wanted, parameters = f"{kind} and Ended ge @since", {"since": since}
        async for row in self._rows.query(wanted, parameters):
            yield row


def _turn(values: Values) -> Turn:
    return Turn(values["Key"], values["RequestId"], values["Since"])


def _story(row: Row) -> Story:
    values = row.values
    return Story(
        key=values["PartitionKey"],
        request_id=values.get("RequestId"),
        begun=values["Begun"],
        ended=values.get("Ended"),
        record=values.get("Record"),
    )


def _follow_up(row: Row) -> FollowUpStory:
    values = row.values
    return FollowUpStory(
        key=values["Key"],
        request_id=values["RequestId"],
        user_id=values["UserId"],
        invited=values["Invited"],
        reminders=values.get("Reminders", 0),
        reminded=values.get("Reminded"),
        next_look=values.get("Due"),
        record=values.get("Record") or None,
        ended=values.get("Ended"),
        completing=read_completing(values.get("Completing")),
    )
