"""Follow up: look at whoever was invited, on a widening schedule, until there is an end to tell.

A message in the queue ``redemption-checks`` wakes a look, a row of the ledger says how far the
follow-up is. Either brings back the other: a message without its row writes it anew, and the sweep
sends a message for a row that none came for. An end is written down before it is told, so that it
is the same end however often it is told.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from converters.model.errors import ConverterError, LedgerUnavailable, Unavailable
from converters.model.facts import Unread
from converters.model.follow_up import Check, Completing
from converters.model.outcome import GraphTrace, Outcome, Status, UserSummary
from converters.model.trace import Trace
from converters.policy.redemption import judge
from converters.settings.follow_up import DAY
from converters.steps import retrying
from converters.steps.logging import log_follow_up
from converters.storage.judgements import read_judgement, written_judgement
from converters.wire.checks import read_check, written_check
from converters.wire.outcomes import cloud_event

if TYPE_CHECKING:
    from converters.graph.looking import Looker
    from converters.model.follow_up import FollowUp, Judgement
    from converters.model.redemption import Standing
    from converters.settings.settings import Settings
    from converters.steps.completing import Completer
    from converters.steps.reminding import Reminders
    from converters.storage.clock import ServiceClock
    from converters.storage.courier import Courier
    from converters.storage.follow_ups import FollowUps, OpenFollowUp
    from converters.storage.results import Results

# A queue delays a message by seven days at most; what is due later comes in several hops.
HOP_SECONDS = 6 * DAY
# Clocks of the queue and of the table may differ by less than a look matters.
_EARLY = 1.0


@dataclass(frozen=True, slots=True)
class Follower:
    """Follows up invitations; one per worker."""

    looker: Looker
    checks: Courier
    results: Results
    rows: FollowUps
    reminders: Reminders
    completer: Completer
    settings: Settings
    clock: ServiceClock

    async def begin(self, follow_up: FollowUp, *, fresh: bool) -> None:
        """Begin to follow an invitation up; the row or the message is enough for it to go on.

        Args:
            follow_up: the invitation.
            fresh: it was made just now, so that its follow-up cannot have ended yet.

        Raises:
            QueueUnavailable: neither of them is known to be stored.
        """
        if not self.settings.follow_up.is_on:
            return
        check, due = Check(follow_up), self._next_due(follow_up)
        enter = self.rows.open if fresh else self.rows.find
        sent, kept = await asyncio.gather(
            self._send(check, due), enter(follow_up, 0, due), return_exceptions=True
        )
        failed = [each for each in (sent, kept) if isinstance(each, BaseException)]
        others = [each for each in failed if not isinstance(each, ConverterError)]
        if others or (isinstance(sent, BaseException) and len(failed) > 1):
            raise (others or failed)[0]

    async def resume(self, follow_up: FollowUp, *, fresh: bool) -> None:
        """Count anew from an invitation that was made again; begin where nobody looks any more.

        Raises:
            QueueUnavailable: it is not known to be stored.
        """
        if not self.settings.follow_up.is_on:
            return
        try:
            rows = [row for row in await self.rows.open_of(follow_up.user_id) if not row.record]
            for row in rows:
                again = replace(row.follow_up, invited=follow_up.invited)
                due, look = self._next_due(again), row.look + 1
                await self._send(Check(again, look), due)
                await self.rows.save(replace(row, follow_up=again, look=look, due=due))
        except LedgerUnavailable:
            # Two that look are better than nobody.
            rows = []
        if not rows:
            await self.begin(follow_up, fresh=fresh)

    async def handle(self, body: bytes) -> None:
        """Take a message of the queue to a look, an outcome, or a later time.

        Raises:
            QueueUnavailable: nothing could be stored; the message must come again.
        """
        check = read_check(body)
        if check is None:
            log_follow_up("unreadable", None, problem=True)
            return
        if not self.settings.follow_up.is_on:
            log_follow_up("switched off", check.follow_up)
            return
        try:
            async with asyncio.timeout(self.settings.invocation_seconds):
                await self._handled(check)
        except (Unavailable, TimeoutError) as error:
            await self._put_off(check, error)

    async def _handled(self, check: Check) -> None:
        now = self.clock.now()
        row = await self.rows.recall(check.follow_up, check.look, now)
        if row is None:
            return
        if row.completing:
            if row.look == check.look and not await self._is_early(row, check):
                await self.completer.complete(row, check.attempts)
        elif row.record:
            await self._tell(row)
        elif row.look == check.look:
            if row.reminder:
                # It was made, or may have been, before something failed.
                settled = await self.reminders.settle(row, _trace(row.follow_up))
                if settled is None:
                    return
                row = await self._tell_reminder(settled)
            if not await self._is_early(row, check):
                await self._look(row, self.clock.now())

    async def _is_early(self, row: OpenFollowUp, check: Check) -> bool:
        """Tell whether a message came before its time, and send it on if so."""
        # The row's answer has told the time of the storage service.
        if self.clock.now() + _EARLY >= row.due:
            return False
        await self._send(replace(check, follow_up=row.follow_up), row.due)
        return True

    async def _look(self, row: OpenFollowUp, now: float) -> None:
        follow_up, trace = row.follow_up, _trace(row.follow_up)
        standing = await self.looker.look(follow_up.user_id, trace)
        if isinstance(standing, Unread):
            # Unknown means no: neither redeemed nor anything else.
            log_follow_up(f"unread: HTTP {standing.status}", follow_up, trace, problem=True)
            await self._go_on(row, now, seen=row.seen)
            return
        judgement = self._judge(row, standing, now)
        if judgement is None:
            await self._pending(
                row, now, trace, seen=bool(standing and standing.external_user_state)
            )
            return
        decided = await self.rows.save(replace(row, record=written_judgement(judgement)))
        if decided:
            await self._tell(decided, trace)

    async def _pending(self, row: OpenFollowUp, now: float, trace: Trace, *, seen: bool) -> None:
        """Remind where that is due, tell it, and go on."""
        after = await self.reminders.remind(row, now, trace) if seen else row
        if after is None:
            return
        if after.reminder:
            after = await self._tell_reminder(after)
        await self._go_on(after, now, seen=row.seen or seen)

    async def _tell_reminder(self, row: OpenFollowUp) -> OpenFollowUp:
        """Tell the last reminder; return the row as it is to be written next."""
        reminded = told(row, row.reminder or "")
        await self.results.of(reminded.request_id).send(cloud_event(reminded))
        log_follow_up("reminded", row.follow_up)
        return replace(row, reminder=None)

    def _judge(self, row: OpenFollowUp, standing: Standing | None, now: float) -> Judgement | None:
        age, days = now - row.follow_up.invited, self.settings.follow_up.stale_days
        return judge(
            standing,
            row.follow_up.domain,
            seen=row.seen,
            settled=age >= self.settings.settle_seconds,
            stale_days=days if age >= days * DAY else 0,
        )

    async def _go_on(self, row: OpenFollowUp, now: float, *, seen: bool) -> None:
        due = self._next_due(row.follow_up, now)
        # Sent first: a message too many does nothing, one that is missing waits for the sweep.
        await self._send(Check(row.follow_up, row.look + 1), due)
        await self.rows.save(replace(row, look=row.look + 1, due=due, seen=seen))

    async def _tell(self, row: OpenFollowUp, trace: Trace | None = None) -> None:
        """Tell the end that is written down; close the follow-up, or complete what was asked."""
        ended = told(row, row.record or "")
        await self.results.of(ended.request_id).send(cloud_event(ended))
        log_follow_up(ended.status, row.follow_up, trace)
        if ended.status is not Status.REDEEMED or not row.follow_up.completion:
            await self.rows.end(row)
        elif begun := await self.rows.save(replace(row, completing=Completing())):
            await self.completer.complete(begun, 0)

    async def _put_off(self, check: Check, error: Unavailable | TimeoutError) -> None:
        asked = error.retry_after if isinstance(error, Unavailable) else None
        waits = retrying.back_off(check.attempts, self.settings.retry_base_seconds)
        later = replace(check, attempts=check.attempts + 1)
        await self.checks.send(written_check(later), retrying.delay((asked or 0) + waits))
        log_follow_up(str(error) or "time limit", check.follow_up, problem=True)

    async def _send(self, check: Check, due: float) -> None:
        delay = min(retrying.delay(due - self.clock.now()), HOP_SECONDS)
        await self.checks.send(written_check(check), delay)

    def _next_due(self, follow_up: FollowUp, now: float | None = None) -> float:
        """Return when the next look is due; the first where ``now`` is left out."""
        settled = follow_up.invited + self.settings.settle_seconds
        if now is not None and now < settled:
            # What this look found may have been a replica's that lags.
            return settled
        age = 0.0 if now is None else now - follow_up.invited
        return max(settled, follow_up.invited + self.settings.follow_up.next_age(age))


def _trace(follow_up: FollowUp) -> Trace:
    return Trace(follow_up.correlation_id, follow_up.request_id, follow_up.user_id)


def told(row: OpenFollowUp, record: str) -> Outcome:
    """Return the outcome that tells a record of a follow-up: its end, or its last reminder."""
    follow_up, judgement = row.follow_up, read_judgement(record)
    number = f" {row.reminders}" if judgement.status is Status.REMINDED else ""
    return Outcome(
        request_id=follow_up.request_id,
        status=judgement.status,
        user=UserSummary(follow_up.user_id),
        user_id=follow_up.user_id,
        reasons=judgement.reasons,
        warnings=judgement.warnings,
        redemption=judgement.redemption,
        graph=GraphTrace(follow_up.correlation_id),
        source=follow_up.source,
        step=f"followUp {judgement.status}{number}",
    )
