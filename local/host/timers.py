"""Timers: run a function at its times, one run at a time.

Source: "Timer trigger for Azure Functions". As in the real host, a run that raises is over, and the
next one comes at its time; unlike there, nothing is run late after a stop, and every process plays
its timers (the real host has one instance of the app do so).
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from azure.functions.timer import TimerRequest
from cronsim import CronSim

from local.host.errors import WorkerRestartedError

if TYPE_CHECKING:
    from local.host.app import TimerFunction
    from local.host.tally import Tally
    from local.host.worker import Worker

logger = logging.getLogger(__name__)


class Timer:
    """Plays one timer trigger.

    Args:
        function: what to run.
        worker: what runs it.
        tally: where each ending is counted.
    """

    def __init__(self, function: TimerFunction, worker: Worker, tally: Tally) -> None:
        self._function, self._worker, self._tally = function, worker, tally
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Run the function at its times until stopped."""
        while not self._stopping.is_set():
            now = datetime.now(UTC)
            due = next(CronSim(self._function.schedule, now))
            try:
                await asyncio.wait_for(self._stopping.wait(), (due - now).total_seconds())
            except TimeoutError:
                await self._tick()

    def stop(self) -> None:
        """Run it no more; a run under way goes on to its end."""
        self._stopping.set()

    async def _tick(self) -> None:
        name = self._function.name
        try:
            await self._worker.invoke(self._function, TimerRequest)
        except WorkerRestartedError:
            logger.error("%s lost", name)  # noqa: TRY400 (no trace of it)
        except Exception as error:  # noqa: BLE001 (whatever a function raises is a failed invocation)
            frame = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{Path(frame.filename).name}, line {frame.lineno}"
            logger.error("%s failed: %s (%s)", name, type(error).__name__, place)  # noqa: TRY400
            self._tally.add("timer failed")
        else:
            self._tally.add("timer ran")
