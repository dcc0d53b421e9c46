"""The only place that talks to Table storage: rows that change only as long as nobody else did."""

from __future__ import annotations

import asyncio
import json
import secrets
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from azure.core import MatchConditions
from azure.core.exceptions import (
    AzureError,
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.data.tables.aio import TableClient

from converters.model.errors import LedgerUnavailable
from converters.settings.storage_account import CALL_SECONDS
from converters.storage.making import log_made

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Mapping

    from azure.core.credentials_async import AsyncTokenCredential
    from azure.core.pipeline import PipelineResponse
    from azure.data.tables import TableEntity

    from converters.settings.storage_account import Storage
    from converters.storage.clock import ServiceClock

Values = dict[str, Any]

_MISSING_ROW, _ROW_EXISTS, _MISSING_TABLE = (
    "ResourceNotFound",
    "EntityAlreadyExists",
    "TableNotFound",
)
# A request that meets a table that is away waits in its queue, not here.
_OPTIONS: dict[str, Any] = {
    "retry_total": 2,
    "retry_backoff_factor": 0.2,
    # As for queues: reading .netrc and the environment costs a thread with every call.
    "use_env_settings": False,
}


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
        table: its name; it is made when a row is inserted, where that is permitted.
        credential: used with ``storage.table_service_uri``.
        clock: told the time by every answer.
    """

    def __init__(
        self,
        storage: Storage,
        table: str,
        credential: AsyncTokenCredential | None,
        clock: ServiceClock,
    ) -> None:
        self._clock, self._name = clock, table
        options = {**_OPTIONS, "raw_response_hook": self._observe}
        self._table = (
            TableClient.from_connection_string(storage.connection_string, table, **options)
            if storage.connection_string
            else TableClient(
                storage.table_service_uri or "", table, credential=credential, **options
            )
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._table.close()

    async def get(self, partition: str, row: str) -> Row | None:
        """Return a row; ``None`` where there is none."""
        async with self._calling():
            try:
                entity = await self._table.get_entity(partition, row)
            except ResourceNotFoundError as error:
                if _code(error) == _MISSING_ROW:
                    return None
                raise
        return _row(entity)

    async def query(
        self, wanted: str, parameters: Values, page_size: int | None = None
    ) -> AsyncGenerator[Row, None]:
        """Read the rows that a filter lets through, a page at a time, in the order of their keys.

        Args:
            wanted: the filter, OData with ``@names``.
            parameters: the values of the names.
            page_size: the most rows of a page; the service's own limit, where it is left out.
        """
        pages = self._table.query_entities(
            wanted, parameters=parameters, results_per_page=page_size
        ).by_page()
        while True:
            async with self._calling():
                try:
                    page = [_row(each) async for each in await anext(pages)]
                except StopAsyncIteration:
                    return
            for row in page:
                yield row

    async def find(self, condition: str, most: int, **values: object) -> list[Row]:
        """Return rows by an OData filter, the first ``most`` of them, in the order of their keys.

        The service looks through everything that the condition's keys leave: name a partition.
        """
        found: list[Row] = []
        async with aclosing(self.query(condition, values, most)) as rows:
            async for row in rows:
                found.append(row)
                if len(found) == most:
                    break
        return found

    async def insert(self, values: Values) -> tuple[str, Row | None]:
        """Insert a row; return its ETag, and the row that stands there already if one does."""
        nonce = secrets.token_hex(8)
        async with self._calling():
            try:
                made = await self._create({**values, "Nonce": nonce})
            except ResourceExistsError as error:
                if _code(error) != _ROW_EXISTS:
                    raise
            else:
                return str(made["etag"]), None
        found = await self.get(values["PartitionKey"], values["RowKey"])
        if found is None:
            raise LedgerUnavailable("a row came and went")
        # What was not answered is sent again: the row may be this very one.
        ours = found.values.get("Nonce") == nonce
        return found.etag, None if ours else found

    async def merge(self, values: Values, etag: str) -> str | None:
        """Merge into a row; return its ETag, ``None`` where it is no longer as it was read."""
        async with self._calling():
            try:
                changed = await self._table.update_entity(
                    values, etag=etag, match_condition=MatchConditions.IfNotModified
                )
            except ResourceModifiedError:
                return None
            except ResourceNotFoundError as error:
                if _code(error) == _MISSING_ROW:
                    return None
                raise
        return str(changed["etag"])

    async def delete(self, partition: str, row: str, etag: str) -> None:
        """Delete a row, unless it is no longer as it was read."""
        async with self._calling():
            try:
                await self._table.delete_entity(
                    partition, row, etag=etag, match_condition=MatchConditions.IfNotModified
                )
            except (ResourceModifiedError, ResourceNotFoundError):
                return

    async def _create(self, values: Values) -> Mapping[str, Any]:
        """Create a row; if the table does not exist, make it first."""
        try:
            return await self._table.create_entity(values)
        except ResourceNotFoundError as error:
            if _code(error) != _MISSING_TABLE:
                raise
            try:
                await self._table.create_table()
            except ResourceExistsError:
                # Another worker was first; or it is being deleted, and the next call says so.
                return await self._table.create_entity(values)
            except HttpResponseError:
                # That it is missing says more than that it may not be made.
                raise error from None
        log_made("table", self._name)
        return await self._table.create_entity(values)

    @asynccontextmanager
    async def _calling(self) -> AsyncIterator[None]:
        """Turn what the library raises into ours, and a table that stays silent too."""
        try:
            async with asyncio.timeout(CALL_SECONDS):
                yield
        except TimeoutError:
            raise LedgerUnavailable("no answer") from None
        except AzureError as error:
            # The chain would carry the request's URL, which can hold a shared access signature.
            raise LedgerUnavailable(_code(error), self._name) from None

    def _observe(self, response: PipelineResponse[Any, Any]) -> None:
        self._clock.observe(response.http_response.headers.get("Date", ""))


def _row(entity: TableEntity) -> Row:
    return Row(dict(entity), str(entity.metadata["etag"]))


def _code(error: AzureError) -> str:
    """Return the service's error code; the kind of the error where no service answered."""
    if not isinstance(error, HttpResponseError) or error.response is None:
        return type(error).__name__
    # The library takes the code out of some calls' answers and not out of others'.
    response = cast("Any", error.response)
    code = _code_in(response.text()) or response.headers.get("x-ms-error-code")
    return str(code or error.status_code)


def _code_in(body: str) -> str | None:
    try:
        found = json.loads(body)["odata.error"]["code"]
    except (ValueError, KeyError, TypeError):
        return None
    return str(found)
