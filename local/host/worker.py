"""The worker as the host sees it: a process that runs the functions, may die, and is started anew.

As in the real host a death fails all that ran in it, the next worker starts at once and later ones
no sooner than ten seconds after the one before, and at the third death the host gives up. A
function past functionTimeout fails at once; two seconds later its worker is killed with everything
in it, which hangs until its own time is over. Source: "host.json reference for Azure Functions 2.x
and later" (functionTimeout) and the host's RpcFunctionInvocationDispatcher and
WebScriptHostExceptionHandler.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from local.host.channel import Channel, Process
from local.host.errors import InvocationError, StartError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import timedelta

    from local.host.triggers import Triggers

logger = logging.getLogger(__name__)
MOST_DEATHS = 3
# After so long without one, deaths are counted from the start.
FORGOTTEN_SECONDS = 30 * 60
RESTART_SECONDS = 10
TIMEOUT_GRACE_SECONDS = 2


class Worker:
    """Runs functions in a process of their own.

    Args:
        spawn: starts such a process.
        timeout: the host's functionTimeout; None is never.

    Attributes:
        gave_up: set at the third death.
    """

    def __init__(self, spawn: Callable[[], Awaitable[Process]], timeout: timedelta | None) -> None:
        self._spawn = spawn
        self._seconds = timeout.total_seconds() if timeout else None
        self._channel: Channel | None = None
        self._one_start = asyncio.Lock()
        self._deaths: list[float] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._ready = asyncio.Event()
        self.gave_up = asyncio.Event()

    async def start(self) -> Triggers:
        """Start the process; return what triggers the app's functions.

        Raises:
            StartError: the app cannot be played.
        """
        channel = self._channel = Channel(await self._spawn())
        triggers = await channel.started()
        self._use(channel)
        return triggers

    async def invoke(self, function: str, message: Mapping[str, Any] | None) -> None:
        """Run a function with what its trigger gives; return once it returned.

        Args:
            function: its name.
            message: as ``metadata.given`` makes it; None for a timer.

        Raises:
            InvocationError: it raised, its worker died, or it exceeded functionTimeout.
        """
        channel: Channel | None = None
        try:
            async with asyncio.timeout(self._seconds):
                await self._ready.wait()
                channel = self._channel
                if channel:
                    await channel.call(function, message)
        except TimeoutError:
            logger.error(  # noqa: TRY400 (no trace of it)
                "Timeout value of %s s exceeded by function '%s'", self._seconds, function
            )
            await self._end_what_hangs(channel)
            raise InvocationError("FunctionTimeoutException") from None

    async def close(self) -> None:
        """Kill the process; nothing that runs in it is heard of any more."""
        for task in self._tasks:
            task.cancel()
        if self._channel:
            await self._channel.kill()

    def _use(self, channel: Channel) -> None:
        self._channel = channel
        self._ready.set()
        task = asyncio.create_task(self._watch(channel))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _watch(self, channel: Channel) -> None:
        """Start another process once this one has died by itself."""
        code = await channel.ended()
        if channel is not self._channel:
            return
        logger.error("worker exited with code %s", code)
        self._ready.clear()
        channel.fail_all(f"WorkerProcessExitException (exit code {code})")
        now = asyncio.get_running_loop().time()
        if self._deaths and now - self._deaths[-1] > FORGOTTEN_SECONDS:
            self._deaths.clear()
        self._deaths.append(now)
        if len(self._deaths) < MOST_DEATHS:
            await self._start_another()
        else:
            logger.error("Exceeded language worker restart retry count. Host is shutting down.")
            self.gave_up.set()

    async def _end_what_hangs(self, channel: Channel | None) -> None:
        await asyncio.sleep(TIMEOUT_GRACE_SECONDS)
        # Of several that are past their time, the first has ended the worker of them all.
        if channel is None or channel is not self._channel or not self._ready.is_set():
            return
        logger.warning("A function timeout has occurred. Restarting worker process.")
        self._ready.clear()
        self._channel = None
        await channel.kill()
        await self._start_another()

    async def _start_another(self) -> None:
        async with self._one_start:
            channel = self._channel = Channel(await self._spawn())
            # One that cannot import the app ends, which is one more death.
            with suppress(StartError):
                await channel.started()
            self._use(channel)
            await asyncio.sleep(RESTART_SECONDS)
