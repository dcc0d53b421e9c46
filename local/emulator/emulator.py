"""The emulator on a socket: HTTP, ``$batch``, headers, disturbances, the record of requests."""

from __future__ import annotations

import asyncio
import copy
import json
import random
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import web

from local.emulator.errors import GraphError, bad_request
from local.emulator.faults import Fault, Faults, Throttle
from local.emulator.invitations import invite
from local.emulator.reads import answer
from local.emulator.tenant import Tenant, timestamp

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Self

    from local.emulator.tenant import Json

CONTENT_TYPE = "application/json; odata.metadata=minimal; charset=utf-8"
MOST_IN_BATCH = 20
WARNS_FROM = 0.8


@dataclass(frozen=True, slots=True)
class Record:
    """One HTTP request that was seen."""

    method: str
    path: str
    headers: Mapping[str, str]
    raw: bytes
    body: Any


@dataclass(slots=True)
class _Answer:
    status: int
    body: Json
    headers: dict[str, str]


class GraphEmulator:
    """Microsoft Graph for one tenant, on a free port of loopback: ``async with GraphEmulator(…)``.

    Args:
        tenant: the directory, or its description.
        latency_ms: how long every HTTP request takes at least.
        port: 0 for a free one.
        lag_ms: how long reads show users as they were before a write.
        throttle: whether Graph's limits hold.
    """

    def __init__(
        self,
        tenant: Tenant | Json,
        *,
        latency_ms: int = 0,
        port: int = 0,
        lag_ms: int = 0,
        throttle: bool = False,
    ) -> None:
        self.tenant = tenant if isinstance(tenant, Tenant) else Tenant(tenant)
        self.latency_ms, self._port = latency_ms, port
        self.tenant.lag_seconds = lag_ms / 1000
        self.throttle = Throttle(enabled=throttle)
        self.faults = Faults()
        self.requests: list[Record] = []
        self.invitations: list[Json] = []
        self.mails: list[Json] = []
        self.most_in_flight = 0
        self.url = ""
        self._in_flight = 0
        self._order = random.Random(1)  # noqa: S311 - the order of a batch's answers
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        application = web.Application(client_max_size=8 * 1024 * 1024)
        application.router.add_route("*", "/_emulator/{what}", self._control)
        application.router.add_route("*", "/{version}/{path:.*}", self._serve)
        self._runner = web.AppRunner(application, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
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
        raw = await request.read()
        self._in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self._in_flight)
        try:
            return await self._answered(request, raw)
        finally:
            self._in_flight -= 1

    async def _answered(self, request: web.Request, raw: bytes) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        body = _json(raw)
        self.requests.append(Record(request.method, request.path, headers, raw, body))
        if self.latency_ms:
            await asyncio.sleep(self.latency_ms / 1000)
        fault = self.faults.strike(request.method, request.path)
        if fault and fault.hang_ms:
            await asyncio.sleep(fault.hang_ms / 1000)
        if fault and fault.drop == "before":
            return _cut(request)
        if fault and fault.html:
            return web.Response(status=fault.status, text=fault.html, content_type="text/html")
        if fault and fault.status:
            found = _ordered(fault)
        else:
            version, path = request.match_info["version"], request.raw_path.split("/", 2)[2]
            found = self._one(request.method, version, "/" + path, headers, body)
        if fault and fault.drop == "after":
            return _cut(request)
        return self._written(found, headers)

    def _one(
        self, method: str, version: str, path: str, headers: Mapping[str, str], body: object
    ) -> _Answer:
        """Answer one request, or one item of a batch."""
        try:
            if method == "POST" and path == "/$batch":
                return _Answer(200, self._batch(version, body), {})
            if method == "POST" and path == "/invitations":
                share = self.throttle.invite()
                made = invite(self.tenant, body, self.mails)
                self.invitations.append(made)
                return _Answer(201, _annotated("invitations/$entity", made), _usage(share, 1))
            if method == "GET":
                units = 1 if "/transitiveMemberOf" not in path else 2
                share = self.throttle.read(units, len(self.tenant.users))
                found = answer(self.tenant, path, headers)
                return _Answer(
                    200, _annotated(path.split("?", maxsplit=1)[0], found), _usage(share, units)
                )
            raise bad_request("Resource not found for the segment or method.")
        except GraphError as error:
            return _refusal(error)

    def _batch(self, version: str, body: object) -> Json:
        items = body.get("requests") if isinstance(body, dict) else None
        if not isinstance(items, list) or not 0 < len(items) <= MOST_IN_BATCH:
            raise bad_request("Number of batch requests must be from 1 to 20.")
        if len({item["id"] for item in items}) != len(items):
            raise bad_request("Duplicate ids in the batch.")
        answers: dict[str, _Answer] = {}
        for item in items:
            depends_on = [answers[other] for other in item.get("dependsOn") or ()]
            if any(other.status >= 400 for other in depends_on):  # noqa: PLR2004
                error = GraphError(424, "FailedDependency", "A request it depends on failed.")
                answers[item["id"]] = _refusal(error)
                continue
            headers = {name.lower(): text for name, text in (item.get("headers") or {}).items()}
            method, path = item["method"].upper(), item["url"]
            fault = self.faults.strike(f"BATCH {method}", path)
            answers[item["id"]] = (
                _ordered(fault)
                if fault
                else self._one(method, version, path, headers, item.get("body"))
            )
        responses = [
            {"id": key, "status": found.status, "headers": found.headers, "body": found.body}
            for key, found in answers.items()
        ]
        self._order.shuffle(responses)
        return {"responses": responses}

    def _written(self, found: _Answer, headers: Mapping[str, str]) -> web.Response:
        request_id = str(uuid.uuid4())
        client_id = headers.get("client-request-id", request_id)
        body = found.body
        if isinstance(body.get("error"), dict):
            inner = {"date": timestamp(), "request-id": request_id, "client-request-id": client_id}
            body = {"error": {**body["error"], "innerError": inner}}
        return web.Response(
            body=json.dumps(body).encode(),
            status=found.status,
            headers={
                **found.headers,
                "Content-Type": CONTENT_TYPE,
                "request-id": request_id,
                "client-request-id": client_id,
            },
        )

    async def _control(self, request: web.Request) -> web.Response:
        """Serve ``/_emulator``: look into the emulator, and disturb it, from another process."""
        body = _json(await request.read())
        match request.method, request.match_info["what"]:
            case "GET", "health":
                return web.json_response({"tenantId": self.tenant.tenant_id})
            case "GET", "mails":
                return web.json_response(self.mails)
            case "GET", "invitations":
                return web.json_response(self.invitations)
            case "GET", "requests":
                seen = [{"method": r.method, "path": r.path, "body": r.body} for r in self.requests]
                return web.json_response(seen)
            case "POST", "faults":
                self.faults.add(Fault(**body))
            case "DELETE", "faults":
                self.faults.ordered.clear()
            case "POST", "redeem":
                self.tenant.redeem(body["userId"])
            case "POST", "settings":
                self._set(body)
            case _:
                return web.json_response({"error": "no such control"}, status=404)
        return web.json_response({})

    def _set(self, settings: Json) -> None:
        settings = copy.deepcopy(settings)
        self.latency_ms = settings.pop("latencyMs", self.latency_ms)
        self.tenant.lag_seconds = settings.pop("lagMs", self.tenant.lag_seconds * 1000) / 1000
        self.throttle.enabled = settings.pop("throttle", self.throttle.enabled)
        self.tenant.allow_invites_from = settings.pop(
            "allowInvitesFrom", self.tenant.allow_invites_from
        )
        if "permissions" in settings:
            self.tenant.permissions = frozenset(settings.pop("permissions"))
        if settings:
            raise web.HTTPBadRequest(text=f"unknown settings: {', '.join(settings)}")


def _ordered(fault: Fault) -> _Answer:
    if fault.body is not None:
        return _Answer(fault.status, fault.body, {})
    return _refusal(GraphError(fault.status, fault.code, fault.message, fault.retry_after))


def _refusal(error: GraphError) -> _Answer:
    after = {"Retry-After": str(error.retry_after)} if error.retry_after is not None else {}
    return _Answer(error.status, {"error": {"code": error.code, "message": error.message}}, after)


def _usage(share: float, units: int) -> dict[str, str]:
    percentage = {"x-ms-throttle-limit-percentage": f"{share:.2f}"} if share >= WARNS_FROM else {}
    return {"x-ms-resource-unit": str(units), **percentage}


def _annotated(context: str, body: Json) -> Json:
    return {"@odata.context": f"https://graph.microsoft.com/v1.0/$metadata#{context}", **body}


def _cut(request: web.Request) -> web.Response:
    if request.transport:
        request.transport.abort()
    return web.Response()


def _json(raw: bytes) -> Any:  # noqa: ANN401
    if not raw:
        return None
    try:
        return json.loads(raw)
    except ValueError:
        return raw.decode(errors="replace")
