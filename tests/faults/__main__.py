"""The fault suite in full: ``make faults``. Prints figures; the exit code says if all held.

Environment: ``FAULTS_STORM`` (requests, 10000; 0 for no storm), ``FAULTS_LONG_STORM`` (likewise,
5000, followed to their ends), ``FAULTS_SEED`` (of what is left to chance), ``FAULTS_ONLY`` (a part
of the scenarios' names).
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from local.storage import Azurite
from tests.faults.everywhere import Report, kill_everywhere
from tests.faults.ground import ground
from tests.faults.long_storm import LongStorm
from tests.faults.scenarios import SCENARIOS, Scenario
from tests.faults.storm import Storm

STORMS = ((Storm, "FAULTS_STORM", "10000"), (LongStorm, "FAULTS_LONG_STORM", "5000"))


async def main() -> int:
    """Run everything; return the exit code."""
    console = Console()
    with tempfile.TemporaryDirectory() as logs, Azurite() as azurite:
        reports = await _kill_points(console, azurite.connection_string, Path(logs))
        problems = []
        for kind, key, default in STORMS:
            requests = int(os.environ.get(key, default))
            seed = int(os.environ.get("FAULTS_SEED", "1"))
            if requests:
                storm = kind(azurite.connection_string, Path(logs), requests, seed)
                await storm.rage()
                console.print(storm.figures())
                problems += storm.problems()
        held = not problems and not any(report.problems for report in reports)
        for problem in problems:
            console.print(f"[red]broken:[/] {problem}")
    console.print("Every promise held." if held else "[red]Promises were broken.[/]")
    return 0 if held else 1


def chosen() -> list[Scenario]:
    """Return the scenarios whose name has what ``FAULTS_ONLY`` says in it."""
    wanted = os.environ.get("FAULTS_ONLY", "")
    return [scenario for scenario in SCENARIOS if wanted in scenario.name]


async def _kill_points(console: Console, azurite: str, logs: Path) -> list[Report]:
    table = Table("scenario", "calls", "kill points", "held", "seconds", title="Kill points (R1)")
    reports = []
    async with ground(azurite, logs) as field:
        for scenario in chosen():
            console.print(f"[dim]killing at every call of: {scenario.name}[/]")
            began = time.perf_counter()
            report = await kill_everywhere(field, scenario)
            reports.append(report)
            held = report.points - len(report.problems)
            seconds = f"{time.perf_counter() - began:.0f}"
            row = (scenario.name, len(report.calls), report.points, held)
            table.add_row(*(str(cell) for cell in row), seconds)
            for where, problems in report.problems.items():
                console.print(f"[red]broken:[/] {scenario.name}, {where}: {'; '.join(problems)}")
    console.print(table)
    return reports


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
