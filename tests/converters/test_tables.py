"""The table's wire: what is sent and signed, what is sent again, what each answer is told as."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest
from aiohttp import web
from azure.core import MatchConditions
from azure.data.tables import UpdateMode
from azure.data.tables.aio import TableClient

from converters.errors import LedgerUnavailable
from tests.storage_service import ROW, StorageService, connection_to, made, rows_at


async def test_call_is_signed_with_the_key_over_time_and_path() -> None:
    service = StorageService(made())
    async with service.started() as endpoint, rows_at(endpoint) as rows:
        assert await rows.insert(ROW) == ("made", None)
    (asked,) = service.asked
    signed = f"{asked.headers['x-ms-date']}\n/account/account/ledger"
    digest = hmac.new(b"key", signed.encode(), hashlib.sha256).digest()
    expected = f"SharedKeyLite account:{base64.b64encode(digest).decode()}"
    assert (asked.method, asked.raw_path) == ("POST", "/account/ledger")
    assert asked.headers["Authorization"] == expected
    assert asked.headers["Content-Type"] == "application/json"


async def test_service_that_stumbles_is_asked_again() -> None:
    service = StorageService(web.Response(status=503), web.Response(status=500), made())
    async with service.started() as endpoint, rows_at(endpoint) as rows:
        assert await rows.insert(ROW) == ("made", None)
    assert len(set(service.bodies)) == 1
    assert len(service.asked) == 3


async def test_row_that_was_made_though_the_answer_was_lost_is_known_for_ours() -> None:
    exists = web.json_response({"odata.error": {"code": "EntityAlreadyExists"}}, status=409)
    service = StorageService(web.Response(status=500), exists)
    service.then = lambda: web.Response(body=service.bodies[0], headers={"ETag": "standing"})
    async with service.started() as endpoint, rows_at(endpoint) as rows:
        assert await rows.insert(ROW) == ("standing", None)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (lambda: web.json_response({"odata.error": {"code": "Busy"}}, status=409), "Busy"),
        (lambda: web.Response(status=404, headers={"x-ms-error-code": "TableNotFound"}), "Table"),
        (lambda: web.Response(status=403, text="<html>"), "403"),
        (lambda: web.json_response({"odata.error": "odd"}, status=400), "400"),
        (lambda: web.json_response(["odd"], status=400), "400"),
        (lambda: web.Response(status=302, headers={"Location": "http://elsewhere.test"}), "302"),
    ],
)
async def test_refusal_is_told_by_the_code_wherever_it_stands(answer: object, code: str) -> None:
    assert callable(answer)
    for call in ("insert", "get", "merge"):
        service = StorageService(answer())
        async with service.started() as endpoint, rows_at(endpoint) as rows:
            arguments = {"insert": (ROW,), "get": ("p", "r"), "merge": (ROW, "etag")}[call]
            with pytest.raises(LedgerUnavailable, match=code):
                await getattr(rows, call)(*arguments)


@pytest.mark.parametrize("where", ["body", "header"])
async def test_row_that_is_missing_is_known_by_the_code_wherever_it_stands(where: str) -> None:
    def missing() -> web.Response:
        if where == "header":
            return web.Response(status=404, headers={"x-ms-error-code": "ResourceNotFound"})
        return web.json_response({"odata.error": {"code": "ResourceNotFound"}}, status=404)

    service = StorageService(missing(), missing(), missing())
    async with service.started() as endpoint, rows_at(endpoint) as rows:
        assert await rows.get("p", "r") is None
        assert await rows.merge(ROW, "etag") is None
        await rows.delete("p", "r", "etag")
    assert [asked.headers.get("If-Match") for asked in service.asked] == [None, "etag", "etag"]


ETAG = "W/\"datetime'2026-01-01T00%3A00%3A00.0000000Z'\""
# What the official library sends beside what the service asks for.
_OF_THE_LIBRARY = {"User-Agent", "Date", "x-ms-client-request-id", "x-ms-return-client-request-id"}


async def test_what_goes_over_the_wire_is_what_the_official_library_sends() -> None:
    def answered() -> web.Response:
        return web.json_response(ROW, headers={"ETag": ETAG})

    ours, theirs = (StorageService(made(), answered(), made(), made()) for _ in range(2))
    async with ours.started() as endpoint, rows_at(endpoint) as rows:
        await rows.insert(ROW)
        await rows.get("p", "r")
        await rows.merge({**ROW, "Number": 1}, ETAG)
        await rows.delete("p", "r", ETAG)
    async with (
        theirs.started() as endpoint,
        TableClient.from_connection_string(connection_to(endpoint), "ledger") as client,
    ):
        unchanged = MatchConditions.IfNotModified
        await client.create_entity(ROW, response_preference="return-no-content")
        await client.get_entity("p", "r")
        await client.update_entity(
            {**ROW, "Number": 1}, UpdateMode.MERGE, etag=ETAG, match_condition=unchanged
        )
        await client.delete_entity("p", "r", etag=ETAG, match_condition=unchanged)
    assert [asked.method for asked in ours.asked] == ["POST", "GET", "PATCH", "DELETE"]
    for mine, official in zip(ours.asked, theirs.asked, strict=True):
        assert (mine.method, mine.path) == (official.method, official.path)
        assert set(official.headers) - set(mine.headers) - _OF_THE_LIBRARY == set(), mine.method
        for name in ("x-ms-version", "DataServiceVersion", "If-Match"):
            assert official.headers.get(name) in {mine.headers.get(name), None}, mine.method
