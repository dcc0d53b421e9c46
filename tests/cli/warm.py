"""``b2b`` as a process that is there at once: one that has imported everything forks it.

A forked command is a process of its own, with its own folder, environment, files and exit code, and
runs ``python -m cli`` from its first line; only the second that importing takes is saved. As a
program it reads calls, one JSON object a line, and answers each with how the process ended.
"""

from __future__ import annotations

import gc
import json
import os
import runpy
import subprocess
import sys
import threading
from importlib import import_module
from typing import TYPE_CHECKING, Any

from local.world import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import Self

# What commands import, some of it only once they need it.
IMPORTED = ("azure.identity.aio", "cli.app", "converters.conversion", "httpx_aiohttp")


class Warm:
    """Runs commands, one at a time, once it is ready: ``with Warm() as warm``."""

    def __init__(self) -> None:
        self._one_at_a_time = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.cli.warm"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout
        self._process.stdout.readline()

    def run(
        self,
        folder: Path,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        out: Path,
        err: Path,
    ) -> int:
        """Run a command in a folder, with nothing to read; what it writes goes into two files.

        Returns:
            Its exit code, negative where a signal ended it.
        """
        assert self._process.stdin
        assert self._process.stdout
        call = {
            "folder": str(folder),
            "arguments": list(arguments),
            "environment": dict(environment),
            "files": [os.devnull, str(out), str(err)],
        }
        with self._one_at_a_time:
            self._process.stdin.write(json.dumps(call) + "\n")
            self._process.stdin.flush()
            return int(self._process.stdout.readline())

    def __enter__(self) -> Self:
        """Be the one that ``running`` returns."""
        _running.append(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _running.remove(self)
        self._process.communicate()


_running: list[Warm] = []


def running() -> Warm:
    """Return the one that tests/cli/conftest.py keeps."""
    return _running[-1]


def _become(call: dict[str, Any]) -> None:
    """Be the process that a shell would have started."""
    for descriptor, (path, flags) in enumerate(
        zip(call["files"], (os.O_RDONLY, *[os.O_WRONLY | os.O_CREAT | os.O_TRUNC] * 2), strict=True)
    ):
        os.dup2(os.open(path, flags), descriptor)
    os.chdir(call["folder"])
    os.environ.clear()
    os.environ.update(call["environment"])
    sys.argv[1:] = call["arguments"]


def main() -> None:
    """Take calls until standard input ends; in a forked process, be the command."""
    for name in IMPORTED:
        import_module(name)
    # What is there is no garbage: a forked process that looked through it would copy it all.
    gc.freeze()
    print("ready", flush=True)
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _become(json.loads(line))
            break
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)
    else:
        return
    runpy.run_module("cli", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
