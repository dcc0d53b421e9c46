"""Microsoft's Functions host as a process: started for a folder, read, asked, stopped, killed."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import subprocess
import time
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import aiohttp

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from tests.real_host.finding import Program

READY = r"Job host started"
KEY = "key-of-the-tests"
START_SECONDS = 120
WAIT_SECONDS = 40
_TURN_SECONDS = 0.05
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


async def until(
    condition: Callable[[], Awaitable[Any]], what: str, seconds: float = WAIT_SECONDS
) -> Any:  # noqa: ANN401 - whatever the condition returns
    """Return what a condition returns once that is true.

    Raises:
        AssertionError: it is not in time.
    """
    end = time.monotonic() + seconds
    while not (found := await condition()):
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        await asyncio.sleep(_TURN_SECONDS)
    return found


class Host:
    """One run of the host: ``async with Host(program, app, settings) as host``.

    Args:
        program: the host that was found.
        app: the folder of the app.
        settings: its environment, over this process's own.

    Attributes:
        log: the lines it printed, without colours.
        started_seconds: how long it took until the job host had started.
    """

    def __init__(self, program: Program, app: Path, settings: Mapping[str, str]) -> None:
        self._program, self._app, self._settings = program, app, settings
        self._port = _free_port()
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._said, self._is_silent = asyncio.Condition(), False
        self.log: list[str] = []
        self.started_seconds = 0.0

    async def __aenter__(self) -> Self:
        began = time.monotonic()
        self._process = await asyncio.create_subprocess_exec(
            *self._program.arguments(self._app, self._port),
            cwd=self._app,
            env=self._environment(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            limit=2**20,
            # Its worker is in the same group, and ends with it.
            start_new_session=True,
        )
        self._reader = asyncio.create_task(self._read())
        try:
            await self.line(READY, START_SECONDS)
            await until(self._answers, "an answer by HTTP")
        except BaseException:
            await self.kill()
            raise
        self.started_seconds = time.monotonic() - began
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.kill()

    @property
    def pid(self) -> int:
        """The process id."""
        assert self._process
        return self._process.pid

    @property
    def text(self) -> str:
        """All that it printed."""
        return "\n".join(self.log)

    async def line(self, pattern: str, seconds: float = WAIT_SECONDS, *, after: int = 0) -> str:
        """Return the first line in which a pattern is found, once there is one.

        Args:
            pattern: to be found.
            seconds: how long to wait for it.
            after: so many lines are left out.

        Raises:
            AssertionError: it is not there in time, with the end of the log.
        """
        there = re.compile(pattern)

        def found() -> str | None:
            return next((line for line in self.log[after:] if there.search(line)), None)

        with suppress(TimeoutError):
            async with asyncio.timeout(seconds), self._said:
                await self._said.wait_for(lambda: found() or self._is_silent)
        if line := found():
            return line
        end = "\n".join(self.log[-40:])
        raise AssertionError(f"no {pattern!r} within {seconds} s:\n{end}")

    async def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Call an address below ``/admin``; return status and answer."""
        url = f"http://127.0.0.1:{self._port}/admin/{path}"
        headers = {"x-functions-key": KEY}
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, url, json=body or {}, headers=headers) as answer,
        ):
            is_json = answer.content_type == "application/json"
            return answer.status, await (answer.json() if is_json else answer.text())

    async def fire(self, function: str) -> None:
        """Let a function run now."""
        status, answer = await self.ask("POST", f"functions/{function}", {"input": ""})
        assert status == 202, answer

    def worker(self) -> int:
        """Return the process id of the one Python worker."""
        (pid,) = _workers_of(self.pid)
        return pid

    async def stop(self, seconds: float = WAIT_SECONDS) -> int:
        """End it by SIGTERM; return its exit code."""
        os.kill(self.pid, signal.SIGTERM)
        return await self.ended(seconds)

    async def ended(self, seconds: float = WAIT_SECONDS) -> int:
        """Return its exit code once it has ended by itself."""
        assert self._process
        async with asyncio.timeout(seconds):
            return await self._process.wait()

    async def kill(self) -> None:
        """End it and its worker at once, as a machine that fails does."""
        assert self._process
        assert self._reader
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        await self._process.wait()
        await self._reader

    async def _answers(self) -> bool:
        with suppress(aiohttp.ClientConnectionError):
            return (await self.ask("GET", "host/ping"))[0] == 200
        return False

    async def _read(self) -> None:
        assert self._process
        assert self._process.stdout
        async for line in self._process.stdout:
            async with self._said:
                self.log.append(_COLOUR.sub("", line.decode(errors="replace").rstrip()))
                self._said.notify_all()
        async with self._said:
            self._is_silent = True
            self._said.notify_all()

    def _environment(self) -> dict[str, str]:
        own = {
            "ASPNETCORE_URLS": f"http://127.0.0.1:{self._port}",
            "AzureFunctionsWebHost__hostid": f"host{uuid.uuid4().hex[:24]}",
            "AzureFunctionsJobHost__logging__console__isEnabled": "true",
            "FUNCTIONS_WORKER_RUNTIME": "python",
            "HOST_MASTER_KEY": KEY,
        }
        return {**os.environ, **own, **self._settings}


def _workers_of(pid: int) -> list[int]:
    """Return the processes below a host's that run a Python worker."""
    listed = subprocess.run(
        ["ps", "-A", "-ww", "-o", "pid=,ppid=,args="],  # noqa: S607 - wherever it is
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    rows = [line.split(None, 2) for line in listed.splitlines()]
    below, found = [pid], []
    for parent in below:
        children = [(int(row[0]), row[2]) for row in rows if int(row[1]) == parent]
        below += [child for child, _ in children]
        found += [child for child, command in children if "worker.py" in command]
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
