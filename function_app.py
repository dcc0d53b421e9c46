"""The triggers, and the composition root.

Returning acknowledges a message; raising leaves it to the host, whose retry policy stands in
``host.json`` alone. Malformed settings stop the start: an app that cannot tell whom it may convert
must not take a message.
"""

from __future__ import annotations

import asyncio
import logging
import os
from functools import cache
from typing import TYPE_CHECKING

import azure.functions as func

from converters.conversion import Converter
from converters.graph import Graph
from converters.queues import Results
from converters.settings import Settings

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

logger = logging.getLogger("b2b_conversion")
settings = Settings.from_mapping(os.environ)
if settings.allowed_email_domains.everything:
    logger.warning("ALLOWED_EMAIL_DOMAINS is *: people of EVERY domain may be invited.")
elif not settings.allowed_email_domains:
    logger.warning("ALLOWED_EMAIL_DOMAINS is empty: nobody can be invited.")

app = func.FunctionApp()


@cache
def converter() -> Converter:
    """Make the clients, once a worker, inside its running loop; credentials keep their tokens."""
    credential = _credential() if settings.graph_needs_credential else None
    storage_credential = None if settings.storage.connection_string else credential or _credential()
    return Converter(
        Graph(settings.graph_base_url, credential, settings.facts_seconds),
        Results(settings.storage, settings.results_queue, storage_credential),
        settings,
    )


def _credential() -> AsyncTokenCredential:
    # Imported only where there is a token to get: it costs a third of a second.
    from azure.identity.aio import DefaultAzureCredential  # noqa: PLC0415

    return DefaultAzureCredential()


@app.function_name("convert")
@app.queue_trigger(
    arg_name="message", queue_name=settings.requests_queue, connection="CONVERSION_STORAGE"
)
async def convert(message: func.QueueMessage) -> None:
    """Convert one internal user to B2B collaboration, and send the outcome to the results queue."""
    async with asyncio.timeout(settings.invocation_seconds):
        await converter().handle(message.get_body(), message.id)
