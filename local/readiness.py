"""The readiness report on the demo's tenant, by the command that operators use."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from local.world import LOGS, ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

REPORT = LOGS / "readiness.html"
# All is well, or somebody cannot be converted yet.
_WRITTEN = (0, 1)


def write(environment: Mapping[str, str]) -> Path:
    """Write the report on the tenant that the settings lead to; return its path.

    Raises:
        RuntimeError: there is none; the command's own words.
    """
    done = subprocess.run(
        [sys.executable, "-m", "cli", "assess", "--html", str(REPORT)],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in _WRITTEN:
        raise RuntimeError(f"b2b assess ended with {done.returncode}: {done.stderr.strip()}")
    return REPORT
