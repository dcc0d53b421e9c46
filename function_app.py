"""The triggers.

Returning acknowledges a message; raising leaves it to the host, whose retry policy stands in
``host.json`` alone. Malformed settings stop the start: an app that cannot tell whom it may convert
must not take a message.
"""

from __future__ import annotations

import logging
import os
from functools import cache
from typing import TYPE_CHECKING

import azure.functions as func

from converters.composition import composed, mail_writer
from converters.model.errors import SettingsInvalid
from converters.settings.identity import credential
from converters.settings.settings import Settings
from converters.settings.telling import told, warnings

if TYPE_CHECKING:
    from converters.conversion import Converter

# One line a request of our own says more than the clients' several.
for name in ("azure", "httpx"):
    logging.getLogger(name).setLevel(logging.WARNING)

try:
    settings = Settings.from_mapping(os.environ)
    # Here, so that a template that is wrong stops the start, too.
    writer = mail_writer(settings)
except SettingsInvalid as invalid:
    print(told(invalid.problems), flush=True)  # noqa: T201 - the host hears it
    raise
if doubtful := warnings(settings):
    print(told((), doubtful), flush=True)  # noqa: T201 - likewise

app = func.FunctionApp()


@cache
def converter() -> Converter:
    """Make the clients, once a worker, inside its running loop; credentials keep their tokens."""
    return composed(settings, credential(settings), writer)


@app.function_name("convert")
@app.queue_trigger(
    arg_name="message", queue_name=settings.requests_queue, connection="CONVERSION_STORAGE"
)
async def convert(message: func.QueueMessage) -> None:
    """Convert one internal user to B2B collaboration, and send the outcome to the results queue."""
    await converter().handle(message.get_body(), message.id, message.dequeue_count)


@app.function_name("follow_up")
@app.queue_trigger(
    arg_name="message", queue_name=settings.follow_up.queue, connection="CONVERSION_STORAGE"
)
async def follow_up(message: func.QueueMessage) -> None:
    """Look whether a person has redeemed the invitation, and tell how it ended."""
    await converter().follower.handle(message.get_body())


@app.function_name("sweep")
@app.timer_trigger(arg_name="timer", schedule=settings.sweep_schedule)
async def sweep(timer: func.TimerRequest) -> None:  # noqa: ARG001 - the trigger names it
    """Give every message in the poison queue its outcome; take care of the ledger."""
    await converter().sweeper.sweep()
    await converter().caretaker.sweep()


if settings.events.topic:

    @app.function_name("subscribe")
    @app.timer_trigger(arg_name="timer", schedule=settings.events.schedule)
    async def subscribe(timer: func.TimerRequest) -> None:  # noqa: ARG001 - the trigger names it
        """Keep the subscription to the directory's events alive, and ask for what they missed."""
        if subscriber := converter().subscriber:
            await subscriber.run()
