"""Mutants that no test can tell from the code: by id, with the reason."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

FILE = Path(__file__).parent / "equivalent.toml"


def read(file: Path, ids: Iterable[str]) -> dict[str, str]:
    """Return the reasons by id.

    Raises:
        ValueError: an entry matches no mutant, or gives no reason.
    """
    reasons: dict[str, str] = tomllib.loads(file.read_text()).get("equivalent", {})
    unknown = set(reasons) - set(ids)
    silent = {name for name, reason in reasons.items() if not reason.strip()}
    if unknown or silent:
        names = "\n".join(sorted(unknown | silent))
        raise ValueError(f"{FILE.name} names no mutant, or no reason, by:\n{names}")
    return reasons
