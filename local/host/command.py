"""The command ``python -m local host``: plays the queue triggers of an app's folder."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import sys
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local.host.channel import Process, spawn
from local.host.errors import StartError
from local.host.host import GRACE, QueueHost
from local.host.logs import log_to_standard_error
from local.host.settings import HostSettings
from local.host.worker import Worker

if TYPE_CHECKING:
    import argparse
    from collections.abc import Awaitable, Callable

logger = logging.getLogger(__name__)
SIGNALS = (signal.SIGINT, signal.SIGTERM)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options to a parser."""
    parser.add_argument(
        "--app",
        type=Path,
        default=Path.cwd(),
        metavar="FOLDER",
        help="where function_app.py and host.json are (default: the current folder)",
    )
    parser.add_argument(
        "--grace",
        type=float,
        default=GRACE.total_seconds(),
        metavar="SECONDS",
        help="how long a stop waits for messages in flight (default: %(default)g)",
    )
    parser.add_argument(
        "--lease",
        type=int,
        default=int(HostSettings().lease.total_seconds()),
        metavar="SECONDS",
        help="how long a message is taken for (the real host's: %(default)g); a shorter one brings"
        " the messages of a killed host back sooner",
    )
    parser.add_argument(
        "--verbose", action="store_true", help="log the traces of failed functions too"
    )


async def serve(
    arguments: argparse.Namespace, spawning: Callable[[], Awaitable[Process]] | None = None
) -> int:
    """Play the app until SIGINT or SIGTERM; return the exit code.

    0 after a stop, also where the host stops by itself, as the real one has it: storage refused, or
    workers died. 1 when the app cannot be played, for the reason on standard error. A second signal
    ends the process at once. SIGUSR1 drains: no more messages are fetched.

    Args:
        arguments: of the command.
        spawning: starts a process of the worker; by default another program.
    """
    log_to_standard_error(verbose=arguments.verbose)
    folder = arguments.app.resolve()
    try:
        settings = HostSettings.read(_host_json(folder), os.environ)
        lease = timedelta(seconds=arguments.lease)
        settings = replace(settings, lease=lease, renewal=lease / 2)
        start = spawning or partial(spawn, folder, verbose=arguments.verbose)
        worker = Worker(start, settings.function_timeout)
        try:
            await _play(worker, settings, timedelta(seconds=arguments.grace))
        finally:
            await worker.close()
    except StartError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


async def _play(worker: Worker, settings: HostSettings, grace: timedelta) -> None:
    triggers = await worker.start()
    async with QueueHost(triggers, settings, os.environ, worker, grace) as host:
        _obey_signals(host)
        giving_up = asyncio.create_task(_stop_with(worker, host))
        played = [f"{trigger.name} on {trigger.queue}" for trigger in triggers.queues]
        played += [f"{trigger.name} at {trigger.schedule}" for trigger in triggers.timers]
        print(f"Host ready: {', '.join(played)}", flush=True)
        await host.run()
        giving_up.cancel()


async def _stop_with(worker: Worker, host: QueueHost) -> None:
    await worker.gave_up.wait()
    host.request_stop()


def _host_json(folder: Path) -> dict[str, Any]:
    path = folder / "host.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise StartError(f"host.json cannot be read: {error}") from error
    except ValueError as error:
        raise StartError(f"host.json is not JSON: {error}") from error
    if not isinstance(content, dict):
        raise StartError("host.json is not a JSON object.")
    return content


def _obey_signals(host: QueueHost) -> None:
    loop = asyncio.get_running_loop()
    draining: list[asyncio.Task[None]] = []

    def stop() -> None:
        # First, so that whoever reads the line below can end the process with a second signal.
        for number in SIGNALS:
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)
        host.request_stop()
        logger.info("stopping: messages in flight have %g s", host.grace.total_seconds())

    async def drain() -> None:
        logger.info("draining: no more messages are fetched")
        await host.drain()
        logger.info("drained")

    for number in SIGNALS:
        loop.add_signal_handler(number, stop)
    loop.add_signal_handler(signal.SIGUSR1, lambda: draining.append(loop.create_task(drain())))
