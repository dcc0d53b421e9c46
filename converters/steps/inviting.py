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
from converters.policy.approval import approve
from converters.policy.rules.user import INVITATION_PENDING
from converters.steps import concluding, retrying
from converters.storage.ledger import Claim
from converters.storage.records import status_of

if TYPE_CHECKING:
    from converters.graph.client import Graph
    from converters.graph.rate_limit import Reservation
    from converters.model.trace import Trace
    from converters.policy.approval import Approval
    from converters.policy.eligibility import Verdict
    from converters.policy.rule import Case
    from converters.settings.settings import Settings
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

    async def settle(
        self, verdict: Verdict, entry: Entry, attempt: Attempt
    ) -> Outcome | Deferral | None:
        """Settle what an earlier delivery of the same request left in doubt, if anything."""
        case = verdict.case
        claim = await self.ledger.held(case.user.id)
        if claim is None or (claim.key, claim.number) != (entry.key, entry.number):
            return None
        if verdict.status in {Status.ALREADY_INVITED, Status.ALREADY_EXTERNAL}:
            if case.request.send_invitation_message or verdict.status is Status.ALREADY_EXTERNAL:
                return concluding.confirmed(verdict)
            return await self._invite_anew(verdict, entry, claim, attempt)
        return self.wait_for_replicas(case, claim, self.settings.doubt_seconds)

    async def invite(
        self, approval: Approval, entry: Entry, attempt: Attempt
    ) -> Outcome | Deferral:
        """Make an approved invitation, unless another request makes one for the same user."""
        verdict = approval.verdict
        if failure := retrying.fails_alike(verdict.case.request):
            return concluding.failed_alike(verdict.case.request, failure)
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
            if answer.is_made:
                return concluding.invited(verdict, answer)
            return await self._confirmed_or_not_made(verdict, answer, attempt)
        if isinstance(answer, Deferral):
            await self.ledger.release(claim)
        return answer

    async def make(self, approval: Approval, attempt: Attempt) -> Invitation | Outcome | Deferral:
        """Make an approved invitation; return what to answer where Graph or the day refuses."""
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

    async def _invite_anew(
        self, verdict: Verdict, entry: Entry, claim: Claim, attempt: Attempt
    ) -> Outcome | Deferral:
        """Ask for another redeem URL, since the first one is lost: it is kept nowhere."""
        request = verdict.case.request
        # Another delivery may be about to tell it; a new one would void that.
        waiting = self.wait_for_replicas(verdict.case, claim, self.settings.invocation_seconds)
        if waiting:
            return waiting
        approval = approve(verdict, claim.address)
        if approval is None:
            return self._not_anew(verdict)
        # A URL that cannot be told would be lost again.
        await self.results.of(request.request_id).check()
        mine = await self.ledger.take_over(claim, request.request_id, entry, claim.address)
        if mine is None:
            return retrying.for_replicas(request, 0, self.settings, self.clock.now())
        answer = await self.make(approval, attempt)
        if isinstance(answer, Deferral):
            # The claim stays: it tells the next delivery that the URL is still to be asked for.
            return answer
        return concluding.asked_anew(verdict, answer)

    def _not_anew(self, verdict: Verdict) -> Outcome | Deferral:
        """Response where the rules do not let a lost redeem URL be asked for anew, or not yet."""
        others = tuple(r for r in verdict.reasons if r.code != INVITATION_PENDING)
        refused, now = concluding.url_lost(concluding.concluded(verdict)), self.clock.now()
        request = verdict.case.request
        waits = others and retrying.for_directory(request, others, self.settings, now)
        return waits or refused

    async def _claimed(self, verdict: Verdict, entry: Entry) -> Claim | Outcome | Deferral:
        """Claim the user; return what to answer where that is not possible."""
        case = verdict.case
        request_id, address = case.request.request_id, case.address_digest
        claim = await self.ledger.claim(case.user.id, request_id, entry, address)
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
        mine = await self.ledger.take_over(claim, request_id, entry, address)
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
