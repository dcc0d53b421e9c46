"""The emulator on a socket of this machine: ``async with GraphEmulator(…) as graph``."""

from __future__ import annotations

import asyncio
import json
import random
import re
import uuid
from collections import Counter
from typing import TYPE_CHECKING

from aiohttp import web

from local.graph.control import Control
from local.graph.errors import ConnectionCutError, bad_request
from local.graph.exchange import JSON_TYPE, Answer, Call, refusal
from local.graph.mailboxes import crowded
from local.graph.state import Record, State

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self, Unpack

    from local.graph.schema import Json
    from local.graph.state import Options
    from local.graph.tenant import Tenant

_LARGEST_BODY = 4 * 1024 * 1024
# Requests of one application at one mailbox at once ("Outlook service limits").
MAILBOX_CONCURRENCY = 4
_OF_MAILBOX = re.compile(r"/v1\.0/users/([^/]+)/(?:sendMail|mailFolders/.*)")
_VERSIONS = frozenset({"v1.0", "beta"})
_NOT_JSON = (
    "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is"
    " of valid JSON format."
)


class GraphEmulator(State):
    """Microsoft Graph for one tenant, on loopback.

    Args:
        tenant: the directory, or its description (see ``local.graph.tenant``).
        port: 0 for a free one.
        options: what ``State`` takes beside.

    Attributes:
        url: where it is, without a version.
        most_in_flight: how many were under way at once, at most.
    """

    def __init__(self, tenant: Tenant | Json, *, port: int = 0, **options: Unpack[Options]) -> None:
        super().__init__(tenant, **options)
        self.url, self.most_in_flight = "", 0
        self._port, self._in_flight = port, 0
        self._at_mailbox: Counter[str] = Counter()
        self._chance = random.Random(options.get("seed", 1))  # noqa: S311 - jitter
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        application = web.Application(client_max_size=_LARGEST_BODY)
        application.add_routes(Control(self).routes())
        application.router.add_route("*", "/{version}/{path:.*}", self._serve)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self.endpoint.base_url = self.url
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._runner:
            await self._runner.cleanup()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        self._in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self._in_flight)
        mailbox = _mailbox(request)
        counted = bool(mailbox) and self.throttle.limits is not None
        self._at_mailbox[mailbox] += counted
        try:
            return await self._answered(request, await request.read())
        finally:
            self._in_flight -= 1
            self._at_mailbox[mailbox] -= counted

    async def _answered(self, request: web.Request, raw: bytes) -> web.StreamResponse:
        call, record, readable = _received(request, raw)
        self.requests.append(record)
        if self.latency_ms or self.jitter_ms:
            more = self._chance.random() * self.jitter_ms
            await asyncio.sleep((self.latency_ms + more) / 1000)
        try:
            if self._at_mailbox[_mailbox(request)] > MAILBOX_CONCURRENCY:
                answer = refusal(crowded(), call)
            elif call.version not in _VERSIONS:
                answer = refusal(bad_request(f"Invalid version: {call.version}"), call)
            elif not readable:
                answer = refusal(bad_request(_NOT_JSON), call)
            else:
                answer = await self.endpoint.answer(call)
        except ConnectionCutError:
            return _cut(request)
        record.status = answer.status
        return _written(answer, call)


def _received(request: web.Request, raw: bytes) -> tuple[Call, Record, bool]:
    """Return a request, its record, and whether its body can be read."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    body: object = None
    readable = True
    if raw and request.content_type == "text/plain" and request.path.endswith("/sendMail"):
        body = raw.decode("ascii", "replace")
    elif raw:
        try:
            body = json.loads(raw)
            readable = request.content_type == "application/json"
        except (ValueError, RecursionError):
            readable = False
    request_id = str(uuid.uuid4())
    version, _, target = request.raw_path.removeprefix("/").partition("/")
    call = Call(
        method=request.method,
        version=version,
        target="/" + target,
        headers=headers,
        body=body,
        request_id=request_id,
        client_request_id=headers.get("client-request-id", request_id),
    )
    record = Record(request.method, request.path, request.query_string, headers, raw, body)
    return call, record, readable


def _mailbox(request: web.Request) -> str:
    """Return whose mailbox a request is at; empty for none's."""
    match = _OF_MAILBOX.fullmatch(request.path)
    return match[1].lower() if match else ""


def _written(answer: Answer, call: Call) -> web.Response:
    headers = {
        **answer.headers,
        "request-id": call.request_id,
        "client-request-id": call.client_request_id,
    }
    if answer.body is None:
        return web.Response(status=answer.status, headers=headers)
    if isinstance(answer.body, str):
        text, headers["Content-Type"] = answer.body, "text/html"
    else:
        text, headers["Content-Type"] = json.dumps(answer.body), JSON_TYPE
    return web.Response(body=text.encode(), status=answer.status, headers=headers)


def _cut(request: web.Request) -> web.Response:
    if request.transport:
        request.transport.abort()
    return web.Response()
