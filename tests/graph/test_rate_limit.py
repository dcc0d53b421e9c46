"""The law of the limiter, on a simulated clock: workers that know nothing of one another."""

from __future__ import annotations

import heapq
import itertools
import math
import random
from collections import deque
from typing import TYPE_CHECKING

import pytest

from converters.graph import rate_limit
from converters.graph.rate_limit import (
    AFTER_429,
    CATCHING_UP,
    FIRST_SHARE,
    LEAST_SHARE,
    MOST_CUT,
    MOST_WAIT,
    TARGET,
    WEIGHT,
    WINDOW,
    WITHOUT_RETRY_AFTER,
    Cooldown,
    RateLimiter,
    Reservation,
)

if TYPE_CHECKING:
    from collections.abc import Callable

LIMIT, SLOTS, LATENCY = 150, 24, 0.15


class Simulation:
    """Workers with more to do than Graph lets them, against its sliding window.

    Args:
        workers: how many.
        header: whether Graph says how much of the limit is used.
        retry_after: whether a 429 says when to come back.
    """

    def __init__(self, workers: int, *, header: bool, retry_after: bool) -> None:
        self.now, self.header, self.retry_after = 0.0, header, retry_after
        self.made = self.refused = 0
        self._chance, self._order = random.Random(1), itertools.count()  # noqa: S311
        self._taken: deque[float] = deque()
        self._events: list[tuple[float, int, Callable[..., None], tuple[object, ...]]] = []
        self.workers = [
            (RateLimiter(lambda: self.now), Cooldown(lambda: self.now, self._chance.random))
            for _ in range(workers)
        ]
        for worker in self.workers:
            for _ in range(SLOTS):
                self._later(self._chance.random(), self._begin, *worker)

    def run(self, seconds: float) -> None:
        """Let time pass."""
        until = self.now + seconds
        while self._events[0][0] < until:
            self.now, _, act, arguments = heapq.heappop(self._events)
            act(*arguments)
        self.now = until

    def _later(self, seconds: float, act: Callable[..., None], *arguments: object) -> None:
        heapq.heappush(self._events, (self.now + seconds, next(self._order), act, arguments))

    def _begin(self, limiter: RateLimiter, cooldown: Cooldown) -> None:
        if cooldown.remaining():
            # As long as Graph says, and a little by chance.
            self._later(
                cooldown.remaining() + 2 * self._chance.random(), self._begin, limiter, cooldown
            )
            return
        wait = limiter.reserve()
        if wait is None:
            self._later(MOST_WAIT * self._chance.random(), self._begin, limiter, cooldown)
            return
        # The facts are read first, then the invitation is on its way.
        self._later(wait + LATENCY * (1 + self._chance.random()), self._arrive, limiter, cooldown)

    def _arrive(self, limiter: RateLimiter, cooldown: Cooldown) -> None:
        while self._taken and self._taken[0] <= self.now - WINDOW:
            self._taken.popleft()
        if len(self._taken) >= LIMIT:
            self.refused += 1
            wait = max(1, math.ceil(self._taken[0] + WINDOW - self.now))
            self._later(LATENCY / 2, self._hear_refusal, limiter, cooldown, wait)
            return
        self.made += 1
        self._taken.append(self.now)
        used = len(self._taken) / LIMIT
        told = used if self.header and used >= 0.8 else None
        self._later(LATENCY / 2, self._hear_success, limiter, cooldown, told)

    def _hear_refusal(self, limiter: RateLimiter, cooldown: Cooldown, wait: int) -> None:
        cooldown.start(wait if self.retry_after else None)
        limiter.record_throttled()
        self._begin(limiter, cooldown)

    def _hear_success(self, limiter: RateLimiter, cooldown: Cooldown, used: float | None) -> None:
        limiter.record_sent(used)
        self._begin(limiter, cooldown)


def measured(simulation: Simulation, seconds: float) -> tuple[float, float]:
    """Return the share of the limit in use, and of calls that met a 429."""
    simulation.made = simulation.refused = 0
    simulation.run(seconds)
    most = LIMIT / WINDOW * seconds
    return simulation.made / most, simulation.refused / (simulation.made + simulation.refused)


