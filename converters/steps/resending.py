"""Make a pending invitation again because somebody asks for it (mode ``resend``).

By the same way as the first: every rule, the pause, the day's limit and the approval count again.
Nobody is mailed twice by one request: where an answer was lost, the outcome says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from converters.model.errors import GraphUnavailable, QueueUnavailable
from converters.model.outcome import Deferral, Outcome
from converters.policy.approval import approve
from converters.policy.rules.user import INVITATION_PENDING
from converters.steps import concluding, endings, retrying

if TYPE_CHECKING:
    from converters.model.outcome import Invitation, Reason
    from converters.policy.approval import Approval
    from converters.policy.eligibility import Verdict
    from converters.steps.inviting import Attempt, Inviter
    from converters.steps.settling import Settler
    from converters.storage.claims import Claim
    from converters.storage.ledger import Entry


@dataclass(frozen=True, slots=True)
class Resender:
    """Makes pending invitations again; one per worker."""

    inviter: Inviter
    settler: Settler

    async def resend(self, verdict: Verdict, entry: Entry, attempt: Attempt) -> Outcome | Deferral:
        """Make a pending invitation again, or say why not."""
        others = tuple(r for r in verdict.reasons if r.code != INVITATION_PENDING)
        if others or verdict.case.facts.user is None:
            return self._refused(verdict, others)
        claim = await self.inviter.ledger.held(verdict.case.user.id)
        if claim:
            mine = (claim.key, claim.number) == (entry.key, entry.number)
            ending = await (
                self._in_doubt(verdict, claim, attempt) if mine else self._rival(verdict, claim)
            )
            if ending:
                return ending
        if not verdict.reasons:
            return concluding.not_resent(verdict, (endings.NOT_PENDING,))
        pending = claim.address if claim and claim.address else verdict.case.address_digest
        approval = approve(verdict, pending)
        if approval is None:
            return concluding.not_resent(verdict, (endings.OTHER_ADDRESS,))
        return await self._resent(approval, claim, entry, attempt)

    def _refused(self, verdict: Verdict, others: tuple[Reason, ...]) -> Outcome | Deferral:
        request, inviter = verdict.case.request, self.inviter
        waits = retrying.for_directory(request, others, inviter.settings, inviter.clock.now())
        return waits or concluding.not_resent(verdict, others)

    async def _in_doubt(
        self, verdict: Verdict, claim: Claim, attempt: Attempt
    ) -> Outcome | Deferral | None:
        """Return what to answer where an earlier delivery may have made it again already."""
        if verdict.case.request.send_invitation_message and claim.mail is None:
            return concluding.resent_perhaps(verdict)
        if claim.mail and (ending := await self.settler.settle_mail(verdict, claim, attempt)):
            return ending
        # Another delivery may be about to tell the URL; a new one would void that.
        seconds = self.inviter.settings.invocation_seconds
        return self.inviter.wait_for_replicas(verdict.case, claim, seconds)

    async def _rival(self, verdict: Verdict, claim: Claim) -> Outcome | Deferral | None:
        """Return what to answer as long as another request's invitation is in the making."""
        inviter, rival = self.inviter, await self.inviter.ledger.entry(claim.key)
        if rival and rival.record and rival.number > claim.number:
            if verdict.reasons:
                return None
            # It was invited a moment ago perhaps, and replicas do not show it yet.
            return inviter.wait_for_replicas(verdict.case, claim, inviter.settings.settle_seconds)
        if inviter.clock.now() - claim.since >= inviter.settings.doubt_seconds:
            return None
        return concluding.overtaken(verdict, claim.request_id, invited=False)

    async def _resent(
        self, approval: Approval, claim: Claim | None, entry: Entry, attempt: Attempt
    ) -> Outcome | Deferral:
        verdict, inviter = approval.verdict, self.inviter
        request = verdict.case.request
        if not request.send_invitation_message:
            # A URL that cannot be told would be lost.
            await inviter.results.of(request.request_id).check()
        mine = await self._claimed(verdict, claim, entry)
        if mine is None:
            return retrying.for_replicas(request, 0, inviter.settings, inviter.clock.now())
        try:
            answer: Invitation | Outcome | Deferral = await inviter.make(approval, attempt)
        except (GraphUnavailable, QueueUnavailable) as error:
            if isinstance(error, QueueUnavailable) or error.without_effect:
                await inviter.ledger.give_back(mine, claim)
            else:
                error.in_doubt = True
            raise
        if isinstance(answer, Deferral):
            await inviter.ledger.give_back(mine, claim)
            return answer
        made = concluding.resent(verdict, answer)
        if isinstance(answer, Outcome):
            return made
        return await inviter.deliver(approval, answer, made, mine, attempt)

    async def _claimed(self, verdict: Verdict, claim: Claim | None, entry: Entry) -> Claim | None:
        case, ledger = verdict.case, self.inviter.ledger
        request_id, address = case.request.request_id, case.address_digest
        mail = self.inviter.own_mail(case.request)
        if claim is not None:
            return await ledger.take_over(claim, request_id, entry, address, mail)
        made = await ledger.claim(case.user.id, request_id, entry, address, mail)
        return made if made.fresh else None
