"""The processes that this one has started and that still run, as Linux tells of them.

Elsewhere there are none to see, and nothing is done about any.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

_SET_CHILD_SUBREAPER = 36
_TURN_SECONDS = 0.02
_GONE = (FileNotFoundError, ProcessLookupError)


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends, so that it is seen too."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def running() -> dict[int, str]:
    """Return the command lines of the child processes that run, by process id."""
    pids: set[str] = set()
    for thread in Path("/proc/self/task").glob("*/children"):
        with suppress(*_GONE):
            pids.update(thread.read_text().split())
    found = {}
    for pid in pids:
        with suppress(*_GONE):
            # One that has ended and that nobody has waited for has no command line any more.
            if command := Path(f"/proc/{pid}/cmdline").read_text(errors="replace"):
                found[int(pid)] = command.replace("\0", " ").strip()
    return found


def left_since(before: dict[int, str], grace: float) -> dict[int, str]:
    """Return which processes run that did not before, once those that are ending have ended."""
    until = time.monotonic() + grace
    while (left := _others(before)) and time.monotonic() < until:
        time.sleep(_TURN_SECONDS)
    return left


def end_all_but(before: dict[int, str]) -> None:
    """Kill what runs and did not before, and the descendants that this makes orphans."""
    while left := _others(before):
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(_TURN_SECONDS)


def _others(before: dict[int, str]) -> dict[int, str]:
    return {pid: command for pid, command in running().items() if pid not in before}
