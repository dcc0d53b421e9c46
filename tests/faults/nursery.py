"""Host processes that are there at once: a process that has imported everything forks them.

A forked host is a process of its own, with its own clients and event loop, and is killed as one;
only the second that importing takes is saved. As a program it reads orders, one JSON object a line,
and answers each with the process id.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import socket
import sys
from argparse import Namespace
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local.host import child, command
from local.host.channel import Process

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Self

# What function_app will import; it cannot be imported itself before its settings are there.
IMPORTED = ("azure.functions", "converters.composition")
ROOT = Path(__file__).resolve().parents[2]


class Nursery:
    """Starts and kills hosts: ``async with Nursery(folder) as nursery``.

    Args:
        logs: the folder for what the hosts print.
    """

    def __init__(self, logs: Path) -> None:
        self._logs, self._alive, self._count = logs, set[int](), 0
        self._one_at_a_time = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None

    async def start(self, environment: Mapping[str, str], lease: int) -> int:
        """Start a host whose messages come back after ``lease`` seconds; return its process id."""
        process = self._running()
        self._count += 1
        log = self._logs / f"host-{self._count}.log"
        order = {"environment": dict(environment), "lease": lease, "log": str(log)}
        async with self._one_at_a_time:
            process.stdin.write(json.dumps(order).encode() + b"\n")  # type: ignore[union-attr]
            pid = int(await process.stdout.readline())  # type: ignore[union-attr]
        self._alive.add(pid)
        return pid

    def kill(self, pid: int) -> None:
        """End a host as a power cut does."""
        if pid in self._alive:
            self._alive.discard(pid)
            # One that ended by itself has said why in its log.
            # Its worker is in the same group, which it makes first of all.
            for end in (os.killpg, os.kill):
                with suppress(ProcessLookupError):
                    end(pid, signal.SIGKILL)

    def _running(self) -> asyncio.subprocess.Process:
        if self._process is None:
            raise RuntimeError("use it with `async with`")
        return self._process

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.faults.nursery"),
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for pid in list(self._alive):
            self.kill(pid)
        self._running().terminate()
        await self._running().wait()


def main() -> None:
    """Take orders until standard input ends."""
    for name in IMPORTED:
        import_module(name)
    # What is there is no garbage: a forked host that looked through it would copy it all.
    gc.freeze()
    # The kernel reaps what nobody waits for.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _become_host(order)
        print(pid, flush=True)


def _become_host(order: dict[str, Any]) -> None:
    os.setsid()
    log = os.open(str(order["log"]), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for descriptor in (1, 2):
        os.dup2(log, descriptor)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.environ.update(order["environment"])
    worker = _fork_worker()

    async def spawning() -> Process:
        return worker

    options = Namespace(app=ROOT, grace=1.0, lease=order["lease"], verbose=False)
    os._exit(asyncio.run(command.serve(options, spawning)))


def _fork_worker() -> Process:
    """Return the host's worker, which has imported everything, too."""
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        ours.close()
        child.run(ROOT, theirs.detach(), verbose=False)
    theirs.close()

    async def wait() -> int:
        _, status = await asyncio.to_thread(os.waitpid, pid, 0)
        return os.waitstatus_to_exitcode(status)

    return Process(pid, ours, wait)


if __name__ == "__main__":
    main()
