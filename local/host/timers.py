"""Timers: run a function at its times, one run at a time.

Source: "Timer trigger for Azure Functions". As in the real host, a run that raises is over, and the
next one comes at its time; unlike there, nothing is run late after a stop, and every process plays
its timers (the real host has one instance of the app do so).
"""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cronsim import CronSim

from local.host.errors import InvocationError

if TYPE_CHECKING:
    from local.host.runner import Runner
    from local.host.tally import Tally
    from local.host.triggers import TimerTrigger
    from local.host.worker import Worker

logger = logging.getLogger(__name__)


class Timer:
    """Plays one timer trigger.

    Args:
        trigger: whose function is to run, and when.
        worker: what runs it.
        tally: where each ending is counted.
    """

    def __init__(self, trigger: TimerTrigger, worker: Worker | Runner, tally: Tally) -> None:
        self._trigger, self._worker, self._tally = trigger, worker, tally
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Run the function at its times until stopped."""
        while not self._stopping.is_set():
            now = datetime.now(UTC)
            due = next(CronSim(self._trigger.schedule, now))
            try:
                await asyncio.wait_for(self._stopping.wait(), (due - now).total_seconds())
            except TimeoutError:
                await self._tick()

    def stop(self) -> None:
        """Run it no more; a run under way goes on to its end."""
        self._stopping.set()

    async def _tick(self) -> None:
        try:
            await self._worker.invoke(self._trigger.name, None)
        except InvocationError as error:
            logger.error("%s failed: %s", self._trigger.name, error)  # noqa: TRY400 (no trace of it)
            self._tally.add("timer failed")
        else:
            self._tally.add("timer ran")
