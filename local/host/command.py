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
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local.host.app import App
from local.host.errors import StartError
from local.host.host import GRACE, QueueHost
from local.host.settings import HostSettings

if TYPE_CHECKING:
    import argparse

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


async def serve(arguments: argparse.Namespace) -> int:
    """Play the app until SIGINT or SIGTERM; return the exit code.

    0 after a clean stop, 1 when the app cannot be played, for the reason on standard error. A
    second signal ends the process at once.
    """
    _log_to_standard_error(verbose=arguments.verbose)
    folder = arguments.app.resolve()
    try:
        settings = HostSettings.read(_host_json(folder), os.environ)
        lease = timedelta(seconds=arguments.lease)
        settings = replace(settings, lease=lease, renewal=lease / 2)
        app = App.load(folder, os.environ)
        grace = timedelta(seconds=arguments.grace)
        async with QueueHost(app, settings, os.environ, grace) as host:
            _stop_on_signals(host)
            played = [f"{function.name} on {function.queue}" for function in app.functions]
            played += [f"{timer.name} at {timer.schedule}" for timer in app.timers]
            print(f"Host ready: {', '.join(played)}", flush=True)
            await host.run()
    except StartError as error:
        print(error, file=sys.stderr)
        return 1
    # The functions' own clients end with the process, as in the real worker; nobody closes them.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    return 0


def _log_to_standard_error(*, verbose: bool) -> None:
    level = logging.DEBUG if verbose else logging.INFO
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(message)s")
    # The SDKs would log every request.
    logging.getLogger("azure").setLevel(logging.WARNING)
    logging.getLogger("asyncio").setLevel(logging.WARNING)
    # The library warns every app without HTTP functions that it has none.
    logging.getLogger().addFilter(
        lambda record: not record.getMessage().startswith("Auth level is not applied")
    )


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


def _stop_on_signals(host: QueueHost) -> None:
    loop = asyncio.get_running_loop()

    def stop() -> None:
        # First, so that whoever reads the line below can end the process with a second signal.
        for number in SIGNALS:
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)
        host.request_stop()
        logger.info("stopping: no more messages are fetched")

    for number in SIGNALS:
        loop.add_signal_handler(number, stop)