@pytest.mark.parametrize("workers", [1, 2, 4, 8, 40])
def test_workers_together_stay_just_within_the_limit(workers: int) -> None:
    simulation = Simulation(workers, header=True, retry_after=True)
    simulation.run(30)
    used, refused = measured(simulation, 120)
    assert used >= 0.9
    assert refused <= 0.05


@pytest.mark.parametrize("retry_after", [True, False])
@pytest.mark.parametrize("workers", [1, 2, 4, 8])
def test_without_a_word_on_the_limit_429s_alone_are_heard(
    workers: int,
    retry_after: bool,  # noqa: FBT001
) -> None:
    simulation = Simulation(workers, header=False, retry_after=retry_after)
    simulation.run(30)
    used, refused = measured(simulation, 120)
    assert used >= 0.8
    assert refused <= 0.05


def test_worker_that_is_left_alone_takes_what_the_others_leave() -> None:
    simulation = Simulation(4, header=True, retry_after=True)
    simulation.run(60)
    for _, cooldown in simulation.workers[1:]:
        cooldown.start(math.inf)
    simulation.run(180)
    used, _ = measured(simulation, 60)
    assert used >= 0.9


def test_far_below_the_limit_nobody_waits() -> None:
    now = 0.0
    limiter = RateLimiter(lambda: now)
    for _ in range(2000):
        # Twenty a second, as the benchmark has them arrive.
        now += 0.05
        assert limiter.reserve() == 0.0
        limiter.record_sent(None)


def test_turn_that_is_too_far_off_is_none_and_one_given_back_is_the_next() -> None:
    limiter = RateLimiter(lambda: 0.0)
    turns = [limiter.reserve() for _ in range(int(FIRST_SHARE))]
    assert turns == [0.0] * len(turns)
    assert limiter.reserve() == WINDOW
    limiter.cancel_last()
    for _ in range(2 * len(turns)):
        assert limiter.reserve() in (WINDOW, MOST_WAIT)
    assert limiter.reserve() is None


def test_give_back_of_what_was_never_taken_does_nothing() -> None:
    limiter = RateLimiter(lambda: 0.0)
    limiter.cancel_last()
    assert limiter.reserve() == 0.0


def test_gate_stays_closed_as_long_as_it_was_told() -> None:
    now = 0.0
    cooldown = Cooldown(lambda: now, lambda: 0.5)
    assert cooldown.remaining() == 0
    cooldown.start(7)
    cooldown.start(3)
    assert cooldown.remaining() == 7
    now = 6.5
    assert cooldown.remaining() == 0.5
    now = 8
    cooldown.start(None)
    assert cooldown.remaining() == sum(WITHOUT_RETRY_AFTER) / 2


def near_the_limit(now: list[float]) -> RateLimiter:
    """Return a limiter that has been told how much of the limit is used."""
    limiter = RateLimiter(lambda: now[0])
    limiter.record_sent(0.9)
    return limiter


def test_far_below_the_limit_invitations_are_not_spaced() -> None:
    limiter = RateLimiter(lambda: 0.0)
    assert [limiter.spacing() for _ in range(5)] == [0.0] * 5


def test_near_the_limit_invitations_follow_one_another_evenly() -> None:
    now = [0.0]
    limiter = near_the_limit(now)
    waits = [limiter.spacing() for _ in range(4)]
    step = waits[1]
    assert waits[0] == 0.0
    assert step > 0
    assert waits == pytest.approx([0.0, step, 2 * step, 3 * step])
    now[0] = 3 * step
    assert limiter.spacing() == pytest.approx(step)
    now[0] = 100.0
    assert limiter.spacing() == 0.0
    assert limiter.spacing() == pytest.approx(step)


def test_spacing_goes_by_the_share() -> None:
    limiter = near_the_limit([0.0])
    limiter.spacing()
    share = FIRST_SHARE + WEIGHT * (TARGET / 0.9 - FIRST_SHARE)
    assert limiter.spacing() == pytest.approx(WINDOW / share / CATCHING_UP)


