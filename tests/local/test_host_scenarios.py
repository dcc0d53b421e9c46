"""The table of scenarios on the local world's host."""

from __future__ import annotations

import os
import re
import signal
import sys
from typing import TYPE_CHECKING, Any

import pytest

from local.package import ROOT
from local.storage import Azurite
from tests.hosts.process import HostProcess
from tests.hosts.scenarios import BATCHES, SCENARIOS, Scenario, once, unlike, unproved
from tests.hosts.stage import PRELUDE, Ground
from tests.hosts.trace import Poisoned, differences

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

# Each scenario has a patience of its own, and says better what went wrong.
pytestmark = pytest.mark.timeout(300)


class LocalHost(HostProcess):
    """One run of the local world's host."""

    def __init__(self, app: Path, settings: Mapping[str, str]) -> None:
        command = [sys.executable, "-m", "local", "host"]
        super().__init__(command, app, {"PYTHONPATH": str(ROOT), **settings}, "Host ready")

    async def drain(self) -> None:
        """Let it take no more messages from now on."""
        os.kill(self.pid, signal.SIGUSR1)
        await self.line("draining")

    async def drained(self) -> None:
        """Return once those in flight have ended."""
        await self.line("drained")


@pytest.fixture(scope="module")
def ground() -> Iterator[Ground]:
    """Return where the local host runs."""
    with Azurite(prelude=PRELUDE) as azurite:
        yield Ground(LocalHost, azurite.connection_string)


# Two minutes, spent waiting for the most part.
@pytest.mark.rehearsal
@pytest.mark.parametrize("batch", BATCHES, ids=lambda batch: batch[0].name)
async def test_scenarios_leave_the_traces_of_the_table(
    batch: Sequence[Scenario], ground: Ground, tmp_path: Path
) -> None:
    found = await unlike(batch, ground, tmp_path)
    assert found == {}, found


def test_every_scenario_is_played_on_both_hosts() -> None:
    assert [scenario for batch in BATCHES for scenario in batch] == list(SCENARIOS)
    asked = re.compile(r'parametrize\("batch", BATCHES,')
    for module in ("local/test_host_scenarios.py", "real_host/test_scenarios.py"):
        assert asked.search((ROOT / "tests" / module).read_text())


def test_difference_that_no_scenario_covers_is_found_out() -> None:
    assert unproved(SCENARIOS, (*range(1, 9), 10)) == []
    assert unproved(SCENARIOS[1:], (*range(1, 9), 11)) == ["D11"]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda it: it.name)
def test_trace_that_differs_is_found_out(scenario: Scenario) -> None:
    expected, tolerance = scenario.expected, scenario.tolerance
    assert differences(expected, expected, tolerance) == []
    changed = [
        expected._replace(left=expected.left + 1),
        expected._replace(poison=[*expected.poison, Poisoned("x")]),
        expected._replace(exits=[*expected.exits, 1]),
        expected._replace(tries={**expected.tries, "z": once()}),
        expected._replace(seconds={**expected.seconds, "more": 1.0}),
    ]
    for name, (first, *others) in expected.tries.items():
        changes: list[dict[str, Any]] = [
            {"number": 2},
            {"how": "x"},
            {"after": (first.after or 0) + tolerance.late + 1},
            {"after": (first.after or 0) - tolerance.early - 1},
        ]
        for it in changes:
            tries = {**expected.tries, name: [first._replace(**it), *others]}
            changed += [expected._replace(tries=tries)]
    assert [it for it in changed if len(differences(expected, it, tolerance)) != 1] == []
