"""The Python worker: runs functions, and loses them all when it has to be restarted.

Source: "Improve throughput performance of Python apps in Azure Functions" (async and threads) and
"host.json reference for Azure Functions 2.x and later" (functionTimeout).
"""

from __future__ import annotations

import asyncio
import logging
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from local.host.errors import WorkerRestartedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

    from local.host.app import Function

logger = logging.getLogger(__name__)


class Worker:
    """Runs ``async def`` functions on the event loop, others in threads.

    Args:
        timeout: the host's functionTimeout; None is never.
    """

    def __init__(self, timeout: timedelta | None) -> None:
        self._timeout = timeout
        self._threads = _threads()
        self._running: set[asyncio.Task[Any]] = set()
        self._killed: set[asyncio.Task[Any]] = set()

    async def invoke(self, function: Function, argument: Callable[[], object]) -> None:
        """Run a function with what its trigger gives; return once it returned.

        Raises:
            WorkerRestartedError: this invocation, or another one, exceeded functionTimeout.
            Exception: whatever the function raised.
        """
        task = asyncio.current_task()
        if task is None:  # pragma: no cover - a coroutine of asyncio always has one
            raise RuntimeError("invoke() must run in a task")
        seconds = self._timeout.total_seconds() if self._timeout else None
        self._running.add(task)
        try:
            async with asyncio.timeout(seconds) as limit:
                await self._call(function, argument)
        except (Exception, asyncio.CancelledError):
            # However a function ends once its worker is gone, nobody hears of it.
            if not limit.expired() and task not in self._killed:
                raise
        finally:
            self._running.discard(task)
        if limit.expired() and task not in self._killed:
            self._restart(function)
        if limit.expired() or task in self._killed:
            self._killed.discard(task)
            raise WorkerRestartedError

    def close(self) -> None:
        """Let the threads go; one that still runs holds up only the end of the process."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _call(self, function: Function, argument: Callable[[], object]) -> None:
        named = {function.parameter: argument()}
        if function.is_async:
            result = await function.call(**named)
        else:
            loop = asyncio.get_running_loop()
            result = await loop.run_in_executor(self._threads, lambda: function.call(**named))
        if result is not None:
            raise RuntimeError(
                f"function '{function.name}' without a $return binding returned a non-None value"
            )

    def _restart(self, function: Function) -> None:
        """Kill every invocation, as the end of the worker's process does.

        The modules stay imported, which a real restart would not leave them; a thread cannot be
        killed: it is abandoned, and a new pool takes its place.
        """
        others = self._running - self._killed
        logger.error(
            "Timeout value of %s exceeded by function '%s': restarting the worker; messages in "
            "flight: %d, each invisible until its lease ends",
            *(self._timeout, function.name, len(others) + 1),
        )
        self._killed |= others
        for task in others:
            task.cancel()
        self.close()
        self._threads = _threads()


def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(min(32, (os.cpu_count() or 1) + 4), thread_name_prefix="function")
