"""Remind: make a pending invitation again on the days that the operator names.

By the same way as the first invitation: every rule, the pause, the day's limit and the approval
count again, and the address must be the one that was invited. The ledger hears of a reminder before
it is made, so that each is made once at most; where an answer was lost, the outcome says so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from converters.graph.rate_limit import MOST_WAIT
from converters.model.errors import GraphUnavailable, QueueUnavailable
from converters.model.follow_up import Judgement
from converters.model.outcome import Invitation, Outcome, Status
from converters.model.request import ConversionRequest, MessageInfo
from converters.policy.approval import approve
from converters.policy.eligibility import decide
from converters.policy.rule import Case
from converters.steps import endings
from converters.steps.inviting import Attempt
from converters.steps.logging import log_follow_up
from converters.storage.judgements import written_judgement

if TYPE_CHECKING:
    from converters.graph.gathering import Gatherer
    from converters.model.follow_up import FollowUp
    from converters.model.trace import Trace
    from converters.policy.approval import Approval
    from converters.settings.settings import Settings
    from converters.steps.inviting import Inviter
    from converters.storage.follow_ups import FollowUps, OpenFollowUp

# Whether it was made is not known until the record says so.
UNSURE = Judgement(Status.REMINDED, warnings=(endings.REMINDER_UNSURE,))
MADE = Judgement(Status.REMINDED, warnings=(endings.LINK_VOIDED,))


@dataclass(frozen=True, slots=True)
class Reminders:
    """Makes pending invitations again; one per worker."""

    gatherer: Gatherer
    inviter: Inviter
    rows: FollowUps
    settings: Settings

    async def remind(self, row: OpenFollowUp, now: float, trace: Trace) -> OpenFollowUp | None:
        """Make a reminder that is due; return the row with what is to be told, if anything.

        ``None``: somebody else changed the row meanwhile, and goes on with it.

        Raises:
            GraphUnavailable, LedgerUnavailable, QueueUnavailable: the look must come again.
        """
        due = self.settings.follow_up.reminders_due(now - row.follow_up.invited)
        if due <= row.reminders or not row.follow_up.mailed or self.settings.paused:
            return row
        reservation = await self.inviter.graph.reserve(MOST_WAIT)
        try:
            approval = await self._approved(row.follow_up, trace)
            if approval is None:
                # The rules say no today; tomorrow's look asks them again.
                return row
            begun = replace(row, reminders=due, reminded=now, reminder=written_judgement(UNSURE))
            saved = await self.rows.save(begun)
            return saved and await self._made(row, saved, approval, Attempt(reservation, trace))
        finally:
            reservation.cancel()

    async def _approved(self, follow_up: FollowUp, trace: Trace) -> Approval | None:
        """Read the facts anew, and ask the rules."""
        request = _request(follow_up)
        case = Case(request, await self.gatherer.gather(request, trace), self.settings)
        claim = await self.inviter.ledger.held(follow_up.user_id)
        verdict = decide(case)
        # With no reasons the invitation is not pending any more: nothing to remind of.
        approval = approve(verdict, claim.address if claim else None) if verdict.reasons else None
        if approval is None:
            codes = ",".join(reason.code for reason in verdict.reasons)
            log_follow_up(f"not reminded: {codes}", follow_up, trace, problem=True)
        return approval

    async def _made(
        self, before: OpenFollowUp, begun: OpenFollowUp, approval: Approval, attempt: Attempt
    ) -> OpenFollowUp | None:
        try:
            answer = await self.inviter.make(approval, attempt)
        except (GraphUnavailable, QueueUnavailable) as error:
            if isinstance(error, QueueUnavailable) or error.without_effect:
                await self.rows.save(replace(before, etag=begun.etag))
            raise
        if isinstance(answer, Invitation) and answer.is_made:
            return await self.rows.save(replace(begun, reminder=written_judgement(MADE)))
        if isinstance(answer, Invitation | Outcome):
            # Graph said no for good: this reminder is not made, and none in its place.
            log_follow_up("reminder refused", before.follow_up, attempt.trace, problem=True)
            return await self.rows.save(replace(begun, reminder=None))
        return await self.rows.save(replace(before, etag=begun.etag))


def _request(follow_up: FollowUp) -> ConversionRequest:
    """Return the request that a reminder is; the address is the one that the directory holds."""
    return ConversionRequest(
        request_id=follow_up.request_id,
        correlation_id=follow_up.correlation_id,
        user_id=follow_up.user_id,
        message_info=MessageInfo(language=follow_up.language),
        source=follow_up.source,
    )
