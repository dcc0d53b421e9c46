"""Which answers of the Table service say what: of one that is missing, changed, or refused."""

from __future__ import annotations

import pytest
from aiohttp import web

from converters.model.errors import LedgerUnavailable
from converters.settings.storage_account import Storage
from converters.storage.clock import ServiceClock
from converters.storage.table import Rows
from tests.storage_service import ROW, StorageService, rows_at
from tests.witness import Witness


def refused(status: int, code: str, *, in_body: bool = False) -> web.Response:
    """Return a refusal, its code in a header or in its body."""
    if in_body:
        return web.json_response({"odata.error": {"code": code}}, status=status)
    return web.Response(status=status, headers={"x-ms-error-code": code})


@pytest.mark.parametrize("in_body", [False, True])
async def test_table_is_made_only_where_it_is_missing(*, in_body: bool) -> None:
    wire = StorageService(refused(404, "ResourceNotFound", in_body=in_body))
    async with wire.started() as endpoint, rows_at(endpoint) as rows:
        with pytest.raises(LedgerUnavailable, match="ResourceNotFound"):
            await rows.insert(ROW)
    assert len(wire.asked) == 1


@pytest.mark.parametrize("status", [404, 412])
async def test_row_that_is_gone_or_changed_is_not_deleted(status: int) -> None:
    code = {404: "ResourceNotFound", 412: "UpdateConditionNotSatisfied"}[status]
    wire = StorageService(refused(status, code))
    async with wire.started() as endpoint, rows_at(endpoint) as rows:
        await rows.delete("p", "r", "etag")
    assert [call.headers["If-Match"].strip('"') for call in wire.asked] == ["etag"]


async def test_row_that_may_not_be_deleted_is_told() -> None:
    wire = StorageService(refused(403, "AuthorizationFailure"))
    async with wire.started() as endpoint, rows_at(endpoint) as rows:
        with pytest.raises(LedgerUnavailable, match="AuthorizationFailure"):
            await rows.delete("p", "r", "etag")


async def test_table_that_may_not_be_made_is_the_one_that_is_missing() -> None:
    wire = StorageService(refused(404, "TableNotFound"), refused(403, "AuthorizationFailure"))
    async with wire.started() as endpoint, rows_at(endpoint) as rows:
        with pytest.raises(LedgerUnavailable, match="TableNotFound"):
            await rows.insert(ROW)
    assert len(wire.asked) == 2


async def test_identity_is_asked_for_what_the_uri_names() -> None:
    witness = Witness()
    storage = Storage(table_service_uri="https://x.test")
    rows = Rows(storage, "ledger", witness, ServiceClock())  # type: ignore[arg-type]
    with pytest.raises(LedgerUnavailable, match="ClientAuthenticationError"):
        await rows.get("p", "r")
    assert witness.asked == ("https://storage.azure.com/.default",)
    await rows.close()
