"""A collector of OpenTelemetry, in the place of Application Insights: keeps what it is sent."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from aiohttp import web
from aiohttp.test_utils import TestServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_LARGEST = 2**26


class Collector:
    """Keeps the bodies, protobuf, in which texts stand as they are.

    Attributes:
        logs: the exports of log records.
        settings: what leads a host here.
    """

    def __init__(self) -> None:
        self.logs: list[bytes] = []
        self.settings: dict[str, str] = {}

    @asynccontextmanager
    async def started(self) -> AsyncIterator[Collector]:
        """Serve on loopback."""
        application = web.Application(client_max_size=_LARGEST)
        application.router.add_post("/v1/{signal}", self._keep)
        server = TestServer(application)
        await server.start_server()
        self.settings = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": str(server.make_url("")).rstrip("/"),
            "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        }
        try:
            yield self
        finally:
            await server.close()

    async def _keep(self, request: web.Request) -> web.Response:
        body = await request.read()
        if request.match_info["signal"] == "logs":
            self.logs.append(body)
        return web.Response()
