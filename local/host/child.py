"""The worker's process: imports the app, says what functions it has, and runs them to its end.

A line of JSON each way: the host says which function is to run with what, and hears how it ended.
What is no ``Exception`` is never answered, or ends the process, as in the real worker.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import socket
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local.host.app import App
from local.host.channel import LIMIT
from local.host.errors import InvocationError, StartError
from local.host.logs import log_to_standard_error
from local.host.runner import Runner

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


def run(folder: Path, descriptor: int, *, verbose: bool) -> None:
    """Serve the host at the other end of a socket, and end the process with it."""
    # Ctrl+C at a terminal is for the host.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    log_to_standard_error(verbose=verbose)
    asyncio.run(_serve(folder, socket.socket(fileno=descriptor)))
    # Without a host there is nobody to work for; nothing of the app is to have a last word.
    os._exit(0)


async def _serve(folder: Path, channel: socket.socket) -> None:
    reader, writer = await asyncio.open_connection(sock=channel, limit=LIMIT)
    say = partial(_say, writer)
    try:
        app = App.load(folder, os.environ)
    except StartError as error:
        await say({"error": str(error)})
        return
    await say(app.triggers.described())
    # The functions' own clients end with the process, as in the real worker; nobody closes them.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    runner, running = Runner(app), set[asyncio.Task[None]]()
    while line := await reader.readline():
        task = asyncio.create_task(_answer(runner, json.loads(line), say))
        running.add(task)
        task.add_done_callback(running.discard)


async def _answer(
    runner: Runner, call: dict[str, Any], say: Callable[[dict[str, Any]], Awaitable[None]]
) -> None:
    try:
        await runner.invoke(call["function"], call["message"])
    except InvocationError as error:
        await say({"number": call["number"], "failed": str(error), "trace": error.trace})
    else:
        await say({"number": call["number"]})


async def _say(writer: asyncio.StreamWriter, what: dict[str, Any]) -> None:
    writer.write(json.dumps(what).encode() + b"\n")
    await writer.drain()


if __name__ == "__main__":
    run(Path(sys.argv[1]), int(sys.argv[2]), verbose="--verbose" in sys.argv[3:])
