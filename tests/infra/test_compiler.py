"""The Bicep compiler, where it is found."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tests.infra.bicep import INFRA, MAIN, ROOT
from tests.infra.pilot import ENVIRONMENT, PARAMETERS, deployed

if TYPE_CHECKING:
    from pathlib import Path

# Beside the repository, for machines without the internet.
BESIDE = ROOT.parent / "shared" / "tools"
GRAPH_TYPES = "msgraph-v1.0.tgz"


def compiler() -> str | None:
    """Return the Bicep CLI, where there is one."""
    beside = shutil.which("bicep", path=BESIDE)
    return os.environ.get("BICEP") or shutil.which("bicep") or beside


def compiled(arguments: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the compiler."""
    return subprocess.run(
        [compiler() or "", *arguments],
        cwd=folder,
        env={**os.environ, **ENVIRONMENT},
        capture_output=True,
        text=True,
        check=False,
    )


NEEDS_COMPILER = pytest.mark.skipif(
    compiler() is None, reason="no Bicep CLI here: set BICEP, or put it on the PATH"
)


@NEEDS_COMPILER
@pytest.mark.parametrize("command", [["build", "--stdout"], ["lint"], ["build-params", "--stdout"]])
def test_compiler_finds_nothing(command: list[str], tmp_path: Path) -> None:
    name = PARAMETERS if "params" in command[0] else MAIN
    done = compiled([*command, str(INFRA / name)], tmp_path)
    assert done.returncode == 0, done.stderr


@NEEDS_COMPILER
def test_compiler_finds_nothing_in_the_permissions(tmp_path: Path) -> None:
    folder = tmp_path / "graph"
    shutil.copytree(INFRA / "graph", folder)
    if (BESIDE / GRAPH_TYPES).exists():
        # In place of what the compiler would fetch from its registry.
        shutil.copy(BESIDE / GRAPH_TYPES, folder)
        config = json.loads((folder / "bicepconfig.json").read_text())
        config["extensions"] = {"microsoftGraphV1": f"./{GRAPH_TYPES}"}
        (folder / "bicepconfig.json").write_text(json.dumps(config))
    done = compiled(["build", "--stdout", str(folder / "permissions.bicep")], tmp_path)
    assert done.returncode == 0, done.stderr


@NEEDS_COMPILER
def test_compiler_foresees_the_same_resources(tmp_path: Path) -> None:
    """The compiler's snapshot holds what the tests' own evaluation does."""
    shutil.copytree(INFRA, tmp_path / "infra")
    file = tmp_path / "infra" / PARAMETERS
    done = compiled(["snapshot", str(file), "--mode", "overwrite"], tmp_path)
    assert done.returncode == 0, done.stderr
    foreseen = json.loads(file.with_suffix(".snapshot.json").read_text())["predictedResources"]
    kinds = Counter(it["type"].lower() for it in foreseen)
    assert kinds == Counter(it.kind.lower() for it in deployed().resources)
