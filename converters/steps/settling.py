"""Settle what an earlier delivery of a request left in doubt: its invitation, and its own mail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from converters.model.outcome import Deferral, Invitation, Outcome, Status
from converters.policy.approval import approve
from converters.policy.rules.user import INVITATION_PENDING
from converters.steps import concluding, concluding_mail, endings, retrying

if TYPE_CHECKING:
    from converters.policy.approval import Approval
    from converters.policy.eligibility import Verdict
    from converters.steps.inviting import Attempt, Inviter
    from converters.storage.claims import Claim
    from converters.storage.ledger import Entry


@dataclass(frozen=True, slots=True)
class Settler:
    """Settles doubts; one per worker."""

    inviter: Inviter

    async def settle(
        self, verdict: Verdict, entry: Entry, attempt: Attempt
    ) -> Outcome | Deferral | None:
        """Settle what an earlier delivery of the same request left in doubt, if anything."""
        case = verdict.case
        claim = await self.inviter.ledger.held(case.user.id)
        if claim is None or (claim.key, claim.number) != (entry.key, entry.number):
            return None
        # Whatever the directory shows: once a mail may have gone, no newer link may void its own.
        if claim.mail and (ending := await self.settle_mail(verdict, claim, attempt)):
            return ending
        if verdict.status in {Status.ALREADY_INVITED, Status.ALREADY_EXTERNAL}:
            by_microsoft = case.request.send_invitation_message and claim.mail is None
            if by_microsoft or verdict.status is Status.ALREADY_EXTERNAL:
                return concluding.confirmed(verdict)
            return await self._invite_anew(verdict, entry, claim, attempt)
        return self.inviter.wait_for_replicas(case, claim, self.inviter.settings.doubt_seconds)

    async def settle_mail(
        self, verdict: Verdict, claim: Claim, attempt: Attempt
    ) -> Outcome | Deferral | None:
        """Settle what became of an earlier delivery's mail; ``None``: it was certainly not sent."""
        if self.inviter.mailer is None:
            # MAIL_SENDER was taken away meanwhile; nobody can look.
            return concluding_mail.mailed(verdict, endings.MAIL_IN_DOUBT)
        return await self.inviter.mailer.settle(verdict, claim, attempt.trace)

    async def _invite_anew(
        self, verdict: Verdict, entry: Entry, claim: Claim, attempt: Attempt
    ) -> Outcome | Deferral:
        """Ask for another redeem URL, since the first one is lost: it is kept nowhere."""
        inviter, request = self.inviter, verdict.case.request
        # Another delivery may be about to tell it; a new one would void that.
        seconds = inviter.settings.invocation_seconds
        waiting = inviter.wait_for_replicas(verdict.case, claim, seconds)
        if waiting:
            return waiting
        approval = approve(verdict, claim.address)
        if approval is None:
            return self._not_anew(verdict)
        if not request.send_invitation_message:
            # A URL that cannot be told would be lost again.
            await inviter.results.of(request.request_id).check()
        mine = await inviter.ledger.take_over(
            claim, request.request_id, entry, claim.address, inviter.own_mail(request)
        )
        if mine is None:
            return retrying.for_replicas(request, 0, inviter.settings, inviter.clock.now())
        answer = await inviter.make(approval, attempt)
        if isinstance(answer, Deferral):
            # The claim stays: it tells the next delivery that the URL is still to be asked for.
            return answer
        return await self._made_anew(approval, answer, mine, attempt)

    async def _made_anew(
        self, approval: Approval, answer: Invitation | Outcome, mine: Claim, attempt: Attempt
    ) -> Outcome | Deferral:
        """Conclude from an invitation that was made anew, and mail it where that is to be done."""
        verdict = approval.verdict
        if not verdict.case.request.send_invitation_message:
            return concluding.asked_anew(verdict, answer)
        made = concluding_mail.made_anew(verdict, answer)
        if isinstance(answer, Invitation) and answer.is_made:
            return await self.inviter.deliver(approval, answer, made, mine, attempt)
        return made

    def _not_anew(self, verdict: Verdict) -> Outcome | Deferral:
        """Response where the rules do not let a lost redeem URL be asked for anew, or not yet."""
        others = tuple(r for r in verdict.reasons if r.code != INVITATION_PENDING)
        refused, inviter = concluding.concluded(verdict).warned(endings.URL_LOST), self.inviter
        request, now = verdict.case.request, inviter.clock.now()
        waits = others and retrying.for_directory(request, others, inviter.settings, now)
        return waits or refused
