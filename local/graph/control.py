"""``/_emulator``: looks into the emulator, and disturbs it, from another process.

No part of Graph::

    GET    /_emulator/health
    GET    /_emulator/requests     the HTTP requests that came in, and how many
    GET    /_emulator/counts       how many of each path below /v1.0, by status
    GET    /_emulator/invitations  those that were made
    GET    /_emulator/mails        those that Graph sent
    GET    /_emulator/faults       those in force
    GET    /_emulator/subscriptions  those to changes of users that have not ended
    GET    /_emulator/events       those that were made for subscriptions
    POST   /_emulator/faults       {"path": "/invitations", "status": 503, …}, or a list of such
    DELETE /_emulator/faults
    POST   /_emulator/redeem       {"userId": "…"} or {"inviteRedeemUrl": "…"}; "issuer", and
                                   "issuerAssignedId", if wanted
    POST   /_emulator/hire         {"user": {…}, "groupId": "…"}: a new user, put into a group
    POST   /_emulator/lifecycle    {"event": "reauthorizationRequired", "missed" or
                                   "subscriptionRemoved", which removes all}
    POST   /_emulator/settings     {"latencyMs", "jitterMs", "lagMs", "retryAfter",
                                   "throttle": true, false or limits, and the tenant's policies}
    POST   /_emulator/reset        {"tenant": {…}}; {} for an empty directory

What makes no sense is answered with 400 and ``{"error": "…"}``.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import asdict
from typing import TYPE_CHECKING, cast

from aiohttp import web

from local.graph.faults import Fault
from local.graph.loading import known
from local.graph.tenant import POLICIES, Tenant
from local.graph.throttling import Limits

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import TypeAlias

    from local.graph.schema import Json
    from local.graph.state import State

    Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]

# Of a request's headers, what tells requests apart; never a token.
SHOWN_HEADERS = ("client-request-id", "consistencylevel", "content-type", "user-agent")
_SETTINGS = ("latencyMs", "jitterMs", "lagMs", "throttle", "retryAfter", *POLICIES)


class Control:
    """The routes that control an emulator."""

    def __init__(self, emulator: State) -> None:
        self._emulator = emulator

    def routes(self) -> list[web.RouteDef]:
        """Return them."""
        looks: dict[str, Callable[[], object]] = {
            "health": self._health,
            "requests": self._requests,
            "counts": self._counts,
            "invitations": lambda: self._emulator.invitations,
            "mails": lambda: self._emulator.mails,
            "subscriptions": self._subscriptions,
            "events": lambda: self._emulator.tenant.subscriptions.events,
            "faults": lambda: [asdict(fault) for fault in self._emulator.faults],
        }
        acts: dict[str, Callable[[Json], None]] = {
            "redeem": self._redeem,
            "hire": self._hire,
            "lifecycle": self._say_lifecycle,
            "settings": self._set,
            "reset": self._reset,
        }
        return [
            *(web.get(f"/_emulator/{name}", _shown(look)) for name, look in looks.items()),
            *(web.post(f"/_emulator/{name}", _done(act)) for name, act in acts.items()),
            web.post("/_emulator/faults", self._add_faults),
            web.delete("/_emulator/faults", self._clear_faults),
            web.route("*", "/_emulator/{rest:.*}", _unknown),
        ]

    def _health(self) -> Json:
        tenant = self._emulator.tenant
        return {"status": "ready", "tenantId": tenant.tenant_id, "users": len(tenant.users)}

    def _requests(self) -> Json:
        shown = [
            {
                "method": record.method,
                "path": record.path,
                "query": record.query,
                "status": record.status,
                "headers": {n: v for n, v in record.headers.items() if n in SHOWN_HEADERS},
                "body": record.body,
            }
            for record in self._emulator.requests
        ]
        return {"roundTrips": len(shown), "requests": shown}

    def _counts(self) -> Json:
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        for record in self._emulator.requests:
            counts[record.path.removeprefix("/v1.0/")][str(record.status)] += 1
        return dict(counts)

    async def _add_faults(self, request: web.Request) -> web.Response:
        try:
            entries = await request.json()
            faults = [Fault.read(each) for each in _listed(entries)]
        except (ValueError, TypeError) as error:
            return _refused(error)
        for fault in faults:
            self._emulator.faults.add(fault)
        return web.json_response({})

    async def _clear_faults(self, _: web.Request) -> web.Response:
        self._emulator.faults.clear()
        return web.json_response({})

    def _redeem(self, body: Json) -> None:
        known("redeem", body, ("userId", "inviteRedeemUrl", "issuer", "issuerAssignedId"))
        urls = self._emulator.tenant.redeem_urls
        user_id = body.get("userId")
        if user_id is None:
            wanted = body.get("inviteRedeemUrl")
            user_id = next((found for found, url in urls.items() if url == wanted), None)
        if user_id is None:
            raise ValueError("the link leads to no invitation, or a newer one has voided it")
        issuer = body.get("issuer", "ExternalAzureAD")
        self._emulator.tenant.redeem(user_id, issuer, body.get("issuerAssignedId"))

    def _subscriptions(self) -> list[Json]:
        tenant = self._emulator.tenant
        return tenant.subscriptions.alive(tenant.now())

    def _hire(self, body: Json) -> None:
        known("hire", body, ("user", "groupId"))
        tenant, group_id = self._emulator.tenant, body["groupId"]
        if group_id not in tenant.groups:
            raise ValueError(f"there is no group {group_id}")
        tenant.memberships.add(group_id, tenant.add_user(body["user"])["id"])

    def _say_lifecycle(self, body: Json) -> None:
        name, tenant = known("lifecycle", body, ("event",))["event"], self._emulator.tenant
        tenant.subscriptions.send_lifecycle(name, tenant.tenant_id, tenant.now())
        if name == "subscriptionRemoved":
            for one in self._subscriptions():
                tenant.subscriptions.remove(one["id"])

    def _set(self, body: Json) -> None:
        known("settings", body, _SETTINGS)
        emulator = self._emulator
        emulator.tenant.set_policies({name: body[name] for name in POLICIES if name in body})
        if "throttle" in body:
            wanted = body["throttle"]
            limits = Limits.read(wanted) if isinstance(wanted, dict) else Limits()
            emulator.throttle.limits = limits if wanted is not False else None
            emulator.tenant.holds_limits = wanted is not False
        emulator.throttle.retry_after = body.get("retryAfter", emulator.throttle.retry_after)
        emulator.latency_ms = body.get("latencyMs", emulator.latency_ms)
        emulator.jitter_ms = body.get("jitterMs", emulator.jitter_ms)
        emulator.set_lag(body.get("lagMs", emulator.lag_ms))

    def _reset(self, body: Json) -> None:
        tenant = Tenant(known("reset", body, ("tenant",)).get("tenant", {}))
        self._emulator.replace_tenant(tenant)
        self._emulator.requests.clear()
        self._emulator.faults.clear()
        self._emulator.throttle.forget()


def _shown(look: Callable[[], object]) -> Handler:
    async def handle(_: web.Request) -> web.StreamResponse:
        return web.json_response(look())

    return handle


def _done(act: Callable[[Json], None]) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            act(dict(await request.json()))
        except (ValueError, TypeError, KeyError) as error:
            return _refused(error)
        return web.json_response({})

    return handle


async def _unknown(_: web.Request) -> web.StreamResponse:
    return web.json_response({"error": "no such control"}, status=404)


def _listed(entries: object) -> list[Json | str]:
    return entries if isinstance(entries, list) else [cast("Json", entries)]


def _refused(error: Exception) -> web.Response:
    return web.json_response({"error": str(error)}, status=400)
