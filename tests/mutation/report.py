"""What became of the mutants: a table by area, and who is alive."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.mutation.areas import STRICT

if TYPE_CHECKING:
    from tests.mutation.mutants import Mutant

WANTED = 97.0
KILLED, SURVIVED, EQUIVALENT = "killed", "survived", "equivalent"
# No test failed, and none ended in time either; alone it was no other.
TIMED_OUT = "timed out"


@dataclass(frozen=True)
class Result:
    """One mutant's fate."""

    area: str
    mutant: Mutant
    fate: str


def score(results: list[Result]) -> float:
    """Return the share that was killed, in percent, the equivalent ones left out."""
    fates = Counter(result.fate for result in results)
    killed = fates[KILLED] + fates[TIMED_OUT]
    told = killed + fates[SURVIVED]
    return 100 * killed / told if told else 100.0


def holds(results: list[Result]) -> bool:
    """Return whether enough were killed, and all of them where nothing may be left alive."""
    alive = {result.area for result in results if result.fate == SURVIVED}
    return score(results) >= WANTED and not alive & STRICT


def written(results: list[Result]) -> str:
    """Write the report."""
    row = "{:<13}{:>8}{:>8}{:>11}{:>10}{:>12}{:>8}"
    lines = [row.format("area", "mutants", KILLED, TIMED_OUT, SURVIVED, EQUIVALENT, "score")]
    for area in [*dict.fromkeys(result.area for result in results), "all"]:
        here = [result for result in results if area in {result.area, "all"}]
        fates = Counter(result.fate for result in here)
        counts = [fates[fate] for fate in (KILLED, TIMED_OUT, SURVIVED, EQUIVALENT)]
        lines.append(row.format(area, len(here), *counts, f"{score(here):.1f}%"))
    for fate in (TIMED_OUT, SURVIVED):
        found = sorted(str(result.mutant) for result in results if result.fate == fate)
        lines += ["", f"{fate}:" if found else f"none {fate}", *found]
    return "\n".join([*lines, ""])
