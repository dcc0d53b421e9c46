"""Where the infrastructure lies."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
INFRA = ROOT / "infra"
SNAPSHOTS = Path(__file__).parent / "snapshots"
# Beside the repository, for machines without the internet.
BESIDE = ROOT.parent / "shared" / "tools"


def sources() -> dict[str, str]:
    """Return the texts that a deployment is made of, by path within ``infra/``."""
    kinds = {".bicep", ".bicepparam", ".json"}
    paths = (path for path in sorted(INFRA.rglob("*")) if path.suffix in kinds)
    return {path.relative_to(INFRA).as_posix(): path.read_text() for path in paths}