def test_places_are_spread_once_the_limit_is_near() -> None:
    limiter = near_the_limit([0.0])
    places = [limiter.reserve() for _ in range(40)]
    assert places[0] == 0.0
    assert places == sorted(place for place in places if place is not None)
    assert places[-1], "a burst is no longer taken at once"


def test_share_doubles_in_a_window_in_which_it_is_used_and_nothing_is_heard() -> None:
    limiter = RateLimiter(lambda: 0.0)
    for _ in range(int(FIRST_SHARE / 2)):
        limiter.record_sent(None)
    assert limiter.share == FIRST_SHARE, "half of it is no use"
    for _ in range(int(FIRST_SHARE / 2)):
        limiter.record_sent(None)
    assert FIRST_SHARE < limiter.share < 2 * FIRST_SHARE


def test_429s_among_few_cut_the_share_once_a_window() -> None:
    now = [0.0]
    limiter = RateLimiter(lambda: now[0])
    for _ in range(100):
        limiter.record_sent(None)
    before = limiter.share
    for _ in range(3):
        limiter.record_throttled()
    assert limiter.share == before, "three of a hundred are tolerated"
    limiter.record_throttled()
    cut = limiter.share
    assert cut == min(before, max(AFTER_429 * 100, before * MOST_CUT))
    for _ in range(10):
        limiter.record_throttled()
    assert limiter.share == cut
    for window in range(1, 40):
        now[0] = window * WINDOW
        for _ in range(4):
            limiter.record_throttled()
        assert limiter.share < cut
    assert limiter.share == LEAST_SHARE


def test_429s_of_an_earlier_window_are_forgotten() -> None:
    now = [0.0]
    limiter = RateLimiter(lambda: now[0])
    for _ in range(100):
        limiter.record_sent(None)
    for _ in range(5):
        limiter.record_throttled()
    # Exactly a window later they count no longer.
    now[0] = WINDOW
    for _ in range(100):
        limiter.record_sent(None)
    before = limiter.share
    for _ in range(3):
        limiter.record_throttled()
    assert limiter.share == before


def test_cooldown_without_retry_after_is_somewhere_in_its_bounds() -> None:
    low, high = WITHOUT_RETRY_AFTER
    for chance, seconds in ((0.0, low), (1.0, high), (0.25, low + (high - low) / 4)):
        cooldown = Cooldown(lambda: 0.0, lambda chance=chance: chance)  # type: ignore[misc]
        cooldown.start(None)
        assert cooldown.remaining() == pytest.approx(seconds)


@pytest.mark.parametrize(("used", "next_place"), [(True, WINDOW), (False, 0.0)])
def test_reservation_is_cancelled_only_where_it_was_not_used(
    used: bool,  # noqa: FBT001
    next_place: float,
) -> None:
    limiter = RateLimiter(lambda: 0.0)
    for _ in range(int(FIRST_SHARE)):
        limiter.reserve()
    reservation = Reservation(limiter)
    if used:
        reservation.use()
    reservation.cancel()
    assert limiter.reserve() == next_place


def test_law_is_the_one_that_was_measured() -> None:
    """Whoever changes a number of it measures anew: ``make bench-scale``."""
    assert (rate_limit.WINDOW, rate_limit.TARGET, rate_limit.BURST) == (5.0, 0.955, 0.5)
    assert (rate_limit.CATCHING_UP, rate_limit.REPORTED_FROM) == (1.3, 0.8)
    assert (rate_limit.FIRST_SHARE, rate_limit.LEAST_SHARE) == (120.0, 2.0)
    assert (rate_limit.DOUBLING, rate_limit.RECOVERING, rate_limit.AFTER_429) == (1.0, 0.05, 0.9)
    assert (rate_limit.MOST_CUT, rate_limit.TOLERATED, rate_limit.WEIGHT) == (0.5, 0.03, 0.1)
    assert (rate_limit.WITHOUT_RETRY_AFTER, rate_limit.MOST_WAIT) == ((0.5, 2.0), 10.0)
