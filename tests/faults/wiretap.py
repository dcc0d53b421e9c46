"""A reverse proxy on loopback between one host and its storage and Graph, which counts and kills.

Bytes pass unchanged; signatures of storage requests stay valid, since they do not cover the host
name. Each call is recorded; at one of them, before it is passed on or once it is answered but the
answer is not passed back, the process that makes it can be killed.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web
from yarl import URL

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType
    from typing import Self

_HOP = {"connection", "keep-alive", "transfer-encoding", "content-encoding", "content-length"}
# What the proxy's own client would add; some of it is part of what storage requests sign.
_AUTOMATIC = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
_FAILED = 400
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_QUEUE_PATH = re.compile(r"/[^/]+/([^/?]+)(/messages)?(/[^?]+)?")
_VERBS = {"POST": "put", "GET": "take", "PUT": "update", "DELETE": "delete"}
_TABLE_VERBS = {"POST": "insert", "GET": "get", "PATCH": "merge", "DELETE": "delete"}


@dataclass(frozen=True, slots=True)
class Point:
    """Where a process is to be killed: before or after its call with a number, from 1."""

    number: int
    after: bool

    def __str__(self) -> str:
        return f"{'after' if self.after else 'before'} call {self.number}"


class Wiretap:
    """The proxy: ``async with Wiretap(connection_string, graph_url) as tap``.

    Args:
        connection_string: Azurite's.
        graph_url: the Graph emulator's.
        roles: what each queue is, by its name.

    Attributes:
        environment: what leads a host through it.
        calls: what was called since a message was first taken, in order, polls left out.
        refused: which of them were answered with an error.
        counts_all: count from the first call on, and not from the first message.
    """

    def __init__(self, connection_string: str, graph_url: str, roles: Mapping[str, str]) -> None:
        parts = dict(part.split("=", 1) for part in connection_string.strip(";").split(";"))
        self._parts, self._roles = parts, roles
        self._upstreams = {
            "queue": parts["QueueEndpoint"],
            "table": parts["TableEndpoint"],
            "graph": graph_url,
        }
        self.environment: dict[str, str] = {}
        self.calls: list[str] = []
        self.refused: list[str] = []
        self._point: Point | None = None
        self._kill: Callable[[], None] = lambda: None
        self._lost = ""
        self.counts_all = False
        self.killed = asyncio.Event()
        self._runners: list[web.AppRunner] = []
        self._session: aiohttp.ClientSession | None = None

    def plan(self, point: Point | None, kill: Callable[[], None]) -> None:
        """Kill at a point, by calling ``kill``."""
        self._point, self._kill = point, kill

    def lose_answer(self, kind: str) -> None:
        """Cut the connection in place of the first answer to a kind of call."""
        self._lost = kind

    @property
    def answer_to_lose(self) -> str:
        """The kind of call whose answer is still to be lost; empty where there is none."""
        return self._lost

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(auto_decompress=False)
        urls = {name: await self._serve(name) for name in self._upstreams}
        account = urlsplit(self._parts["QueueEndpoint"]).path
        endpoints = {
            "QueueEndpoint": urls["queue"] + account,
            "TableEndpoint": urls["table"] + account,
        }
        whole = {**self._parts, **endpoints}
        self.environment = {
            "CONVERSION_STORAGE": ";".join(f"{name}={value}" for name, value in whole.items()),
            "GRAPH_BASE_URL": urls["graph"],
        }
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for runner in self._runners:
            await runner.cleanup()
        if self._session:
            await self._session.close()

    async def _serve(self, name: str) -> str:
        application = web.Application(client_max_size=2**20)
        application.router.add_route("*", "/{rest:.*}", partial(self._pass, name))
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        self._runners.append(runner)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}"

    async def _pass(self, name: str, request: web.Request) -> web.StreamResponse:
        kind = self._kind(name, request.method, request.raw_path)
        body = await request.read()
        polls = kind.startswith("queue: take")
        number = 0 if polls else self._counted(kind)
        if self._strikes(number, after=False):
            return self._strike(request)
        status, headers, content = await self._forwarded(name, request, body)
        if polls and b"<MessageId>" in content:
            number = self._counted(kind, first=True)
        if status >= _FAILED:
            self.refused.append(kind)
        if self._strikes(number, after=True):
            return self._strike(request)
        if kind == self._lost:
            self._lost = ""
            return _cut(request)
        kept = {key: value for key, value in headers.items() if key.lower() not in _HOP}
        return web.Response(status=status, headers=kept, body=content)

    def _counted(self, kind: str, *, first: bool = False) -> int:
        """Count a call from the first delivery on; return its number."""
        if not self.calls and not first and not self.counts_all:
            return 0
        self.calls.append(kind)
        return len(self.calls)

    def _strikes(self, number: int, *, after: bool) -> bool:
        return number > 0 and self._point == Point(number, after)

    def _strike(self, request: web.Request) -> web.Response:
        self._point = None
        self._kill()
        self.killed.set()
        return _cut(request)

    def _kind(self, name: str, method: str, target: str) -> str:
        """Name a call so that a person knows it again: without ids and times."""
        path, _, query = target.partition("?")
        if name == "graph":
            return f"graph: {_ID.sub('{id}', path.removeprefix('/v1.0/'))}"
        if name == "table":
            return f"ledger: {_TABLE_VERBS[method]}"
        match = _QUEUE_PATH.fullmatch(path)
        queue = self._roles.get(match[1], match[1]) if match else path
        if match and match[2]:
            verb = "peek" if "peekonly" in query else _VERBS[method]
        else:
            verb = "count" if "comp=metadata" in query else method.lower()
        return f"queue: {verb} {queue}"

    async def _forwarded(
        self, name: str, request: web.Request, body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        upstream = urlsplit(self._upstreams[name])
        url = URL(f"http://{upstream.netloc}{request.raw_path}", encoded=True)
        headers = [(key, value) for key, value in request.headers.items() if key != "Host"]
        if self._session is None:  # pragma: no cover - it is made before anything is served
            raise RuntimeError("use it with `async with`")
        async with self._session.request(
            request.method, url, headers=headers, data=body or None, skip_auto_headers=_AUTOMATIC
        ) as answer:
            return answer.status, dict(answer.headers), await answer.read()


def _cut(request: web.Request) -> web.Response:
    if request.transport:
        request.transport.abort()
    return web.Response()
