"""A storage service that answers as it is told: the wire under ``rows`` and ``queues``."""

from __future__ import annotations

import base64
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from aiohttp import web
from aiohttp.test_utils import TestServer

from converters.settings.storage_account import Storage
from converters.storage.clock import ServiceClock
from converters.storage.table import Rows

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Callable

ROW = {"PartitionKey": "p", "RowKey": "r"}
KEY = base64.b64encode(b"key").decode()


def made() -> web.Response:
    """Return the answer to an insert that succeeded."""
    return web.Response(status=204, headers={"ETag": "made"})


class StorageService:
    """A table or queue service that answers as it is told, and keeps what it was asked.

    Attributes:
        answers: what comes next, each for one call; ``then`` makes what comes after those.
        asked, bodies: the calls, in their order.
    """

    def __init__(self, *answers: web.Response) -> None:
        self.answers = list(answers)
        self.then: Callable[[], web.Response] | None = None
        self.asked: list[web.Request] = []
        self.bodies: list[bytes] = []

    @asynccontextmanager
    async def started(self, context: ssl.SSLContext | None = None) -> AsyncIterator[str]:
        """Serve on a port of loopback; yield the endpoint."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        scheme = "https" if context else "http"
        server = TestServer(app, scheme=scheme)
        await server.start_server(ssl=context)
        try:
            yield str(server.make_url("/account"))
        finally:
            await server.close()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        self.bodies.append(await request.read())
        if self.then and not self.answers:
            return self.then()
        return self.answers.pop(0)


def connection_to(endpoint: str) -> str:
    """Return a connection string with the account's key."""
    return f"AccountName=account;AccountKey={KEY};TableEndpoint={endpoint}"


@asynccontextmanager
async def rows_at(endpoint: str) -> AsyncIterator[Rows]:
    """Open rows of that service's table, with the account's key."""
    rows = Rows(Storage(connection_to(endpoint)), "ledger", None, ServiceClock())
    try:
        yield rows
    finally:
        await rows.close()
