"""Keep Graph's subscription to the directory's events alive, and make good what it missed.

Everything is done again by the next run if a host dies in between: it looks first what is there
(``GET /subscriptions``), and before a subscription is made it is written down that one may be.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from converters.graph.subscriptions import Subscription, Subscriptions
from converters.model.errors import (
    ConverterError,
    GraphRefused,
    GraphUnavailable,
    Unavailable,
)
from converters.model.event import Lifecycle
from converters.model.trace import Trace
from converters.steps.catching_up import CatchingUp
from converters.steps.logging import log_subscription

if TYPE_CHECKING:
    from converters.graph.client import Graph
    from converters.model.event import Notice
    from converters.settings.settings import Settings
    from converters.storage.clock import ServiceClock
    from converters.storage.queues import Queue
    from converters.storage.standings import Standing, Standings

_DAY = 24 * 3600
# Of 28 days, a week is used: what goes wrong then has three weeks to be mended.
RENEW_BELOW_SECONDS = 21 * _DAY
# Graph stops to deliver where it is not answered, and does not say so: after as long a silence
# nobody knows.
ABSENT_SECONDS = 6 * 3600


class InDoubtError(Unavailable):
    """A subscription may have been made a moment ago; Graph has not shown it yet."""

    def __init__(self) -> None:
        super().__init__("A subscription may have been made; Graph does not show it yet.")


@dataclass(slots=True)
class _Run:
    """One run's notes, for the log."""

    trace: Trace
    state: str = "active"
    enqueued: int = 0


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Looks after the subscription; one per worker."""

    subscriptions: Subscriptions
    catching_up: CatchingUp
    standings: Standings
    settings: Settings
    clock: ServiceClock

    @classmethod
    def of(
        cls,
        graph: Graph,
        standings: Standings,
        requests: Queue,
        clock: ServiceClock,
        settings: Settings,
    ) -> Subscriber | None:
        """Return one, if the service is to keep a subscription."""
        events, group_id = settings.events, settings.convertible_group_id
        if not (events.topic and events.client_state and group_id):
            return None
        return cls(
            Subscriptions(graph, events.topic, events.client_state),
            CatchingUp(graph, standings, requests, clock, group_id),
            standings,
            settings,
            clock,
        )

    async def note(self, notice: Notice) -> None:
        """Write down what Graph asks for; the next run does it.

        Raises:
            LedgerUnavailable: it is not written down.
        """
        renew = notice.lifecycle is Lifecycle.REAUTHORIZATION_REQUIRED
        await self.standings.ask(renew=renew, gap=not renew)

    async def take(self, notice: Notice) -> None:
        """Do what Graph asks for, at once; what cannot be done now is left to the next run.

        Raises:
            LedgerUnavailable: it is not even written down.
        """
        await self.note(notice)
        # That it failed is in the log, and the row says what is still to be done.
        await self._run()

    async def run(self) -> None:
        """Look after the subscription, and note how it stands.

        Raises:
            ConverterError: something failed; the next run goes on.
        """
        if error := await self._run():
            raise error

    async def _run(self) -> ConverterError | None:
        run, most = _Run(Trace(str(uuid.uuid4()))), self.settings.invocation_seconds
        standing: Standing | None = None
        failed: ConverterError | None = None
        try:
            async with asyncio.timeout(most):
                standing = await self.standings.claim(2 * most)
                if standing is None:
                    return None
                standing = await self._kept(standing, run)
                standing = await self._caught_up(standing, run, time.monotonic() + most / 2)
                await self.standings.write(standing, Busy=0.0)
        except ConverterError as error:
            failed = error
        except TimeoutError:
            failed = GraphUnavailable("looking after the subscription")
        if failed and standing:
            standing = await self._released(standing)
        self._log(run, standing, failed)
        return failed

    async def _released(self, standing: Standing) -> Standing:
        """Let the next run begin at once, and return how it stands."""
        try:
            return await self.standings.write(standing, Busy=0.0)
        except Unavailable:
            # The claim ends by itself.
            return standing

    async def _kept(self, standing: Standing, run: _Run) -> Standing:
        """See to it that there is one subscription, that it is ours, and that it lasts."""
        await self.catching_up.begin(run.trace)
        digest = hashlib.sha256(self.subscriptions.client_state.encode()).hexdigest()
        found, now = await self.subscriptions.ours(run.trace), self.clock.now()
        fit = [
            one
            for one in found
            if standing.state in {"", digest} and one.id not in standing.unfit and one.ends > now
        ]
        fit.sort(key=lambda each: each.id != standing.id)
        one = fit[0] if fit else None
        if one and (standing.renew or one.ends - now < RENEW_BELOW_SECONDS):
            one = await self.subscriptions.extend(one, now, run.trace)
            run.state = "renewed"
        if one is None:
            standing, one = await self._made(standing, digest, found, run)
        standing = await self._recorded(standing, one, digest)
        for other in found:
            if other.id != one.id:
                await self.subscriptions.remove(other, run.trace)
        return standing

    async def _made(
        self, standing: Standing, digest: str, found: tuple[Subscription, ...], run: _Run
    ) -> tuple[Standing, Subscription]:
        """Make a subscription, unless a lost answer may mean that there is one already."""
        now = self.clock.now()
        if standing.trying and now - standing.trying < self.settings.doubt_seconds:
            raise InDoubtError
        unfit = ",".join(sorted(standing.unfit | {other.id for other in found}))
        # Written down first: a host that dies now leaves word of it, and of the gap before.
        standing = await self.standings.write(
            standing, Trying=now, State=digest, Unfit=unfit, Gap=now
        )
        try:
            one = await self.subscriptions.make(now, run.trace)
        except (GraphRefused, GraphUnavailable) as error:
            if isinstance(error, GraphRefused) or error.without_effect:
                await self.standings.write(standing, Trying=0.0)
            raise
        run.state = "made"
        return standing, one

    async def _recorded(self, standing: Standing, one: Subscription, digest: str) -> Standing:
        """Write down which subscription there is, and since when none may have been heard of."""
        now = self.clock.now()
        changes: dict[str, Any] = {
            "Id": one.id, "State": digest, "Ends": one.ends, "Trying": 0.0, "Checked": now,
            "Renew": 0.0 if one.ends - now >= RENEW_BELOW_SECONDS else standing.renew,
        }  # fmt: skip
        if one.id != standing.id:
            changes["Made"] = now
        replaced = standing.id not in {"", one.id}
        absent = standing.checked and now - standing.checked > ABSENT_SECONDS
        if replaced or absent:
            changes["Gap"] = now
        return await self.standings.write(standing, **changes)

    async def _caught_up(self, standing: Standing, run: _Run, ends: float) -> Standing:
        gap, began = standing.gap, self.clock.now()
        run.enqueued, whole = await self.catching_up.catch_up(run.trace, ends, gap=bool(gap))
        # Reads lag: what was changed right before the gap's end may not have been seen yet.
        if gap and whole and began - gap >= self.settings.settle_seconds:
            return await self.standings.write(standing, Gap=0.0)
        return standing

    def _log(self, run: _Run, standing: Standing | None, failed: ConverterError | None) -> None:
        now = self.clock.now()
        line: dict[str, Any] = {"state": "failed" if failed else run.state}
        if standing:
            days = (standing.ends - now) / _DAY if standing.ends else None
            age = (now - standing.made) / _DAY if standing.made else None
            line |= {
                "subscriptionId": standing.id or None,
                "ageDays": None if age is None else round(age, 2),
                "daysLeft": None if days is None else round(days, 2),
                "gap": bool(standing.gap),
            }
        line |= {"enqueued": run.enqueued, "graphRequestIds": run.trace.graph_request_ids}
        if failed:
            line |= {"error": type(failed).__name__, "why": str(failed)}
        log_subscription(line, warn=failed is not None)
