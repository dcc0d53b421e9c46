"""Mutation testing: ``make mutation``. Exit code 1 where too much is left alive."""

from __future__ import annotations

import argparse
import hashlib
import itertools
import sys
import time
from fnmatch import fnmatch
from typing import TYPE_CHECKING

from local.storage import Azurite
from tests.mutation import areas, baseline, equivalent, mutants, report, running

if TYPE_CHECKING:
    from tests.mutation.mutants import Mutant

Placed = tuple[str, "Mutant"]


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--count", type=int, default=600, help="how many mutants")
    parser.add_argument("--seed", type=int, default=1, help="which ones")
    parser.add_argument("--all", action="store_true", help="every mutant")
    parser.add_argument("--area", action="append", choices=list(areas.AREAS), help="only of these")
    parser.add_argument("--file", help="only of modules whose path ends so (a pattern)")
    parser.add_argument("--id", help="only mutants whose id matches (a pattern)")
    parser.add_argument("--list", action="store_true", help="list them, run none")
    parser.add_argument("--jobs", type=int, default=3, help="how many at once")
    parser.add_argument(
        "--seconds", type=float, default=150, help="of tests that each has to survive; inf for all"
    )
    return parser.parse_args()


def everything() -> list[Placed]:
    """Return every mutant with its area."""
    package = mutants.ROOT / "converters"
    return [
        (area, mutant)
        for area, paths in areas.by_area(package).items()
        for path in paths
        for mutant in mutants.of_file(path)
    ]


def picked(candidates: list[Placed], count: int, seed: int) -> list[Placed]:
    """Pick some, the same ones for the same seed, from the areas by turns."""

    def lot(placed: Placed) -> str:
        return hashlib.sha256(f"{seed}:{placed[1].id}".encode()).hexdigest()

    names = dict.fromkeys(area for area, _ in candidates)
    lots = [sorted((one for one in candidates if one[0] == name), key=lot) for name in names]
    by_turns = itertools.chain.from_iterable(itertools.zip_longest(*lots))
    wanted = set(itertools.islice((one[1].id for one in by_turns if one), count))
    return [placed for placed in candidates if placed[1].id in wanted]


def wanted_of(every: list[Placed], asked: argparse.Namespace) -> list[Placed]:
    """Return the mutants that the command line asks for."""
    candidates = [
        (area, mutant)
        for area, mutant in every
        if (not asked.area or area in asked.area)
        and (not asked.file or fnmatch(mutant.path, f"*{asked.file}"))
        and (not asked.id or fnmatch(mutant.id, asked.id))
    ]
    return candidates if asked.all or asked.id else picked(candidates, asked.count, asked.seed)


def main() -> int:
    """Run what is asked for; return the exit code."""
    asked = options()
    every = everything()
    reasons = equivalent.read(equivalent.FILE, [mutant.id for _, mutant in every])
    wanted = wanted_of(every, asked)
    if asked.list:
        print(*(f"{area}: {mutant}" for area, mutant in wanted), sep="\n")
        return 0
    began = time.perf_counter()
    results = [
        report.Result(area, mutant, report.EQUIVALENT)
        for area, mutant in wanted
        if mutant.id in reasons
    ]
    if told := [placed for placed in wanted if placed[1].id not in reasons]:
        with Azurite() as azurite:
            known = baseline.measured(running.environment(azurite.connection_string))
        began = time.perf_counter()
        results += running.run(told, known, running.Effort(asked.jobs, asked.seconds), say)
    text = report.written(results)
    baseline.FOLDER.mkdir(exist_ok=True)
    (baseline.FOLDER / "report.txt").write_text(text)
    print(f"\n{text}\n{time.perf_counter() - began:.0f} s for {len(told)} mutants")
    return 0 if report.holds(results) else 1


def say(result: report.Result) -> None:
    """Tell of a mutant that no test has failed for as soon as it is known."""
    told = "." if result.fate == report.KILLED else f"\n{result.fate}: {result.mutant}\n"
    print(told, end="", flush=True)


if __name__ == "__main__":
    sys.exit(main())
