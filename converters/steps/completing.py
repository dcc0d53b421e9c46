"""Complete: do what the request asked for once the person has redeemed, a step at a time.

Every run reads the facts anew and asks the policy for each step that has not ended. How a step
ended is written down before the next is begun, and all of it before anybody is told. A step that
meets an outage, or misses a permission, waits; the others go on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from converters.graph.completion_reads import read_for_completion
from converters.model.completion import PERMISSIONS
from converters.model.errors import GraphRefused, GraphUnavailable
from converters.model.follow_up import Check, Completing
from converters.model.outcome import GraphTrace, Outcome, Status, StepResult, StepState, UserSummary
from converters.model.request import ConversionRequest
from converters.model.trace import Trace
from converters.policy import step_reasons
from converters.policy.completing import CompletionCase, Permit, permit
from converters.policy.eligibility import FACT_UNKNOWN
from converters.steps import retrying
from converters.steps.logging import log_follow_up, log_step
from converters.wire.checks import written_check
from converters.wire.outcomes import cloud_event

if TYPE_CHECKING:
    from converters.graph.client import Graph
    from converters.graph.writing import DirectoryWriter
    from converters.model.completion import Step
    from converters.model.follow_up import FollowUp
    from converters.model.outcome import Reason
    from converters.settings.settings import Settings
    from converters.storage.clock import ServiceClock
    from converters.storage.courier import Courier
    from converters.storage.follow_ups import FollowUps, OpenFollowUp
    from converters.storage.results import Results

_NOT_PERMITTED = frozenset({401, 403})
_MOST_CODE = 64


@dataclass(frozen=True, slots=True)
class Completer:
    """Completes conversions; one per worker."""

    graph: Graph
    writer: DirectoryWriter
    rows: FollowUps
    checks: Courier
    results: Results
    settings: Settings
    clock: ServiceClock

    async def complete(self, row: OpenFollowUp, attempts: int) -> None:
        """Go on with the steps; tell them once all have ended, all at once.

        Args:
            row: its redemption was told, and its completion has begun.
            attempts: how often in a row the steps have waited.

        Raises:
            GraphUnavailable, LedgerUnavailable, QueueUnavailable: the run must come again.
        """
        follow_up, now = row.follow_up, self.clock.now()
        trace = Trace(follow_up.correlation_id, follow_up.request_id, follow_up.user_id)
        if self.settings.paused:
            # What is paused uses no patience up.
            await self._wait(row, now, retrying.PAUSED_SECONDS, attempts, since=None)
            return
        after, asked = await self._tried_all(row, now, trace)
        if after is None:
            # Somebody else changed the row meanwhile, and goes on with it.
            return
        completing = after.completing or Completing()
        if completing.left(follow_up.completion):
            seconds = asked + retrying.back_off(attempts, self.settings.retry_base_seconds)
            await self._wait(after, now, seconds, attempts, since=completing.since or now)
            return
        await self.results.of(follow_up.request_id).send(cloud_event(told_completion(after)))
        await self.rows.end(after)
        log_follow_up(Status.COMPLETED, follow_up, trace)

    async def _wait(
        self, row: OpenFollowUp, now: float, seconds: float, attempts: int, *, since: float | None
    ) -> None:
        look, completing = row.look + 1, replace(row.completing or Completing(), since=since)
        # Sent first: a message too many does nothing, one that is missing waits for the sweep.
        again = Check(row.follow_up, look, attempts + 1)
        await self.checks.send(written_check(again), retrying.delay(seconds))
        await self.rows.save(replace(row, look=look, due=now + seconds, completing=completing))

    async def _tried_all(
        self, row: OpenFollowUp, now: float, trace: Trace
    ) -> tuple[OpenFollowUp | None, float]:
        """Try every step that is left; return the row, and the seconds that Graph asks for."""
        completing, asked = row.completing or Completing(), 0.0
        left = completing.left(row.follow_up.completion)
        if not left:
            return row, asked
        case = await self._case(row.follow_up, trace)
        for step in left:
            try:
                result = await self._tried(step, case, trace)
            except GraphUnavailable as error:
                asked = max(asked, error.retry_after or asked)
                result = _refused(step, step_reasons.unavailable(self.settings.retry_hours))
            waits = result.may_change and self._has_patience(result, completing, now)
            log_step(result, row.follow_up, trace, waits=waits)
            if waits:
                continue
            reasons = tuple(step_reasons.given_up(reason) for reason in result.reasons)
            ended = replace(result, reasons=reasons)
            completing = replace(completing, results=(*completing.results, ended))
            saved = await self.rows.save(replace(row, completing=completing))
            if saved is None:
                return None, asked
            row = saved
        return row, asked

    async def _case(self, follow_up: FollowUp, trace: Trace) -> CompletionCase:
        completion = follow_up.completion
        facts = await read_for_completion(self.graph, follow_up.user_id, completion, trace)
        request = ConversionRequest(
            request_id=follow_up.request_id,
            correlation_id=follow_up.correlation_id,
        )
        return CompletionCase(request, completion, follow_up.domain, facts, self.settings)

    async def _tried(self, step: Step, case: CompletionCase, trace: Trace) -> StepResult:
        """Try a step; return how it ended for now.

        Raises:
            GraphUnavailable: nothing is known; it may or may not have been done.
        """
        permitted = permit(step, case)
        if not isinstance(permitted, Permit):
            return permitted
        try:
            await self.writer.carry_out(permitted, trace)
        except GraphRefused as error:
            code = error.code[:_MOST_CODE]
            if error.status in _NOT_PERMITTED:
                missing = step_reasons.permission_missing(step, error.status, code)
                return replace(_refused(step, missing), permission=PERMISSIONS[step])
            refused = step_reasons.refused_by_graph(error.status, code, error.request_id)
            return _refused(step, refused)
        return StepResult(step, StepState.DONE)

    def _has_patience(self, result: StepResult, completing: Completing, now: float) -> bool:
        """Tell whether a step may wait still: for consent as long as a request does."""
        settings, codes = self.settings, {reason.code for reason in result.reasons}
        of_consent = codes & {FACT_UNKNOWN, step_reasons.PERMISSION_MISSING.code}
        hours = settings.consent_hours if of_consent else settings.retry_hours
        since = now if completing.since is None else completing.since
        return now - since < hours * 3600


def told_completion(row: OpenFollowUp) -> Outcome:
    """Return the outcome that tells how a completion's steps ended."""
    follow_up, results = row.follow_up, (row.completing or Completing()).results
    in_order = tuple(
        result for step in follow_up.completion.steps for result in results if result.step is step
    )
    refused = [result for result in in_order if result.state is StepState.REFUSED]
    reasons = dict.fromkeys(reason for result in refused for reason in result.reasons)
    return Outcome(
        request_id=follow_up.request_id,
        status=Status.COMPLETED,
        user=UserSummary(follow_up.user_id),
        user_id=follow_up.user_id,
        reasons=tuple(reasons),
        warnings=step_reasons.warnings_of(in_order),
        next_steps=step_reasons.next_steps_of(in_order),
        graph=GraphTrace(follow_up.correlation_id),
        source=follow_up.source,
        step=f"followUp {Status.COMPLETED}",
        completion=in_order,
    )


def _refused(step: Step, reason: Reason) -> StepResult:
    return StepResult(step, StepState.REFUSED, (reason,))
