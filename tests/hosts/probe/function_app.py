"""An app that does what its messages say, and writes down what it lives to see.

A message is a name and a word for each try: ``a fail return``; the last word holds from then on.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from pathlib import Path

import azure.functions as func

app = func.FunctionApp()


def note(name: str, count: int | None, what: str) -> None:
    """Add a line to the trace."""
    with Path(os.environ["TRACE"]).open("a") as trace:
        trace.write(json.dumps({"name": name, "count": count, "what": what, "at": time.time()}))
        trace.write("\n")


async def do(word: str) -> None:
    """Do what a word says: ``sleep:3`` has a number of seconds."""
    what, _, number = word.partition(":")
    seconds = float(number or 0)
    match what:
        case "return":
            return
        case "fail":
            await asyncio.sleep(seconds)
            raise ValueError(word)
        case "cancel":
            raise asyncio.CancelledError
        case "quit":
            raise SystemExit(3)
        case "die":
            os._exit(3)
        case "sleep":
            await asyncio.sleep(seconds)
        case "block":
            time.sleep(seconds)  # noqa: ASYNC251 - what no function should do
        case "hang":
            await asyncio.Event().wait()
        case _:
            raise NotImplementedError(word)


@app.function_name("probe")
@app.queue_trigger(arg_name="message", queue_name="%PROBED%", connection="PROBED_STORAGE")
async def probe(message: func.QueueMessage) -> None:
    """Do what the message says for this try."""
    name, *words = message.get_body().decode().split()
    count = message.dequeue_count
    note(name, count, "began")
    try:
        await do(words[min(count or 1, len(words)) - 1])
    except BaseException as error:
        note(name, count, type(error).__name__)
        raise
    note(name, count, "returned")
