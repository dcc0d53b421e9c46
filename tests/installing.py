"""Folders with the packages of a lock, beside the environment that runs the tests."""

from __future__ import annotations

import fcntl
import hashlib
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from local.package import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOOLS = ROOT / ".tools"


def installed(lock: Path, name: str) -> Path:
    """Return a folder with a lock's packages; installed once for each lock."""
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()[:16]
    folder = TOOLS / f"{name}-{sys.version_info.major}.{sys.version_info.minor}-{digest}"
    with alone(folder):
        if not (folder / ".installed").exists():
            pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            options = ["--require-hashes", "--no-compile", "--upgrade", "--target", str(folder)]
            subprocess.run([*pip, *options, "-r", str(lock)], check=True)
            (folder / ".installed").touch()
    return folder


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Let one process at a time make a folder; the others wait, and find it made."""
    TOOLS.mkdir(exist_ok=True)
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
