"""Rows of the ledger's table, which change only as long as nobody else changed them."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from azure.core.exceptions import AzureError

from converters.errors import LedgerUnavailable
from converters.storage import CALL_SECONDS
from converters.tables import Table

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from azure.core.credentials_async import AsyncTokenCredential

    from converters.storage import Storage
    from converters.tables import Reply, Values

_MISSING, _CHANGED = 404, 412
_MISSING_ROW, _ROW_EXISTS = "ResourceNotFound", "EntityAlreadyExists"


@dataclass(frozen=True, slots=True)
class Row:
    """A row's values, its keys among them, and the ETag that they were read with."""

    values: Values
    etag: str


class Rows:
    """A table's rows; one per worker, made inside the running loop.

    Every method raises LedgerUnavailable where it cannot tell, or does not know that it is written.

    Args:
        storage: where the table is.
        table: its name; the table must exist.
        credential: used with ``storage.table_service_uri``.
    """

    def __init__(
        self, storage: Storage, table: str, credential: AsyncTokenCredential | None
    ) -> None:
        self._table = Table(storage, table, credential)

    async def close(self) -> None:
        """Close the connections."""
        await self._table.close()

    async def get(self, partition: str, row: str) -> Row | None:
        """Return a row; ``None`` where there is none."""
        reply = await _answered(self._table.get(partition, row))
        if reply.code == _MISSING_ROW:
            return None
        return Row(_successful(reply).values, reply.etag)

    async def insert(self, values: Values) -> tuple[str, Row | None]:
        """Insert a row; return its ETag, and the row that stands there already if one does."""
        nonce = secrets.token_hex(8)
        reply = await _answered(self._table.insert({**values, "Nonce": nonce}))
        if reply.code != _ROW_EXISTS:
            return _successful(reply).etag, None
        found = await self.get(values["PartitionKey"], values["RowKey"])
        if found is None:
            raise LedgerUnavailable("a row came and went")
        # What was not answered is sent again: the row may be this very one.
        ours = found.values.get("Nonce") == nonce
        return found.etag, None if ours else found

    async def merge(self, values: Values, etag: str) -> str | None:
        """Merge into a row; return its ETag, ``None`` where it is no longer as it was read."""
        reply = await _answered(self._table.merge(values, etag))
        if reply.status == _CHANGED or reply.code == _MISSING_ROW:
            return None
        return _successful(reply).etag

    async def delete(self, partition: str, row: str, etag: str) -> None:
        """Delete a row, unless it is no longer as it was read."""
        reply = await _answered(self._table.delete(partition, row, etag))
        if reply.status not in {_CHANGED, _MISSING}:
            _successful(reply)


async def _answered(call: Awaitable[Reply]) -> Reply:
    try:
        async with asyncio.timeout(CALL_SECONDS):
            return await call
    except TimeoutError:
        raise LedgerUnavailable("no answer") from None
    except AzureError as error:
        # The chain would carry the request's URL, which can hold a shared access signature.
        raise LedgerUnavailable(type(error).__name__) from None


def _successful(reply: Reply) -> Reply:
    if reply.code:
        raise LedgerUnavailable(reply.code)
    return reply
