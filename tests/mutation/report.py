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


@dataclass(frozen=True)
class Result:
    """One mutant's fate."""

    area: str
    mutant: Mutant
    fate: str


def score(results: list[Result]) -> float:
    """Return the share that was killed, in percent, the equivalent ones left out."""
    fates = Counter(result.fate for result in results)
    told = fates[KILLED] + fates[SURVIVED]
    return 100 * fates[KILLED] / told if told else 100.0


def holds(results: list[Result]) -> bool:
    """Return whether enough were killed, and all of them where nothing may be left alive."""
    alive = {result.area for result in results if result.fate == SURVIVED}
    return score(results) >= WANTED and not alive & STRICT


def written(results: list[Result]) -> str:
    """Write the report."""
    row = "{:<10}{:>8}{:>8}{:>10}{:>12}{:>8}"
    lines = [row.format("area", "mutants", KILLED, SURVIVED, EQUIVALENT, "score")]
    for area in [*dict.fromkeys(result.area for result in results), "all"]:
        here = [result for result in results if area in {result.area, "all"}]
        fates = Counter(result.fate for result in here)
        counts = (fates[KILLED], fates[SURVIVED], fates[EQUIVALENT])
        lines.append(row.format(area, len(here), *counts, f"{score(here):.1f}%"))
    alive = [str(result.mutant) for result in results if result.fate == SURVIVED]
    return "\n".join([*lines, "", "survivors:" if alive else "no survivors", *sorted(alive), ""])
