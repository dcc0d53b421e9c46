"""The main path, to be read top-down: gather the facts, decide, act, report."""

from __future__ import annotations

import asyncio
import uuid
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from converters import conclusions, journal, patience, records
from converters.approval import approve
from converters.case import Case
from converters.clock import ServiceClock
from converters.eligibility import decide
from converters.errors import (
    ConverterError,
    RequestInvalid,
    Unavailable,
)
from converters.gathering import Gatherer
from converters.graph import Graph
from converters.inviting import Inviter
from converters.ledger import Ledger
from converters.messages import parse
from converters.model import Mode, Outcome
from converters.pacing import MOST_WAIT
from converters.queues import Queue, Quota, SweptQueue
from converters.reporting import Ending, Reporter
from converters.sweeping import Sweeper
from converters.trace import Trace

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine

    from azure.core.credentials_async import AsyncTokenCredential

    from converters.ledger import Entry
    from converters.model import ConversionRequest
    from converters.settings import Settings


@dataclass(frozen=True, slots=True)
class Converter:
    """Takes messages to their outcomes; one per worker."""

    graph: Graph
    gatherer: Gatherer
    ledger: Ledger
    inviter: Inviter
    reporter: Reporter
    sweeper: Sweeper
    settings: Settings
    clock: ServiceClock

    @classmethod
    def of(cls, settings: Settings, credential: AsyncTokenCredential | None) -> Converter:
        """Make the clients, inside the running loop.

        Args:
            settings: the operator's.
            credential: for Graph and Storage, where the settings need one.
        """
        storage, clock = settings.storage, ServiceClock()
        graph = Graph(
            settings.graph_base_url, credential if settings.graph_needs_credential else None
        )
        ledger = Ledger(storage, settings.ledger_table, credential, clock)
        results = Queue(storage, settings.results_queue, credential)
        requests = SweptQueue(storage, settings.requests_queue, credential)
        quota = Quota(storage, settings.quota_queue, credential)
        return cls(
            graph=graph,
            gatherer=Gatherer(graph, settings),
            ledger=ledger,
            inviter=Inviter(graph, ledger, results, quota, settings, clock),
            reporter=Reporter(requests, results, ledger, settings, clock),
            sweeper=Sweeper(
                poison=SweptQueue(storage, settings.poison_queue, credential),
                requests=requests,
                results=results,
                dead_letters=SweptQueue(storage, settings.dead_letters_queue, credential),
                ledger=ledger,
                settings=settings,
            ),
            settings=settings,
            clock=clock,
        )

    async def close(self) -> None:
        """Close every connection."""
        for client in (
            self.graph,
            self.ledger,
            self.reporter.requests,
            self.reporter.results,
            self.inviter.quota,
            self.sweeper.poison,
            self.sweeper.dead_letters,
        ):
            await client.close()

    async def handle(self, body: bytes, message_id: str | None, attempt: int | None = None) -> None:
        """Take one message to its outcome and store that; only then may it be acknowledged.

        What meets an outage waits in the requests queue with a delay, and is acknowledged too.

        Args:
            body: the message as it stood in the queue.
            message_id: the queue's id for it, as far as the host can be trusted there.
            attempt: how often it was delivered, likewise; for the log alone.

        Raises:
            QueueUnavailable: neither an outcome nor the waiting request could be stored; the
                message must come again.
        """
        trace = Trace(str(uuid.uuid4()))
        try:
            with trace.timed("all"):
                ending = await self._end(body, message_id, trace)
                with trace.timed("report"):
                    ending = await self.reporter.report(ending)
        except ConverterError as error:
            journal.undone(error, trace, attempt)
            raise
        journal.ended(ending.told, trace, attempt)

    async def _end(self, body: bytes, message_id: str | None, trace: Trace) -> Ending:
        try:
            request = parse(body, message_id)
        except RequestInvalid as invalid:
            trace.request_id = invalid.request_id
            return Ending(conclusions.rejected(invalid))
        trace.correlation_id, trace.request_id = request.correlation_id, request.request_id
        trace.user_id = request.user_id
        try:
            async with asyncio.timeout(self.settings.invocation_seconds):
                return await self._concluded(request, trace)
        except (Unavailable, TimeoutError) as error:
            waiting = patience.after_outage(request, error, self.settings, self.clock.now())
            hours = self.settings.retry_hours
            return Ending(waiting or conclusions.gave_up(request, error, hours), request)

    async def _concluded(self, request: ConversionRequest, trace: Trace) -> Ending:
        if request.mode is Mode.CHECK:
            # Nothing is done, so there is nothing to do only once: a check is always of now.
            with trace.timed("gather"):
                case = Case(request, await self.gatherer.gather(request, trace), self.settings)
            return Ending(replace(conclusions.concluded(decide(case)), step="check"), request)
        if self.settings.paused:
            seconds = patience.PAUSED_SECONDS
            return Ending(patience.until_allowed(request, seconds, patience.PAUSED), request)
        with trace.timed("turn"):
            # Half of an invocation's time, at least, is for the conversion.
            await self.graph.turn(min(MOST_WAIT, self.settings.invocation_seconds / 2))
        try:
            return await self._converted(request, trace)
        finally:
            if not trace.invitations:
                self.graph.give_turn_back()

    async def _converted(self, request: ConversionRequest, trace: Trace) -> Ending:
        digest = records.digest(request)
        with trace.timed("gather"):
            async with _running_beside(self.gatherer.gather(request, trace)) as gathering:
                entry = await self.ledger.enter(request, digest)
                if entry.without_source:
                    request = replace(request, source=None)
                known = self._known(request, entry, digest)
                if known:
                    return Ending(known, request)
                case = Case(request, await gathering, self.settings)
        verdict, told = decide(case), None
        with trace.timed("invite"):
            if case.facts.user and not entry.fresh:
                told = await self.inviter.settle(verdict, entry, trace)
            if told is None and (approval := approve(verdict)):
                told = await self.inviter.invite(approval, entry, trace)
        if told is None:
            told = patience.for_directory(request, verdict.reasons, self.settings, self.clock.now())
        return Ending(told or conclusions.concluded(verdict), request, entry)

    def _known(self, request: ConversionRequest, entry: Entry, digest: str) -> Outcome | None:
        """Return the outcome of a request that has ended, or may not even begin."""
        if entry.digest != digest:
            return conclusions.reused(request, digest)
        if entry.record and records.is_settled(entry.record):
            return records.told_again(request, entry.record, self.settings.redirect_url)
        return None


@asynccontextmanager
async def _running_beside(work: Coroutine[Any, Any, Any]) -> AsyncIterator[asyncio.Task[Any]]:
    """Let work run beside the block; when the block is left, nothing of it goes on."""
    task = asyncio.ensure_future(work)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
