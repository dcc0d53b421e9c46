"""A host as a process: started for a folder, read, stopped, killed."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import Self

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


class HostProcess(ABC):
    """One run of a host: ``async with`` starts it and kills it.

    Args:
        command: what starts it.
        app: the folder of the app, in which it runs.
        settings: its environment, over this process's own.
        ready: what it prints once it has started.

    Attributes:
        log: the lines it printed, without colours.
        started_seconds: how long it took to start.
    """

    def __init__(
        self, command: Sequence[str], app: Path, settings: Mapping[str, str], ready: str
    ) -> None:
        self._command, self._app, self._ready = command, app, ready
        self._environment = {**os.environ, **settings}
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._said, self._is_silent = asyncio.Condition(), False
        self.log: list[str] = []
        self.started_seconds = 0.0

    async def __aenter__(self) -> Self:
        began = time.monotonic()
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            cwd=self._app,
            env=self._environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            limit=2**20,
            # Its worker is in the same group, and ends with it.
            start_new_session=True,
        )
        self._reader = asyncio.create_task(self._read())
        try:
            await self.line(self._ready, START_SECONDS)
            await until(self._answers, "an answer")
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
    def exit_code(self) -> int | None:
        """What it ended with, ``None`` while it runs."""
        assert self._process
        return self._process.returncode

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

    @abstractmethod
    async def drain(self) -> None:
        """Let it take no more messages from now on."""

    @abstractmethod
    async def drained(self) -> None:
        """Return once those in flight have ended."""

    def terminate(self) -> None:
        """Ask it to end, by SIGTERM."""
        os.kill(self.pid, signal.SIGTERM)

    async def stop(self, seconds: float = WAIT_SECONDS) -> int:
        """End it by SIGTERM; return its exit code."""
        self.terminate()
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
        return True

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
