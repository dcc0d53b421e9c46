"""A stage for the queue host: a queue on Azurite, and a host that plays one function on it."""

from __future__ import annotations

import asyncio
import inspect
import re
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import azure.functions as func
import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.queue.aio import QueueClient

from local.host import App, HostSettings, QueueHost, Runner

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

PATIENCE_SECONDS = 30


def here(
    app: App,
    settings: HostSettings,
    environment: dict[str, str],
    grace: timedelta = timedelta(seconds=PATIENCE_SECONDS),
) -> QueueHost:
    """Return a host that runs functions in this process, as its worker does in one of its own."""
    return QueueHost(app.triggers, settings, environment, Runner(app), grace)


@dataclass(frozen=True)
class Stage:
    """A queue, its poison queue, and the means to play on it."""

    connection_string: str
    queue: QueueClient
    poison: QueueClient

    def host(
        self, call: Callable[..., Any], grace: float = PATIENCE_SECONDS, **settings: object
    ) -> QueueHost:
        """Return a host, not yet started, that plays a function of one parameter."""
        app = func.FunctionApp()
        (parameter,) = inspect.signature(call).parameters
        app.queue_trigger(parameter, self.queue.queue_name, "STORAGE")(call)
        quick: dict[str, Any] = {
            "max_polling_interval": timedelta(milliseconds=100),
            "message_encoding": "none",
            **settings,
        }
        return here(
            App.read(app.get_functions(), {}),
            HostSettings(**quick),
            {"STORAGE": self.connection_string},
            timedelta(seconds=grace),
        )

    async def send(self, *texts: str) -> None:
        """Put texts into the queue as they are."""
        for text in texts:
            await self.queue.send_message(text)

    async def left(self) -> int:
        """Return how many messages the queue holds, hidden ones too."""
        return (await self.queue.get_queue_properties()).approximate_message_count or 0

    async def poisoned(self) -> list[str]:
        """Return the texts in the poison queue."""
        try:
            return [message.content for message in await self.poison.peek_messages(32)]
        except ResourceNotFoundError:
            return []


@pytest.fixture
async def stage(azurite: str, queue_names: Iterator[str]) -> AsyncIterator[Stage]:
    """Return a stage of its own for each test."""
    name = next(queue_names)
    async with AsyncExitStack() as stack:
        queue, poison = [
            await stack.enter_async_context(QueueClient.from_connection_string(azurite, each))
            for each in (name, f"{name}-poison")
        ]
        await queue.create_queue()
        yield Stage(azurite, queue, poison)


class Patience:
    """Waits that end in a failure instead of never."""

    @staticmethod
    async def until(host: QueueHost, **least: int) -> None:
        """Wait until a host has counted so many endings."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            await host.tally.until(**least)

    @staticmethod
    async def line(stream: asyncio.StreamReader, pattern: str) -> str:
        """Read a program's output up to a line that matches."""
        seen = ""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while line := (await stream.readline()).decode():
                seen += line
                if re.search(pattern, line):
                    return line
        raise AssertionError(f"no {pattern!r} in:\n{seen}")


@pytest.fixture
def patience() -> type[Patience]:
    """Return the waits."""
    return Patience
