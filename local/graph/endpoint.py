"""Graph without a socket: routes a request, holds limits, disturbs as ordered, answers."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

from local.graph import routes, sign_ins
from local.graph.batch import answer_batch
from local.graph.errors import ConnectionCutError, GraphError, bad_request, denied
from local.graph.exchange import ODATA_HEADERS, Answer, refusal
from local.graph.faults import Faults
from local.graph.query import decoded, query_of, segments_of
from local.graph.throttling import Throttle

if TYPE_CHECKING:
    from local.graph.exchange import Call
    from local.graph.faults import Fault
    from local.graph.query import Query
    from local.graph.routing import Route
    from local.graph.tenant import Tenant

BATCH = ("$batch",)


class Endpoint:
    """Microsoft Graph for one tenant.

    Attributes:
        tenant, throttle, faults: its state; all may be changed while it runs.
        base_url: what links in answers begin with, without a version.
    """

    def __init__(self, tenant: Tenant, throttle: Throttle | None = None, seed: int = 1) -> None:
        self.tenant, self.base_url = tenant, "https://graph.microsoft.com"
        self.throttle = throttle or Throttle()
        self.faults = Faults(seed)
        self._order = random.Random(seed)  # noqa: S311 - the order of a batch's answers

    async def answer(self, call: Call) -> Answer:
        """Answer one request, or one item of a batch.

        Raises:
            ConnectionCutError: a fault lets nothing be answered.
        """
        fault = self.faults.strike(call, decoded(call.target)) if self.faults else None
        if fault is None:
            return await self._undisturbed(call)
        if fault.hang_ms:
            await asyncio.sleep(fault.hang_ms / 1000)
        truth = await self._undisturbed(call) if fault.takes_effect else None
        if fault.drop:
            raise ConnectionCutError(fault.drop)
        return truth if truth is not None and not fault.answers else _ordered(fault, call)

    async def _undisturbed(self, call: Call) -> Answer:
        segments = segments_of(call.target)
        try:
            if segments == BATCH and call.method == "POST":
                if call.in_batch:
                    raise bad_request("A batch can't hold a batch.")
                return Answer(200, await answer_batch(call, self.answer, self._order))
            route, arguments = routes.find(call.version, call.method, segments)
            query = query_of(call, self.tenant, self.base_url, arguments)
            units = max(1, route.units - ("$select" in query.options))
            kind = "report" if sign_ins.are_asked(query) else route.kind
            usage = self.throttle.count(kind, units, len(self.tenant.users))
        except GraphError as error:
            return refusal(error, call)
        return self._handled(route, query, call, usage)

    def _handled(self, route: Route, query: Query, call: Call, usage: dict[str, str]) -> Answer:
        try:
            if route.permissions and not any(map(self.tenant.granted, route.permissions)):
                raise denied()
            return Answer(route.status, route.handler(query), {**ODATA_HEADERS, **usage})
        except GraphError as error:
            return refusal(error, call, usage)


def _ordered(fault: Fault, call: Call) -> Answer:
    ordered = refusal(fault.error(), call)
    return Answer(ordered.status, fault.html or fault.body or ordered.body, ordered.headers)
