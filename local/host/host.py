"""The host: every function's listener, one worker, and their start and stop.

What the real host does and this one does not: its timers run in one instance alone, and make up for
runs they missed; a listener that cannot start leaves the others running. And what neither does, but
Azure: start more hosts, end idle ones, start another in the place of one that gave up.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack, suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from local.host.connections import connect
from local.host.listener import Listener
from local.host.refusals import first_line
from local.host.tally import Tally
from local.host.timers import Timer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Self

    from azure.core.exceptions import AzureError

    from local.host.runner import Runner
    from local.host.settings import HostSettings
    from local.host.triggers import Triggers
    from local.host.worker import Worker

logger = logging.getLogger(__name__)
GRACE = timedelta(seconds=10)


class QueueHost:
    """Plays queue triggers while its ``async with`` block runs, or during ``run()``.

    ``tally`` counts how invocations ended: ``await host.tally.until(succeeded=3)`` waits for it.

    Args:
        triggers: what to play.
        settings: how.
        environment: where connections are looked up.
        worker: what runs the functions; it is started before and closed after.
        grace: how long a stop waits for the messages in flight, fixed in the real host.
    """

    def __init__(
        self,
        triggers: Triggers,
        settings: HostSettings,
        environment: Mapping[str, str],
        worker: Worker | Runner,
        grace: timedelta = GRACE,
    ) -> None:
        self.tally = Tally()
        self._triggers, self._settings, self._worker = triggers, settings, worker
        self._environment, self.grace = environment, grace
        self._stop_requested = asyncio.Event()
        self._listeners: dict[asyncio.Task[None], Listener] = {}
        self._timers: dict[asyncio.Task[None], Timer] = {}
        self._closing = AsyncExitStack()

    def _playing(self) -> list[Listener | Timer]:
        return [*self._listeners.values(), *self._timers.values()]

    async def start(self) -> None:
        """Connect and begin to fetch; a queue that is missing is polled until it is there.

        Raises:
            StartError: a connection is not set, or malformed.
        """
        async with AsyncExitStack() as stack:
            services = {}
            for name in dict.fromkeys(trigger.connection for trigger in self._triggers.queues):
                services[name] = await stack.enter_async_context(connect(name, self._environment))
            for trigger in self._triggers.queues:
                service = services[trigger.connection]
                listener = Listener(
                    trigger, service, self._settings, self._worker, self.tally, self._fail
                )
                self._listeners[asyncio.create_task(listener.run())] = listener
            for timed in self._triggers.timers:
                timer = Timer(timed, self._worker, self.tally)
                self._timers[asyncio.create_task(timer.run())] = timer
            self._closing = stack.pop_all()

    async def drain(self) -> None:
        """Fetch no more, and return once what is in flight has ended, however long it takes."""
        for each in self._playing():
            each.stop()
        if playing := {*self._listeners, *self._timers}:
            await asyncio.wait(playing)

    async def stop(self) -> None:
        """Let what is in flight end within the grace period, abandon the rest, and disconnect.

        Until then messages are fetched: as in the real host, which stops its listeners last.
        """
        try:
            if self._listeners:
                await self._finish()
        finally:
            self._listeners, self._timers = {}, {}
            await self._closing.aclose()

    def request_stop(self) -> None:
        """Make ``run`` return; for signal handlers."""
        self._stop_requested.set()

    async def run(self) -> None:
        """Return when a stop is requested, or storage refused what the host does not survive.

        Start before and stop after, or use ``async with``; the stop raises what a listener died of.
        """
        requested = asyncio.create_task(self._stop_requested.wait())
        try:
            await asyncio.wait(
                {requested, *self._listeners, *self._timers}, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            requested.cancel()

    def _fail(self, error: AzureError) -> None:
        logger.error(
            "An unhandled exception has occurred. Host is shutting down. %s", first_line(error)
        )
        self.request_stop()

    async def _finish(self) -> None:
        listeners = self._listeners.values()
        with suppress(TimeoutError):
            async with asyncio.timeout(self.grace.total_seconds()):
                for listener in listeners:
                    await listener.until_landed()
                for each in self._playing():
                    each.stop()
                # A fetch may have been under way.
                await asyncio.wait(self._listeners)
        for each in self._playing():
            each.stop()
        if abandoned := sum(listener.abandon() for listener in listeners):
            logger.warning(
                "grace period over: %d messages come back when their leases end", abandoned
            )
        for task in self._timers:
            task.cancel()
        await asyncio.gather(*self._timers, return_exceptions=True)
        await asyncio.gather(*self._listeners)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()
