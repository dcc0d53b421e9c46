"""Runs mutants on several servers at once."""

from __future__ import annotations

import itertools
import json
import os
import queue
import subprocess
import sys
import threading
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local.storage import Azurite
from tests.mutation import baseline as measuring
from tests.mutation.choosing import FIRST, chosen
from tests.mutation.mutants import ROOT
from tests.mutation.report import KILLED, SURVIVED, TIMED_OUT, Result

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.mutation.baseline import Baseline
    from tests.mutation.mutants import Mutant

KILLERS, MOST_KILLERS = measuring.FOLDER / "killers.json", 30
LEAST_SECONDS, SLOWER = 15.0, 10.0
# Tests leave queues and tables behind, and Azurite, slower with each, becomes what all wait for.
MUTANTS_PER_STORAGE = 20
# How much longer a mutant has, alone, that ran out of time beside others.
ALONE = 6
_NO_TESTS = 5


def environment(azurite: str) -> dict[str, str]:
    """Return the environment that the tests run in; tests are compiled once, a mutant never is."""
    ours = {"TESTS_AZURITE": azurite, "TESTS_HYPOTHESIS_PROFILE": "mutation"}
    return {**os.environ, **ours, "PYTHONDONTWRITEBYTECODE": ""}


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is done.

    Attributes:
        jobs: how many mutants run at once.
        seconds: of tests that each has to survive.
    """

    jobs: int
    seconds: float


class Killers:
    """Which tests have killed mutants of a module: they are the likeliest to kill its next one.

    They are kept in a file, for the next run.
    """

    def __init__(self) -> None:
        self._by_path: defaultdict[str, list[str]] = defaultdict(list)
        if KILLERS.is_file():
            self._by_path.update(json.loads(KILLERS.read_text()))

    def first(self, path: str, tests: list[str]) -> list[str]:
        """Return the tests with those before all others that killed last."""
        left = set(tests)
        killers = [test for test in self._by_path.get(path, ()) if test in left]
        return [*killers, *(test for test in tests if test not in set(killers))]

    def note(self, path: str, test: str) -> None:
        """Note that a test has killed a mutant."""
        before = self._by_path[path]
        self._by_path[path] = [test, *(each for each in before if each != test)][:MOST_KILLERS]

    def save(self) -> None:
        """Write them down."""
        KILLERS.write_text(json.dumps(self._by_path))


class Server:
    """One process that forks itself for each mutant, and its own storage, renewed by and by."""

    def __init__(self, number: int, baseline: Baseline, killers: Killers, most: float) -> None:
        self._baseline, self._killers, self._most = baseline, killers, most
        self._log = str(measuring.FOLDER / f"last-{number}.log")
        self._start()

    def _start(self) -> None:
        self._left, self._azurite = MUTANTS_PER_STORAGE, Azurite()
        self._azurite.start()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.mutation.server", self._log],
            cwd=ROOT,
            env=environment(self._azurite.connection_string),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._tell(list(self._baseline.seconds))

    def fate(self, mutant: Mutant, patience: int = 1) -> str:
        """Run a mutant: first by the tests that are likeliest to see it, then by the others."""
        if not self._left:
            self.close()
            self._start()
        self._left -= 1
        tests = self._killers.first(mutant.path, chosen(mutant, self._baseline))
        tests = self._within_time(tests)
        for some in (tests[:FIRST], tests[FIRST:]):
            fate = self.fate_by(mutant.path, mutant.data, some, patience) if some else SURVIVED
            if fate != SURVIVED:
                return fate
        return SURVIVED

    def _within_time(self, tests: list[str]) -> list[str]:
        """Return the first tests that together take so long: what outlives them counts as alive."""
        sums = itertools.accumulate(self._baseline.seconds[test] for test in tests)
        return [test for test, taken in zip(tests, sums, strict=True) if taken <= self._most]

    def fate_by(self, path: str, data: bytes, tests: list[str], patience: int = 1) -> str:
        """Run tests with another source in place of a file's, so many times their usual time."""
        usual = sum(self._baseline.seconds[test] for test in tests)
        seconds = max(LEAST_SECONDS, SLOWER * usual) * patience
        source = {"path": str(ROOT / path), "source": data.decode()}
        self._tell({**source, "tests": tests, "seconds": seconds})
        assert self._process.stdout
        answer = json.loads(self._process.stdout.readline())
        code, killer = answer["code"], answer["killer"]
        if code is None:
            return TIMED_OUT
        if killer:
            self._killers.note(path, killer)
        return SURVIVED if code in {0, _NO_TESTS} else KILLED

    def _tell(self, thing: object) -> None:
        assert self._process.stdin
        self._process.stdin.write(f"{json.dumps(thing)}\n")
        self._process.stdin.flush()

    def close(self) -> None:
        """End it."""
        self._process.communicate()
        self._azurite.stop()


def run(
    mutants: list[tuple[str, Mutant]],
    baseline: Baseline,
    effort: Effort,
    seen: Callable[[Result], None],
) -> list[Result]:
    """Run mutants; return their fates, in their order.

    Raises:
        RuntimeError: tests fail without any mutant, so nothing could be told.
    """
    waiting: queue.SimpleQueue[tuple[int, str, Mutant]] = queue.SimpleQueue()
    for number, (area, mutant) in enumerate(mutants):
        waiting.put((number, area, mutant))
    results: dict[int, Result] = {}
    killers = Killers()
    servers = [Server(number, baseline, killers, effort.seconds) for number in range(effort.jobs)]

    def work(server: Server) -> None:
        while True:
            try:
                number, area, mutant = waiting.get_nowait()
            except queue.Empty:
                return
            results[number] = Result(area, mutant, server.fate(mutant))
            seen(results[number])

    try:
        for server in servers:
            _look_at(server, mutants[0][1], baseline)
        threads = [threading.Thread(target=work, args=(server,)) for server in servers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        _run_alone(servers[0], results, seen)
    finally:
        killers.save()
        for server in servers:
            server.close()
    if len(results) != len(mutants):
        raise RuntimeError("a server has ended before its time")
    return [results[number] for number in sorted(results)]


def _run_alone(server: Server, results: dict[int, Result], seen: Callable[[Result], None]) -> None:
    """Run again what ran out of time: on a busy machine anybody does."""
    for number, told in results.items():
        if told.fate == TIMED_OUT:
            results[number] = Result(told.area, told.mutant, server.fate(told.mutant, ALONE))
            seen(results[number])


def _look_at(server: Server, mutant: Mutant, baseline: Baseline) -> None:
    """See that the tests pass with a module that is loaded so and not changed."""
    tests = chosen(mutant, baseline)[:FIRST]
    if server.fate_by(mutant.path, (ROOT / mutant.path).read_bytes(), tests, ALONE) != SURVIVED:
        raise RuntimeError("the tests fail without a mutant: see .mutation/last-0.log")
