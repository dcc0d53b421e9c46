"""The Bicep compiler, and its stand-in, each where it is found."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tests.infra.bicep import INFRA, MAIN, ROOT
from tests.infra.pilot import ENVIRONMENT, PARAMETERS, deployed

if TYPE_CHECKING:
    from pathlib import Path

SHARED = ROOT.parent / "shared"


@pytest.mark.skipif(not SHARED.exists(), reason="the stand-in for the Bicep compiler is not here")
def test_stand_in_for_the_compiler_finds_nothing() -> None:
    checker = SHARED / "tools" / "bicepcheck.py"
    done = subprocess.run(
        [sys.executable, str(checker), str(INFRA)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def compiler() -> str | None:
    """Return the Bicep CLI, where there is one."""
    return os.environ.get("BICEP") or shutil.which("bicep")


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
def test_compiler_foresees_the_same_resources(tmp_path: Path) -> None:
    """The compiler's snapshot holds what the tests' own evaluation does."""
    shutil.copytree(INFRA, tmp_path / "infra")
    file = tmp_path / "infra" / PARAMETERS
    done = compiled(["snapshot", str(file), "--mode", "overwrite"], tmp_path)
    assert done.returncode == 0, done.stderr
    foreseen = json.loads(file.with_suffix(".snapshot.json").read_text())["predictedResources"]
    kinds = Counter(it["type"].lower() for it in foreseen)
    assert kinds == Counter(it.kind.lower() for it in deployed().resources)
