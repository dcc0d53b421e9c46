"""The law of the pace, on a simulated clock: workers that know nothing of one another."""

from __future__ import annotations

import heapq
import itertools
import math
import random
from collections import deque
from typing import TYPE_CHECKING

import pytest

from converters.pacing import FIRST_SHARE, MOST_WAIT, UNTOLD, WINDOW, Gate, Pace

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
            (Pace(lambda: self.now), Gate(lambda: self.now, self._chance.random))
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

    def _begin(self, pace: Pace, gate: Gate) -> None:
        if gate.remaining():
            # As long as Graph says, and a little by chance.
            self._later(gate.remaining() + 2 * self._chance.random(), self._begin, pace, gate)
            return
        wait = pace.reserve()
        if wait is None:
            self._later(MOST_WAIT * self._chance.random(), self._begin, pace, gate)
            return
        # The facts are read first, then the invitation is on its way.
        self._later(wait + LATENCY * (1 + self._chance.random()), self._arrive, pace, gate)

    def _arrive(self, pace: Pace, gate: Gate) -> None:
        while self._taken and self._taken[0] <= self.now - WINDOW:
            self._taken.popleft()
        if len(self._taken) >= LIMIT:
            self.refused += 1
            wait = max(1, math.ceil(self._taken[0] + WINDOW - self.now))
            self._later(LATENCY / 2, self._hear_refusal, pace, gate, wait)
            return
        self.made += 1
        self._taken.append(self.now)
        used = len(self._taken) / LIMIT
        told = used if self.header and used >= 0.8 else None
        self._later(LATENCY / 2, self._hear_success, pace, gate, told)

    def _hear_refusal(self, pace: Pace, gate: Gate, wait: int) -> None:
        gate.close(wait if self.retry_after else None)
        pace.refused()
        self._begin(pace, gate)

    def _hear_success(self, pace: Pace, gate: Gate, used: float | None) -> None:
        pace.made(used)
        self._begin(pace, gate)


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
    for _, gate in simulation.workers[1:]:
        gate.close(math.inf)
    simulation.run(180)
    used, _ = measured(simulation, 60)
    assert used >= 0.9


def test_far_below_the_limit_nobody_waits() -> None:
    now = 0.0
    pace = Pace(lambda: now)
    for _ in range(2000):
        # Twenty a second, as the benchmark has them arrive.
        now += 0.05
        assert pace.reserve() == 0.0
        pace.made(None)


def test_turn_that_is_too_far_off_is_none_and_one_given_back_is_the_next() -> None:
    pace = Pace(lambda: 0.0)
    turns = [pace.reserve() for _ in range(int(FIRST_SHARE))]
    assert turns == [0.0] * len(turns)
    assert pace.reserve() == WINDOW
    pace.give_back()
    for _ in range(2 * len(turns)):
        assert pace.reserve() in (WINDOW, MOST_WAIT)
    assert pace.reserve() is None


def test_give_back_of_what_was_never_taken_does_nothing() -> None:
    pace = Pace(lambda: 0.0)
    pace.give_back()
    assert pace.reserve() == 0.0


def test_gate_stays_closed_as_long_as_it_was_told() -> None:
    now = 0.0
    gate = Gate(lambda: now, lambda: 0.5)
    assert gate.remaining() == 0
    gate.close(7)
    gate.close(3)
    assert gate.remaining() == 7
    now = 6.5
    assert gate.remaining() == 0.5
    now = 8
    gate.close(None)
    assert gate.remaining() == sum(UNTOLD) / 2
