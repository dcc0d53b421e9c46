"""The channel between the host and one process of the worker, from its start to its end."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local.host.errors import InvocationError, StartError
from local.host.triggers import Triggers

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

ROOT = Path(__file__).resolve().parents[2]
# A message has 64 KiB, which JSON may write six times as long; a traceback may be longer.
LIMIT = 2**24


@dataclass(frozen=True, slots=True)
class Process:
    """A process of the worker.

    Attributes:
        channel: the host's end of the socket between them.
        wait: returns its exit code, once it has ended.
    """

    pid: int
    channel: socket.socket
    wait: Callable[[], Awaitable[int]]


async def spawn(folder: Path, *, verbose: bool = False) -> Process:
    """Start a process for the app in a folder."""
    ours, theirs = socket.socketpair()
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    with theirs:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "local.host.child", str(folder), str(theirs.fileno())),
            *(["--verbose"] if verbose else []),
            env={**os.environ, "PYTHONPATH": path},
            pass_fds=[theirs.fileno()],
        )
    return Process(process.pid, ours, process.wait)


class Channel:
    """Calls to one process; their answers come in any order.

    Args:
        process: that runs.
    """

    def __init__(self, process: Process) -> None:
        self._process = process
        self._calls: dict[int, asyncio.Future[None]] = {}
        self._count = 0
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None

    async def started(self) -> Triggers:
        """Return the app's triggers, once the process has imported it.

        Raises:
            StartError: it could not, or has died of it.
        """
        reader, self._writer = await asyncio.open_connection(
            sock=self._process.channel, limit=LIMIT
        )
        first = await reader.readline()
        self._reading = asyncio.create_task(self._read(reader))
        if not first:
            raise StartError("No job functions found: the worker died while it imported the app.")
        described = json.loads(first)
        if "error" in described:
            raise StartError(described["error"])
        return Triggers.read(described)

    async def call(self, function: str, message: Mapping[str, Any] | None) -> None:
        """Run a function; return once it returned, never where the process never answers.

        Raises:
            InvocationError: it raised, or ``fail_all`` was called meanwhile.
        """
        if self._writer is None:  # pragma: no cover - it is started first
            raise RuntimeError("a channel is started before it is used")
        self._count += 1
        number = self._count
        answer = self._calls[number] = asyncio.get_running_loop().create_future()
        line = {"number": number, "function": function, "message": message}
        self._writer.write(json.dumps(line).encode() + b"\n")
        try:
            await answer
        finally:
            del self._calls[number]

    def fail_all(self, why: str) -> None:
        """Let every call fail that was not answered."""
        for answer in self._calls.values():
            if not answer.done():
                answer.set_exception(InvocationError(why))

    async def ended(self) -> int:
        """Return the process's exit code, once it has ended and all it said was heard."""
        if self._reading:
            # Who waits for the end may be cancelled, the reading not.
            await asyncio.wait({self._reading})
        return await self._process.wait()

    async def kill(self) -> None:
        """End the process at once; calls that were not answered stay so."""
        with suppress(ProcessLookupError):
            os.kill(self._process.pid, signal.SIGKILL)
        await self.ended()
        if self._writer:
            self._writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> None:
        # A process that is killed may leave half a line.
        with suppress(ConnectionError):
            while (line := await reader.readline()).endswith(b"\n"):
                said = json.loads(line)
                answer = self._calls.get(said["number"])
                # Its call may have run out of time.
                if answer is None or answer.done():
                    continue
                if failed := said.get("failed"):
                    answer.set_exception(InvocationError(failed, said["trace"]))
                else:
                    answer.set_result(None)
