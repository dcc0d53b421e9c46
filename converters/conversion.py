"""The main path, to be read top-down: gather the facts, decide, act, report."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from converters import conclusions, journal
from converters.case import Case
from converters.eligibility import decide
from converters.envelopes import deferred
from converters.errors import ConverterError, GraphRefused, RequestInvalid
from converters.gathering import Gatherer
from converters.graph import Graph
from converters.invitations import invitation_body
from converters.messages import parse
from converters.model import Deferral, Mode, Outcome, Owner, Reason, Status
from converters.outcomes import cloud_event
from converters.queues import Queue, Quota
from converters.trace import Trace

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

    from converters.eligibility import Verdict
    from converters.model import ConversionRequest
    from converters.settings import Settings

_PAUSED = Reason(
    "conversionsPaused",
    "The operator has paused all conversions.",
    "Wait: the request is taken up by itself when the operator lets conversions go on.",
    Owner.OPERATOR,
    retriable=True,
)
_LIMIT_REACHED = Reason(
    "dailyLimitReached",
    "The day's invitations are used up.",
    "Wait: the request is taken up by itself when there are invitations again, after midnight UTC.",
    Owner.OPERATOR,
    retriable=True,
)
PAUSED_SECONDS = 300
LIMIT_SECONDS = 3600
# A user created a moment ago is not visible for minutes; Entra's replicas settle in about five.
UNSEEN_SECONDS = 90
MOST_UNSEEN = 5


@dataclass(frozen=True, slots=True)
class Converter:
    """Takes messages to their outcomes; one per worker."""

    graph: Graph
    gatherer: Gatherer
    requests: Queue
    results: Queue
    quota: Quota
    settings: Settings

    @classmethod
    def of(cls, settings: Settings, credential: AsyncTokenCredential | None) -> Converter:
        """Make the clients, inside the running loop.

        Args:
            settings: the operator's.
            credential: for Graph and Storage, where the settings need one.
        """
        storage = settings.storage
        graph = Graph(
            settings.graph_base_url, credential if settings.graph_needs_credential else None
        )
        return cls(
            graph=graph,
            gatherer=Gatherer(graph, settings),
            requests=Queue(storage, settings.requests_queue, credential),
            results=Queue(storage, settings.results_queue, credential),
            quota=Quota(storage, settings.quota_queue, credential),
            settings=settings,
        )

    async def close(self) -> None:
        """Close every connection."""
        for client in (self.graph, self.requests, self.results, self.quota):
            await client.close()

    async def handle(self, body: bytes, message_id: str | None, attempt: int | None = None) -> None:
        """Take one message to its outcome and store that; only then may it be acknowledged.

        Args:
            body: the message as it stood in the queue.
            message_id: the queue's id for it, as far as the host can be trusted there.
            attempt: how often it was delivered, likewise; for the log alone.

        Raises:
            GraphUnavailable, QueueUnavailable, TimeoutError: nothing was concluded, or that is not
                stored; the message must come again.
        """
        trace = Trace(str(uuid.uuid4()))
        try:
            async with asyncio.timeout(self.settings.invocation_seconds):
                with trace.timed("all"):
                    ended = await self._end(body, message_id, trace)
                    await self._report(ended, trace)
        except (ConverterError, TimeoutError) as error:
            journal.undone(error, trace, attempt)
            raise
        journal.ended(ended, trace, attempt)

    async def _end(self, body: bytes, message_id: str | None, trace: Trace) -> Outcome | Deferral:
        try:
            request = parse(body, message_id)
        except RequestInvalid as invalid:
            trace.request_id = invalid.request_id
            return conclusions.rejected(invalid)
        trace.correlation_id, trace.request_id = request.correlation_id, request.request_id
        trace.user_id = request.user_id
        return await self.convert(request, trace)

    async def convert(self, request: ConversionRequest, trace: Trace) -> Outcome | Deferral:
        """Check the request and, unless it only asks for that, make the invitation."""
        converting = request.mode is Mode.CONVERT
        if converting and self.settings.paused:
            return Deferral(request, PAUSED_SECONDS, _PAUSED)
        with trace.timed("gather"):
            facts = await self.gatherer.gather(request, trace)
        if request.from_event and facts.matches == () and request.deferrals < MOST_UNSEEN:
            return Deferral(request, UNSEEN_SECONDS, None)
        case = Case(request, facts, self.settings)
        verdict = decide(case)
        if verdict.status is not Status.ELIGIBLE or not converting:
            return conclusions.concluded(case, verdict)
        if self.settings.daily_limit and not await self.quota.reserve(self.settings.daily_limit):
            return Deferral(request, LIMIT_SECONDS, _LIMIT_REACHED)
        with trace.timed("invite"):
            return await self._invite(case, verdict, trace)

    async def _invite(self, case: Case, verdict: Verdict, trace: Trace) -> Outcome:
        try:
            invitation = await self.graph.invite(invitation_body(case), trace)
        except GraphRefused as refusal:
            return conclusions.refused(case, verdict, refusal)
        return conclusions.invited(case, verdict, invitation)

    async def _report(self, ended: Outcome | Deferral, trace: Trace) -> None:
        with trace.timed("report"):
            if isinstance(ended, Outcome):
                await self.results.send(cloud_event(ended))
                return
            request = ended.request
            tell = ended.reason is not None and not request.announced
            if tell:
                await self.results.send(cloud_event(conclusions.waiting(ended)))
            waiting = replace(
                request,
                deferrals=request.deferrals + 1,
                announced=request.announced or tell,
            )
            await self.requests.send(deferred(waiting), ended.seconds)
