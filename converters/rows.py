"""The only place that talks to Table storage: rows that change only as long as nobody else did.

Source: "Insert Entity", "Merge Entity" (If-Match), "Query Entities" (Table service REST API).
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from azure.core import MatchConditions
from azure.core.exceptions import (
    AzureError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.data.tables import UpdateMode
from azure.data.tables.aio import TableClient

from converters.errors import LedgerUnavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable
    from typing import TypeVar

    from azure.core.credentials_async import AsyncTokenCredential

    from converters.storage import Storage

    T = TypeVar("T")

# As for queues: a request that meets a table that is away waits in its queue, not here.
_OPTIONS: dict[str, Any] = {
    "retry_total": 2,
    "retry_backoff_factor": 0.2,
    "use_env_settings": False,
}
_MISSING_ROW = "ResourceNotFound"


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
        self._client = (
            TableClient.from_connection_string(storage.connection_string, table, **_OPTIONS)
            if storage.connection_string
            else TableClient(
                storage.table_service_uri or "", table, credential=credential, **_OPTIONS
            )
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def get(self, partition: str, row: str) -> Any:  # noqa: ANN401 - the library's TableEntity
        """Return a row; ``None`` where there is none."""
        try:
            return await _sent(self._client.get_entity(partition, row))
        except ResourceNotFoundError as error:
            if _code(error) == _MISSING_ROW:
                return None
            raise LedgerUnavailable(_code(error)) from None

    async def insert(self, row: dict[str, Any]) -> tuple[str | None, Any]:
        """Insert a row; return its ETag, or the row that stands there already."""
        nonce = secrets.token_hex(8)
        try:
            made = await _sent(
                self._client.create_entity(
                    {**row, "Nonce": nonce}, response_preference="return-no-content"
                )
            )
        except ResourceExistsError:
            found = await self.get(row["PartitionKey"], row["RowKey"])
        except ResourceNotFoundError as error:
            raise LedgerUnavailable(_code(error)) from None
        else:
            return str(made["etag"]), None
        if found is None:
            raise LedgerUnavailable("a row came and went")
        # The library sends again what was not answered: the row may be this very one.
        ours = found.get("Nonce") == nonce
        return (str(found.metadata["etag"]), None) if ours else (None, found)

    async def merge(self, row: dict[str, Any], etag: str) -> str | None:
        """Merge into a row; return its ETag, ``None`` where it is no longer as it was read."""
        try:
            made = await _sent(
                self._client.update_entity(
                    row,
                    UpdateMode.MERGE,
                    etag=etag,
                    match_condition=MatchConditions.IfNotModified,
                )
            )
        except ResourceModifiedError:
            return None
        except ResourceNotFoundError as error:
            if _code(error) == _MISSING_ROW:
                return None
            raise LedgerUnavailable(_code(error)) from None
        return str(made["etag"])

    async def delete(self, partition: str, row: str, etag: str) -> None:
        """Delete a row, unless it is no longer as it was read."""
        try:
            await _sent(
                self._client.delete_entity(
                    partition, row, etag=etag, match_condition=MatchConditions.IfNotModified
                )
            )
        except ResourceModifiedError:
            return


async def _sent(call: Awaitable[T]) -> T:
    try:
        return await call
    except (ResourceExistsError, ResourceModifiedError, ResourceNotFoundError):
        raise
    except AzureError as error:
        # The chain would carry the request's URL, which can hold a shared access signature.
        raise LedgerUnavailable(_code(error)) from None


def _code(error: AzureError) -> str:
    # Not every error of the library's has the code as an attribute; the answer's header has it.
    headers = getattr(getattr(error, "response", None), "headers", {})
    return str(headers.get("x-ms-error-code") or type(error).__name__)
