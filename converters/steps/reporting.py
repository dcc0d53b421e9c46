"""Report: an outcome into the results queue and the ledger, a waiting request into its own."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from converters.model.addresses import domain_of
from converters.model.completion import NOTHING, Completion
from converters.model.errors import LedgerUnavailable, QueueUnavailable
from converters.model.follow_up import FollowUp
from converters.model.outcome import Deferral, Outcome, Status
from converters.model.request import Mode
from converters.steps import concluding_unjudged, retrying, screening
from converters.steps.logging import log_unfinished
from converters.storage import records
from converters.wire.envelopes import deferred
from converters.wire.outcomes import cloud_event

if TYPE_CHECKING:
    from converters.model.request import ConversionRequest
    from converters.settings.settings import Settings
    from converters.steps.following_up import Follower
    from converters.storage.clock import ServiceClock
    from converters.storage.ledger import Entry, Ledger
    from converters.storage.queues import Queue
    from converters.storage.results import Results


@dataclass(frozen=True, slots=True)
class Ending:
    """How an invocation ended.

    Attributes:
        result: the outcome, or that the request waits.
        request: ``None`` where the message is none.
        entry: the ledger's row to finish with the outcome, if there is one to finish.
        told: whether anybody hears of it; if not, a line in the log is all there is.
        completion: what is to be done once redeemed, its people by object id.
    """

    result: Outcome | Deferral
    request: ConversionRequest | None = None
    entry: Entry | None = None
    told: bool = True
    completion: Completion = NOTHING


@dataclass(frozen=True, slots=True)
class Reporter:
    """Stores how invocations ended; one per worker."""

    requests: Queue
    results: Results
    ledger: Ledger
    follower: Follower
    settings: Settings
    clock: ServiceClock

    async def report(self, ending: Ending) -> Ending:
        """Store the outcome, or the request that waits; return what was stored in the end."""
        if isinstance(ending.result, Outcome):
            if not ending.told:
                await self._keep(ending.result, ending.entry)
                return ending
            try:
                await self._send_outcome(ending.result, ending)
            except QueueUnavailable:
                if ending.request is None:
                    raise
                waiting = retrying.until_results(ending.request, self.settings, self.clock.now())
                return await self.report(Ending(waiting))
            return ending
        request = await self._with_notice(ending.result)
        await self.requests.send(deferred(request), ending.result.seconds)
        return ending

    async def _send_outcome(self, outcome: Outcome, ending: Ending) -> None:
        entry = ending.entry
        if entry is None:
            await self.results.of(outcome.request_id).send(cloud_event(outcome))
            return
        outcome = records.with_step(outcome, entry.record, entry.number)
        sending = self.results.of(outcome.request_id).send(cloud_event(outcome))
        if outcome.invitation and not outcome.mail_sent:
            # A redeem URL stands in the results queue alone: "ended" must mean that it does.
            await sending
            await self._finish(entry, outcome, ending)
            return
        for each in await asyncio.gather(
            sending, self._finish(entry, outcome, ending), return_exceptions=True
        ):
            if isinstance(each, BaseException):
                raise each

    async def _keep(self, outcome: Outcome, entry: Entry | None) -> None:
        """Write down how an event ended that nobody is told of."""
        if entry is not None:
            outcome = records.with_step(outcome, entry.record, entry.number)
            await self._finish(entry, outcome, None)

    async def _finish(self, entry: Entry, outcome: Outcome, ending: Ending | None) -> None:
        request, completion = (ending.request, ending.completion) if ending else (None, NOTHING)
        if outcome.status is Status.INVITED and outcome.user and request:
            # Before the ledger knows the end: whoever comes after that begins nothing any more.
            begun = self._follow_up(outcome.user.id, outcome.email_address, entry, request)
            follow_up = replace(begun, completion=completion)
            if request.mode is Mode.RESEND:
                await self.follower.resume(follow_up, fresh=entry.fresh)
            else:
                await self.follower.begin(follow_up, fresh=entry.fresh)
        try:
            # Of a request that invited nobody, nothing is vouched for.
            kept = completion if outcome.status is Status.INVITED else NOTHING
            await self.ledger.finish(entry, records.written(outcome), kept)
        except LedgerUnavailable as error:
            # The outcome is told; another delivery would find it out from the directory again.
            log_unfinished(error, outcome)

    def _follow_up(
        self, user_id: str, address: str | None, entry: Entry, request: ConversionRequest
    ) -> FollowUp:
        return FollowUp(
            key=entry.key,
            request_id=request.request_id,
            source=request.source,
            correlation_id=request.correlation_id,
            user_id=user_id.lower(),
            invited=self.clock.now(),
            domain=domain_of(address),
            mailed=request.send_invitation_message,
            language=request.message_info.language,
        )

    async def _with_notice(self, waiting: Deferral) -> ConversionRequest:
        """Tell once for each reason that the request waits; a notice that fails is told later."""
        request, codes = waiting.request, tuple(reason.code for reason in waiting.reasons)
        if set(codes) <= set(request.waits.announced):
            return request
        # Where nobody is to hear of it, it counts as told: what waits must not wait for that.
        if screening.is_told(request, waiting, self.settings):
            try:
                notice = cloud_event(concluding_unjudged.waiting(waiting))
                await self.results.of(request.request_id).send(notice)
            except QueueUnavailable:
                return request
        announced = tuple(dict.fromkeys(request.waits.announced + codes))
        return replace(request, waits=replace(request.waits, announced=announced))
