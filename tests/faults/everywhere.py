"""Every point at which a host can be killed in a scenario, one run for each."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.faults.killing import Field, Run
from tests.faults.wiretap import Point

if TYPE_CHECKING:
    from tests.faults.scenarios import Scenario

AT_ONCE = 6


@dataclass(frozen=True, slots=True)
class Report:
    """What a scenario's kill points showed.

    Attributes:
        calls: of the undisturbed run.
        points: at how many of them a host was killed.
        problems: by the point and the call there.
    """

    scenario: Scenario
    calls: list[str]
    points: int
    problems: dict[str, list[str]]


async def kill_everywhere(field: Field, scenario: Scenario) -> Report:
    """Run a scenario undisturbed, then once for every point at which a host can be killed."""
    reference = Run(field, scenario, None)
    await reference.play()
    calls = reference.calls
    points = [
        Point(number, after)
        for number, call in enumerate(calls, 1)
        for after in (False, True)
        # A delivery is known by its answer.
        if after or not call.startswith("queue: take")
    ]
    runs = {point: Run(field, scenario, point) for point in points}
    slots = asyncio.Semaphore(AT_ONCE)

    async def play(run: Run) -> None:
        async with slots:
            await run.play()

    async with asyncio.TaskGroup() as group:
        for run in runs.values():
            group.create_task(play(run))
    problems = {f"{p} ({calls[p.number - 1]})": run.problems for p, run in runs.items()}
    problems["undisturbed"] = reference.problems
    found = {where: what for where, what in problems.items() if what}
    return Report(scenario, calls, sum(run.reached for run in runs.values()), found)
