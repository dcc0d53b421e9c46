"""Remind: make a pending invitation again on the days that the operator names.

By the same way as the first invitation: every rule, the pause, the day's limit and the approval
count again, and the address must be the one that was invited. The ledger hears of a reminder before
it is made, so that each is made once at most; where an answer was lost, the outcome says so. A
reminder that this service mails itself is settled first: its invitation has voided the older link,
so it is mailed in the end, or the outcome says that it was not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from converters.graph.mail_reads import Trail
from converters.graph.rate_limit import MOST_WAIT
from converters.model.errors import GraphUnavailable, LetterUnfit, QueueUnavailable
from converters.model.follow_up import Judgement
from converters.model.outcome import Deferral, Invitation, Status
from converters.model.request import ConversionRequest, MessageInfo
from converters.policy.approval import approve, approve_mail
from converters.policy.eligibility import decide
from converters.policy.rule import Case
from converters.steps import endings
from converters.steps.inviting import Attempt
from converters.steps.logging import log_follow_up
from converters.steps.mailing import mail_id, unfitness
from converters.storage.claims import MAIL_DUE
from converters.storage.judgements import written_judgement

if TYPE_CHECKING:
    from converters.graph.gathering import Gatherer
    from converters.model.follow_up import FollowUp
    from converters.model.trace import Trace
    from converters.policy.approval import Approval
    from converters.settings.settings import Settings
    from converters.steps.inviting import Inviter
    from converters.steps.mailing import Mailer
    from converters.storage.follow_ups import FollowUps, OpenFollowUp

# Whether it was made is not known until the record says so.
UNSURE = Judgement(Status.REMINDED, warnings=(endings.REMINDER_UNSURE,))
MADE = Judgement(Status.REMINDED, warnings=(endings.LINK_VOIDED,))
IN_DOUBT = Judgement(Status.REMINDED, warnings=(endings.MAIL_IN_DOUBT,))


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
            mail = self.inviter.own_mail(approval.verdict.case.request)
            begun = replace(
                row, reminders=due, reminded=now, reminder=written_judgement(UNSURE), mail=mail
            )
            saved = await self.rows.save(begun)
            return saved and await self._made(row, saved, approval, Attempt(reservation, trace))
        finally:
            reservation.cancel()

    async def settle(self, row: OpenFollowUp, trace: Trace) -> OpenFollowUp | None:
        """Bring a reminder with an own mail to its end that something came between.

        Raises:
            GraphUnavailable, LedgerUnavailable, QueueUnavailable: the look must come again.
        """
        if row.mail is None:
            return row
        mailer = self.inviter.mailer
        if mailer is None:
            # MAIL_SENDER was taken away meanwhile; nobody can look, and nobody mails.
            return await self._ended(row, IN_DOUBT if row.mail else not_sent("it is switched off"))
        approval = None if self.settings.paused else await self._approved(row.follow_up, trace)
        if row.mail:
            reader = approval.verdict.case.address.checked if approval else None
            trail = await mailer.trail(_mail_id(row), reader, row.mail, trace)
            if trail is None:
                # Neither found nor late enough to be sure.
                wait = row.mail + self.settings.doubt_seconds - mailer.clock.now()
                raise GraphUnavailable("settling a reminder's mail", retry_after=wait)
            if trail is not Trail.NONE:
                return await self._ended(row, MADE if trail is Trail.SENT else IN_DOUBT)
        if approval is None:
            return await self._ended(row, not_sent("the rules do not allow another"))
        reservation = await self.inviter.graph.reserve(MOST_WAIT)
        try:
            # Whoever else is about to mail it finds the row changed, and does not.
            mine = await self.rows.save(replace(row, mail=MAIL_DUE))
            return mine and await self._made(mine, mine, approval, Attempt(reservation, trace))
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
        """Make a reminder that was begun; ``before`` is the row for where nothing comes of it."""
        try:
            answer = await self.inviter.make(approval, attempt)
        except (GraphUnavailable, QueueUnavailable) as error:
            if isinstance(error, QueueUnavailable) or error.without_effect:
                await self.rows.save(replace(before, etag=begun.etag))
            raise
        if isinstance(answer, Invitation) and answer.is_made:
            mailer = self.inviter.mailer
            if mailer and begun.mail is not None:
                return await self._mailed(mailer, approval, answer, begun, attempt.trace)
            return await self._ended(begun, MADE)
        if isinstance(answer, Deferral):
            return await self._held_back(before, begun, answer)
        # Graph said no for good: this reminder is not made, and none in its place.
        log_follow_up("reminder refused", before.follow_up, attempt.trace, problem=True)
        if before.reminder:
            return await self._ended(begun, not_sent("the invitation could not be made anew"))
        return await self.rows.save(replace(begun, reminder=None, mail=None))

    async def _held_back(
        self, before: OpenFollowUp, begun: OpenFollowUp, answer: Deferral
    ) -> OpenFollowUp | None:
        if before.reminder:
            # An older link is void already: this one is made as soon as it may be.
            raise GraphUnavailable(f"reminding ({answer.why})", retry_after=answer.seconds)
        return await self.rows.save(replace(before, etag=begun.etag))

    async def _mailed(
        self,
        mailer: Mailer,
        approval: Approval,
        invitation: Invitation,
        begun: OpenFollowUp,
        trace: Trace,
    ) -> OpenFollowUp | None:
        approved = approve_mail(approval, invitation)
        if approved is None:
            return await self._ended(begun, not_sent("it was another user's"))
        try:
            mime = mailer.write(approved, _mail_id(begun), reminder=True)
        except LetterUnfit as unfit:
            return await self._ended(begun, not_sent(unfitness(unfit)))
        noted = await self.rows.save(replace(begun, mail=mailer.clock.now()))
        if noted is None:
            return None
        try:
            refusal = await mailer.send(approved, mime, trace)
        except GraphUnavailable as error:
            if error.without_effect:
                await self.rows.save(replace(noted, mail=MAIL_DUE))
            raise
        return await self._ended(noted, not_sent(refusal.why) if refusal else MADE)

    async def _ended(self, row: OpenFollowUp, judgement: Judgement) -> OpenFollowUp | None:
        """Write down what is to be told of a reminder."""
        return await self.rows.save(replace(row, reminder=written_judgement(judgement), mail=None))


def not_sent(why: str) -> Judgement:
    """Judge that a reminder's invitation was made, and that its mail was not sent."""
    return Judgement(Status.REMINDED, warnings=(endings.MAIL_NOT_SENT.filled(why=why),))


def _mail_id(row: OpenFollowUp) -> str:
    return mail_id(row.follow_up.key, f"reminder {row.reminders}")


def _request(follow_up: FollowUp) -> ConversionRequest:
    """Return the request that a reminder is; the address is the one that the directory holds."""
    return ConversionRequest(
        request_id=follow_up.request_id,
        correlation_id=follow_up.correlation_id,
        user_id=follow_up.user_id,
        message_info=MessageInfo(language=follow_up.language),
    )
