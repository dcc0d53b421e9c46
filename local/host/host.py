"""The host: every function's listener, one worker, and their start and stop."""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import TYPE_CHECKING

from azure.core.exceptions import AzureError, ResourceExistsError

from local.host.connections import connect
from local.host.errors import StartError
from local.host.listener import Listener
from local.host.tally import Tally
from local.host.timers import Timer
from local.host.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Self

    from azure.storage.queue.aio import QueueServiceClient

    from local.host.app import App, QueueFunction
    from local.host.settings import HostSettings

logger = logging.getLogger(__name__)
GRACE = timedelta(seconds=30)


class QueueHost:
    """Plays queue triggers while its ``async with`` block runs, or during ``run()``.

    ``tally`` counts how invocations ended: ``await host.tally.until(succeeded=3)`` waits for it.

    Args:
        app: what to play.
        settings: how.
        environment: where connections are looked up.
        grace: how long a stop waits for the messages in flight.
    """

    def __init__(
        self,
        app: App,
        settings: HostSettings,
        environment: Mapping[str, str],
        grace: timedelta = GRACE,
    ) -> None:
        self.tally = Tally()
        self._app, self._settings = app, settings
        self._environment, self._grace = environment, grace
        self._stop_requested = asyncio.Event()
        self._listeners: dict[asyncio.Task[None], Listener] = {}
        self._timers: dict[asyncio.Task[None], Timer] = {}
        self._closing = AsyncExitStack()

    async def start(self) -> None:
        """Connect, create missing queues and begin to fetch.

        The real extension leaves a missing queue alone and only logs; here it is created, because
        nothing else would: in Azure the queues are the infrastructure's.

        Raises:
            StartError: a connection is not set, or its storage cannot be used.
        """
        async with AsyncExitStack() as stack:
            services = {}
            for name in dict.fromkeys(function.connection for function in self._app.functions):
                services[name] = await stack.enter_async_context(connect(name, self._environment))
            worker = Worker(self._settings.function_timeout)
            stack.callback(worker.close)
            for function in self._app.functions:
                await _create_queue(services[function.connection], function)
            for function in self._app.functions:
                service = services[function.connection]
                listener = Listener(function, service, self._settings, worker, self.tally)
                self._listeners[asyncio.create_task(listener.run())] = listener
            for timed in self._app.timers:
                timer = Timer(timed, worker, self.tally)
                self._timers[asyncio.create_task(timer.run())] = timer
            self._closing = stack.pop_all()

    async def stop(self) -> None:
        """Fetch no more, let what is in flight end within the grace period, and disconnect."""
        playing: list[Listener | Timer] = [*self._listeners.values(), *self._timers.values()]
        for each in playing:
            each.stop()
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
        """Return when a stop is requested, or when a listener has died, as none should.

        Start before and stop after, or use ``async with``; the stop raises what it died of.
        """
        requested = asyncio.create_task(self._stop_requested.wait())
        try:
            await asyncio.wait(
                {requested, *self._listeners, *self._timers}, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            requested.cancel()

    async def _finish(self) -> None:
        playing = {*self._listeners, *self._timers}
        done, running = await asyncio.wait(playing, timeout=self._grace.total_seconds())
        for task in running & set(self._timers):
            task.cancel()
        if running:
            abandoned = sum(
                self._listeners[task].abandon() for task in running & set(self._listeners)
            )
            logger.warning(
                "grace period over: %d messages come back when their leases end", abandoned
            )
        await asyncio.gather(*done, *running - set(self._timers))

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


async def _create_queue(service: QueueServiceClient, function: QueueFunction) -> None:
    try:
        await service.create_queue(function.queue)
    except ResourceExistsError:
        return
    except AzureError as error:
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        raise StartError(
            f"Function '{function.name}': queue {function.queue} of connection "
            f"{function.connection} cannot be used: {reason}"
        ) from error
