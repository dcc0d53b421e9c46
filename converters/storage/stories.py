"""What the ledger tells whoever only reads: how far a request is, how it ended, who asked last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from converters.storage.clock import ServiceClock
from converters.storage.ledger import REQUEST, USER
from converters.storage.table import Rows

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime

    from azure.core.credentials_async import AsyncTokenCredential

    from converters.settings.storage_account import Storage
    from converters.storage.table import Row, Values


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
class Turn:
    """Which request has last begun to invite a user, and when."""

    key: str
    request_id: str
    since: datetime


class Stories:
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
        wanted, parameters = "RowKey eq @kind", dict[str, object](kind=REQUEST)
        if since is not None:
            wanted, parameters = f"{wanted} and Ended ge @since", {**parameters, "since": since}
        async for row in self._rows.query(wanted, parameters):
            yield _story(row)

    async def turn(self, user_id: str) -> Turn | None:
        """Return whose turn a user was last."""
        row = await self._rows.get(user_id.lower(), USER)
        return _turn(row.values) if row else None


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
