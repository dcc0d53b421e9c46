"""The worker's inside: runs an app's functions with what their triggers give.

Source: "Improve throughput performance of Python apps in Azure Functions" (async and threads).
"""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from azure.functions.timer import TimerRequest

from local.host.errors import InvocationError
from local.host.metadata import trigger_message

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.host.app import App, Function


class Runner:
    """Runs ``async def`` functions on the event loop, others in threads.

    Args:
        app: whose functions.
    """

    def __init__(self, app: App) -> None:
        self._queues = {function.name: function for function in app.functions}
        self._timers = {function.name: function for function in app.timers}
        self._threads = ThreadPoolExecutor(
            min(32, (os.cpu_count() or 1) + 4), thread_name_prefix="function"
        )

    async def invoke(self, name: str, message: Mapping[str, Any] | None) -> None:
        """Run a function; return once it returned.

        Args:
            name: the function's.
            message: as ``metadata.given`` makes it; None for a timer.

        Raises:
            InvocationError: the function raised an ``Exception``. Anything else that it raises
                goes through, as it does in the real worker, which then never answers.
        """
        try:
            if message is None:
                await self._call(self._timers[name], TimerRequest())
            else:
                await self._call(self._queues[name], trigger_message(message))
        except Exception as error:
            raise InvocationError.of(error) from error

    async def _call(self, function: Function, argument: object) -> None:
        named = {function.parameter: argument}
        if function.is_async:
            result = await function.call(**named)
        else:
            loop = asyncio.get_running_loop()
            result = await loop.run_in_executor(self._threads, lambda: function.call(**named))
        if result is not None:
            raise RuntimeError(
                f"function '{function.name}' without a $return binding returned a non-None value"
            )
