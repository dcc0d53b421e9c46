"""Act: at most one invitation at a time for a user, and none blindly after a doubt.

A claim in the ledger comes before the POST. Whoever finds a claim knows that a POST may have been
made, and looks at the directory, as long as its replicas may lag, before anything is sent again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from converters.graph import user_reads
from converters.model.errors import GraphRefused, GraphUnavailable, QueueUnavailable
from converters.model.facts import User
from converters.model.outcome import Deferral, Invitation, Outcome, Status
from converters.steps import concluding, concluding_unjudged, retrying
from converters.storage.claims import MAIL_DUE, Claim
from converters.storage.records import status_of

if TYPE_CHECKING:
    from converters.graph.client import Graph
    from converters.graph.rate_limit import Reservation
    from converters.model.request import ConversionRequest
    from converters.model.trace import Trace
    from converters.policy.approval import Approval
    from converters.policy.eligibility import Verdict
    from converters.policy.rule import Case
    from converters.settings.settings import Settings
    from converters.steps.mailing import Mailer
    from converters.storage.clock import ServiceClock
    from converters.storage.ledger import Entry, Ledger
    from converters.storage.quota import Quota
    from converters.storage.results import Results


_INVITED = frozenset({"PendingAcceptance", "Accepted"})


@dataclass(frozen=True, slots=True)
class Attempt:
    """One invocation's try to invite: its place in Graph's limit, and its notes."""

    reservation: Reservation
    trace: Trace


@dataclass(frozen=True, slots=True)
class Inviter:
    """Invites users; one per worker."""

    graph: Graph
    ledger: Ledger
    results: Results
    quota: Quota
    settings: Settings
    clock: ServiceClock
    mailer: Mailer | None = None

    async def invite(
        self, approval: Approval, entry: Entry, attempt: Attempt
    ) -> Outcome | Deferral:
        """Make an approved invitation, unless another request makes one for the same user."""
        verdict = approval.verdict
        if failure := retrying.fails_alike(verdict.case.request):
            return concluding_unjudged.failed_alike(verdict.case.request, failure)
        claim = await self._claimed(verdict, entry)
        if not isinstance(claim, Claim):
            return claim
        try:
            answer = await self.make(approval, attempt)
        except (GraphUnavailable, QueueUnavailable) as error:
            if isinstance(error, QueueUnavailable) or error.without_effect:
                await self.ledger.release(claim)
            else:
                error.in_doubt = True
            raise
        if isinstance(answer, Invitation):
            made = (
                concluding.invited(verdict, answer)
                if answer.is_made
                else await self._confirmed_or_not_made(verdict, answer, attempt)
            )
            return await self.deliver(approval, answer, made, claim, attempt)
        if isinstance(answer, Deferral):
            await self.ledger.release(claim)
        return answer

    async def deliver(
        self,
        approval: Approval,
        invitation: Invitation,
        made: Outcome,
        claim: Claim,
        attempt: Attempt,
    ) -> Outcome | Deferral:
        """Mail an invitation that was just made, where this service mails: ``Mailer.deliver``."""
        if self.mailer is None:
            return made
        return await self.mailer.deliver(approval, invitation, made, claim, attempt.trace)

    def own_mail(self, request: ConversionRequest) -> float | None:
        """Return what a claim says of the mail, before it is tried."""
        return MAIL_DUE if self.mailer and request.send_invitation_message else None

    async def make(self, approval: Approval, attempt: Attempt) -> Invitation | Outcome | Deferral:
        """Make an approved invitation; return what to answer where anything holds it back.

        That is the mailbox which is to mail it, the day's limit, or Graph.
        """
        mails = self.own_mail(approval.verdict.case.request) is not None
        if mails and self.mailer and (held := self.mailer.place(approval.verdict)):
            return held
        answer = await self._made(approval, attempt)
        if mails and self.mailer and not isinstance(answer, Invitation):
            self.mailer.give_back()
        return answer

    async def _made(self, approval: Approval, attempt: Attempt) -> Invitation | Outcome | Deferral:
        request = approval.verdict.case.request
        if not await self._within_quota():
            seconds, reason = retrying.LIMIT_SECONDS, retrying.LIMIT_REACHED
            return retrying.until_allowed(request, seconds, reason)
        try:
            return await self.graph.invite(approval, attempt.reservation, attempt.trace)
        except GraphRefused as refusal:
            refused = concluding.refused(approval.verdict, refusal)
        reasons, now = refused.reasons, self.clock.now()
        return retrying.for_directory(request, reasons, self.settings, now) or refused

    async def _confirmed_or_not_made(
        self, verdict: Verdict, invitation: Invitation, attempt: Attempt
    ) -> Outcome:
        """Ask the directory whether an invitation was made whose status is another."""
        read = user_reads.user(verdict.case.user.id)
        user = (await self.graph.read([read], attempt.trace)).fact(read)
        if isinstance(user, User) and user.external_user_state in _INVITED:
            return concluding.confirmed(verdict)
        return concluding.not_made(verdict, invitation)

    async def _within_quota(self) -> bool:
        limit = self.settings.daily_limit
        return limit is None or await self.quota.reserve(limit)

    async def _claimed(self, verdict: Verdict, entry: Entry) -> Claim | Outcome | Deferral:
        """Claim the user; return what to answer where that is not possible."""
        case = verdict.case
        request_id, address = case.request.request_id, case.address_digest
        mail = self.own_mail(case.request)
        claim = await self.ledger.claim(case.user.id, request_id, entry, address, mail)
        if claim.fresh:
            return claim
        if claim.key != entry.key:
            answer: Outcome | Deferral | None = await self._rival_outcome(verdict, claim)
        elif claim.number == entry.number:
            answer = self.wait_for_replicas(case, claim, self.settings.doubt_seconds)
        else:
            answer = None
        if answer:
            return answer
        mine = await self.ledger.take_over(claim, request_id, entry, address, mail)
        now = self.clock.now()
        return mine or retrying.for_replicas(case.request, 0, self.settings, now)

    async def _rival_outcome(self, verdict: Verdict, claim: Claim) -> Outcome | None:
        """Response for another request's claim, as long as it counts."""
        other = await self.ledger.entry(claim.key)
        record = other.record if other and other.number > claim.number else None
        invited = record is not None and status_of(record) is Status.INVITED
        # From then on the directory shows whether there is an invitation, and what was read of it
        # is younger than the claim.
        is_old = self.clock.now() - claim.since >= self.settings.doubt_seconds
        if is_old or (record and not invited):
            return None
        return concluding.overtaken(verdict, claim.request_id, invited=invited)

    def wait_for_replicas(self, case: Case, claim: Claim, seconds: float) -> Deferral | None:
        """Wait until a claim is so many seconds old; ``None`` where it is."""
        now = self.clock.now()
        remaining = claim.since + seconds - now
        if remaining <= 0:
            return None
        return retrying.for_replicas(case.request, remaining, self.settings, now)
