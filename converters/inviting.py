"""Act: at most one invitation at a time for a user, and none blindly after a doubt.

A claim in the ledger comes before the POST. Whoever finds a claim knows that a POST may have been
made, and looks at the directory, as long as its replicas may lag, before anything is sent again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from converters import conclusions, patience
from converters.approval import approve
from converters.errors import GraphRefused, GraphUnavailable, QueueUnavailable
from converters.ledger import Claim
from converters.model import Deferral, Invitation, Outcome, Status
from converters.records import status_of
from converters.rules.user import INVITATION_PENDING

if TYPE_CHECKING:
    from converters.approval import Approval
    from converters.case import Case
    from converters.clock import ServiceClock
    from converters.eligibility import Verdict
    from converters.graph import Graph
    from converters.ledger import Entry, Ledger
    from converters.queues import Queue, Quota
    from converters.settings import Settings
    from converters.trace import Trace


@dataclass(frozen=True, slots=True)
class Inviter:
    """Invites users; one per worker."""

    graph: Graph
    ledger: Ledger
    results: Queue
    quota: Quota
    settings: Settings
    clock: ServiceClock

    async def settle(
        self, verdict: Verdict, entry: Entry, trace: Trace
    ) -> Outcome | Deferral | None:
        """Settle what an earlier delivery of the same request left in doubt, if anything."""
        case = verdict.case
        claim = await self.ledger.held(case.user.id)
        if claim is None or (claim.key, claim.number) != (entry.key, entry.number):
            return None
        if verdict.status in {Status.ALREADY_INVITED, Status.ALREADY_EXTERNAL}:
            if case.request.send_invitation_message or verdict.status is Status.ALREADY_EXTERNAL:
                return conclusions.confirmed(verdict)
            return await self._invite_anew(verdict, entry, claim, trace)
        return self._wait_for_replicas(case, claim, self.settings.doubt_seconds)

    async def invite(self, approval: Approval, entry: Entry, trace: Trace) -> Outcome | Deferral:
        """Make an approved invitation, unless another request makes one for the same user."""
        claim = await self._claimed(approval.verdict, entry)
        if not isinstance(claim, Claim):
            return claim
        try:
            answer = await self._posted(approval, trace)
        except (GraphUnavailable, QueueUnavailable) as error:
            if isinstance(error, QueueUnavailable) or error.without_effect:
                await self.ledger.release(claim)
            raise
        if isinstance(answer, Invitation):
            return conclusions.invited(approval.verdict, answer)
        if isinstance(answer, Deferral):
            await self.ledger.release(claim)
        return answer

    async def _posted(self, approval: Approval, trace: Trace) -> Invitation | Outcome | Deferral:
        """Make an approved invitation; return what to answer where Graph or the day refuses."""
        request = approval.verdict.case.request
        if not await self._within_quota():
            seconds, reason = patience.LIMIT_SECONDS, patience.LIMIT_REACHED
            return patience.until_allowed(request, seconds, reason)
        try:
            return await self.graph.invite(approval, trace)
        except GraphRefused as refusal:
            refused = conclusions.refused(approval.verdict, refusal)
        reasons, now = refused.reasons, self.clock.now()
        return patience.for_directory(request, reasons, self.settings, now) or refused

    async def _within_quota(self) -> bool:
        limit = self.settings.daily_limit
        return limit is None or await self.quota.reserve(limit, self.clock.utc)

    async def _invite_anew(
        self, verdict: Verdict, entry: Entry, claim: Claim, trace: Trace
    ) -> Outcome | Deferral:
        """Ask for another redeem URL, since the first one is lost: it is kept nowhere."""
        request = verdict.case.request
        # Another delivery may be about to tell it; a new one would void that.
        waiting = self._wait_for_replicas(verdict.case, claim, self.settings.invocation_seconds)
        if waiting:
            return waiting
        approval = approve(verdict, claim.address)
        if approval is None:
            others = tuple(r for r in verdict.reasons if r.code != INVITATION_PENDING)
            refused = conclusions.url_lost(conclusions.concluded(verdict))
            now = self.clock.now()
            waits = others and patience.for_directory(request, others, self.settings, now)
            return waits or refused
        # A URL that cannot be told would be lost again.
        await self.results.check()
        mine = await self.ledger.take_over(claim, request.request_id, entry, claim.address)
        if mine is None:
            return patience.for_replicas(request, 0, self.settings, self.clock.now())
        answer = await self._posted(approval, trace)
        if isinstance(answer, Invitation):
            return conclusions.invited_anew(verdict, answer)
        if isinstance(answer, Outcome):
            return conclusions.url_lost(answer)
        # The claim stays: it tells the next delivery that the URL is still to be asked for.
        return answer

    async def _claimed(self, verdict: Verdict, entry: Entry) -> Claim | Outcome | Deferral:
        """Claim the user; return what to answer where that is not possible."""
        case = verdict.case
        request_id, address = case.request.request_id, case.address_digest
        claim = await self.ledger.claim(case.user.id, request_id, entry, address)
        if claim.fresh:
            return claim
        if claim.key != entry.key:
            answer: Outcome | Deferral | None = await self._beside(verdict, claim)
        elif claim.number == entry.number:
            answer = self._wait_for_replicas(case, claim, self.settings.doubt_seconds)
        else:
            answer = None
        if answer:
            return answer
        mine = await self.ledger.take_over(claim, request_id, entry, address)
        now = self.clock.now()
        return mine or patience.for_replicas(case.request, 0, self.settings, now)

    async def _beside(self, verdict: Verdict, claim: Claim) -> Outcome | None:
        """Answer for another request's claim, as long as it counts."""
        age, other = self.clock.now() - claim.since, await self.ledger.entry(claim.key)
        if other and other.record and other.number > claim.number:
            invited = status_of(other.record) is Status.INVITED
            # From then on the directory itself shows it, or shows that it is undone.
            if not invited or age >= self.settings.settle_seconds:
                return None
            return conclusions.overtaken(verdict, claim.request_id, invited=True)
        if age >= self.settings.doubt_seconds:
            return None
        return conclusions.overtaken(verdict, claim.request_id, invited=False)

    def _wait_for_replicas(self, case: Case, claim: Claim, seconds: float) -> Deferral | None:
        now = self.clock.now()
        remaining = claim.since + seconds - now
        if remaining <= 0:
            return None
        return patience.for_replicas(case.request, remaining, self.settings, now)
