"""Where Microsoft's Functions host is on this machine, and the Python that its worker runs with.

A host program takes the app's folder, and without an argument prints the folder of its own files.
Core Tools' ``func`` brings a worker with what that imports.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from local.package import ROOT
from tests.installing import alone, installed

BESIDE = ROOT.parent / "shared" / "tools"
PROGRAM = "functions-host"
LOCK = ROOT / "requirements-worker.txt"
REASON = (
    "no Functions host here: set FUNCTIONS_HOST to a command that takes the app's folder, or"
    " install Azure Functions Core Tools (func)"
)


@dataclass(frozen=True, slots=True)
class Program:
    """A host that was found: its command, and whether that is Core Tools'."""

    command: tuple[str, ...]
    is_core_tools: bool = False

    def arguments(self, app: Path, port: int) -> list[str]:
        """Return what starts it for an app."""
        if self.is_core_tools:
            return [*self.command, "start", "--verbose", "--port", str(port)]
        return [*self.command, str(app)]

    def worker(self, packages: Path) -> dict[str, str]:
        """Return the environment that lets its worker run with the app's packages alone."""
        if self.is_core_tools:
            folder = Path(sys.executable).parent
            return {
                "PATH": os.pathsep.join([str(folder), os.environ["PATH"]]),
                "PYTHONPATH": str(packages),
            }
        needed = installed(LOCK, "worker")
        return {
            "PYTHONPATH": os.pathsep.join([str(needed), str(packages)]),
            "languageWorkers__workersDirectory": str(_workers(self.command, needed)),
            "languageWorkers__python__defaultExecutablePath": sys.executable,
            # Without the packages of the environment that runs the tests.
            "languageWorkers__python__arguments": "-S",
        }


def find() -> Program | None:
    """Return the host, where there is one."""
    if named := os.environ.get("FUNCTIONS_HOST"):
        return Program(tuple(shlex.split(named)))
    if tools := shutil.which("func"):
        return Program((tools,), is_core_tools=True)
    beside = shutil.which(PROGRAM, path=BESIDE)
    return Program((beside,)) if beside else None


NEEDS_HOST = pytest.mark.skipif(find() is None, reason=REASON)


def _workers(command: tuple[str, ...], needed: Path) -> Path:
    """Return a copy of the host's workers whose messages suit the installed protobuf."""
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    digest = hashlib.sha256(printed.encode()).hexdigest()[:16]
    copy = needed / f"workers-{digest}"
    with alone(needed):
        if not (copy / ".made").exists():
            shutil.copytree(Path(printed) / "workers", copy, dirs_exist_ok=True)
            subprocess.run(
                [sys.executable, str(copy / "python" / "regen_protos.py")],
                env={**os.environ, "PYTHONPATH": str(needed)},
                stdout=subprocess.DEVNULL,
                check=True,
            )
            (copy / ".made").touch()
    return copy
