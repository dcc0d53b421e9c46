"""The main path, to be read top-down: gather the facts, decide, act, report."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from converters.graph.rate_limit import MOST_WAIT
from converters.model.errors import ConverterError, RequestInvalid, Unavailable
from converters.model.event import Notice
from converters.model.request import Mode
from converters.model.trace import Trace
from converters.policy.approval import approve
from converters.policy.completing import resolved
from converters.policy.eligibility import decide
from converters.policy.rule import Case
from converters.steps import concluding, concluding_mail, concluding_unjudged, retrying, screening
from converters.steps.inviting import Attempt, Inviter
from converters.steps.logging import log_ended, log_notice, log_undone
from converters.steps.reporting import Ending, Reporter
from converters.steps.running import running_concurrently
from converters.storage import records
from converters.wire.properties import content_digest
from converters.wire.requests import parse

if TYPE_CHECKING:
    from contextlib import AsyncExitStack

    from converters.graph.client import Graph
    from converters.graph.gathering import Gatherer
    from converters.model.outcome import Outcome
    from converters.model.request import ConversionRequest
    from converters.settings.settings import Settings
    from converters.steps.caretaking import Caretaker
    from converters.steps.following_up import Follower
    from converters.steps.resending import Resender
    from converters.steps.screening import Screener
    from converters.steps.settling import Settler
    from converters.steps.subscribing import Subscriber
    from converters.steps.sweeping import Sweeper
    from converters.storage.clock import ServiceClock
    from converters.storage.ledger import Entry, Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Converter:
    """Takes messages to their outcomes; one per worker."""

    graph: Graph
    gatherer: Gatherer
    ledger: Ledger
    screener: Screener
    inviter: Inviter
    settler: Settler
    resender: Resender
    reporter: Reporter
    sweeper: Sweeper
    follower: Follower
    caretaker: Caretaker
    subscriber: Subscriber | None
    settings: Settings
    clock: ServiceClock
    connections: AsyncExitStack

    async def close(self) -> None:
        """Close every connection."""
        await self.connections.aclose()

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
                if ending is None:
                    return
                with trace.timed("report"):
                    ending = await self.reporter.report(ending)
        except ConverterError as error:
            log_undone(error, trace, attempt)
            raise
        log_ended(ending.result, trace, attempt, told=ending.told)

    async def _end(self, body: bytes, message_id: str | None, trace: Trace) -> Ending | None:
        try:
            message = parse(body, message_id)
        except RequestInvalid as invalid:
            trace.request_id, rejected = invalid.request_id, concluding_unjudged.rejected(invalid)
            return Ending(rejected, told=screening.is_told(invalid, rejected, self.settings))
        trace.request_id, trace.user_id = message.request_id, message.user_id
        nothing = screening.nothing_to_do(message, self.settings)
        if nothing:
            # Without the request: what is not believed must not wait as if it were.
            return Ending(nothing, told=screening.is_told(message, nothing, self.settings))
        if isinstance(message, Notice):
            log_notice(message, handled=self.subscriber is not None)
            if self.subscriber:
                await self.subscriber.take(message)
            return None
        trace.correlation_id, trace.event = message.correlation_id, message.is_delivered_event
        return await self._ended(message, trace)

    async def _ended(self, request: ConversionRequest, trace: Trace) -> Ending:
        try:
            async with asyncio.timeout(self.settings.invocation_seconds):
                return await self._concluded(request, trace)
        except (Unavailable, TimeoutError) as error:
            request = retrying.with_failure(request, error)
            waiting = retrying.after_outage(request, error, self.settings, self.clock.now())
            hours = self.settings.retry_hours
            return Ending(waiting or concluding_mail.gave_up(request, error, hours), request)

    async def _concluded(self, request: ConversionRequest, trace: Trace) -> Ending:
        if screened := await self.screener.screen(request):
            told = screening.is_told(request, screened, self.settings)
            return Ending(screened, request, told=told)
        if request.mode is Mode.CHECK:
            # Nothing is done, so there is nothing to do only once: a check is always of now.
            with trace.timed("gather"):
                case = Case(request, await self.gatherer.gather(request, trace), self.settings)
            return Ending(replace(concluding.concluded(decide(case)), step="check"), request)
        if self.settings.paused:
            seconds = retrying.PAUSED_SECONDS
            return Ending(retrying.until_allowed(request, seconds, retrying.PAUSED), request)
        with trace.timed("turn"):
            # Half of an invocation's time, at least, is for the conversion.
            most = min(MOST_WAIT, self.settings.invocation_seconds / 2)
            reservation = await self.graph.reserve(most)
        try:
            return await self._converted(request, Attempt(reservation, trace))
        finally:
            reservation.cancel()

    async def _converted(self, request: ConversionRequest, attempt: Attempt) -> Ending:
        trace = attempt.trace
        digest = content_digest(request)
        with trace.timed("gather"):
            async with running_concurrently(self.gatherer.gather(request, trace)) as gathering:
                entry = await self.ledger.enter(request, digest)
                if entry.without_source:
                    request = replace(request, source=None)
                known = self._known(request, entry, digest)
                if known:
                    told = screening.is_told(request, known, self.settings)
                    return Ending(known, request, told=told)
                case = Case(request, await gathering, self.settings)
        verdict, result = decide(case), None
        with trace.timed("invite"):
            if request.mode is Mode.RESEND:
                result = await self.resender.resend(verdict, entry, attempt)
            elif case.facts.user and not entry.fresh:
                result = await self.settler.settle(verdict, entry, attempt)
            if result is None and (approval := approve(verdict)):
                result = await self.inviter.invite(approval, entry, attempt)
        if result is None:
            user, now = case.facts.user, self.clock.now()
            created = user.created if user else None
            result = retrying.for_directory(
                request, verdict.reasons, self.settings, now, created=created
            )
        result = result or concluding.concluded(verdict)
        told = screening.is_told(request, result, self.settings, case)
        completion = resolved(request.completion, case.facts)
        return Ending(result, request, entry, told=told, completion=completion)

    def _known(self, request: ConversionRequest, entry: Entry, digest: str) -> Outcome | None:
        """Return the outcome of a request that has ended, or may not even begin."""
        if entry.digest != digest:
            return concluding_unjudged.reused(request, digest)
        if entry.record and records.is_settled(entry.record):
            return records.replayed(request, entry.record, self.settings.redirect_url)
        return None
