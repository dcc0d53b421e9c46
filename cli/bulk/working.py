"""What is done with rows: asked of the ledger, checked, enqueued, followed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cli.bulk import results
from cli.bulk.plan import has_ended
from cli.bulk.progress import progress
from cli.bulk.sheet import ENQUEUED, UNKNOWN
from cli.outcomes import IN_PROGRESS, of_story
from cli.readings import OVERLAP
from converters.model.request import Mode
from converters.storage.courier import Courier
from converters.storage.ledger import ledger_key
from converters.storage.queues import Queue

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable
    from pathlib import Path

    from azure.core.credentials_async import AsyncTokenCredential

    from cli.bulk.sheet import Item, Sheet
    from cli.engine import Engine
    from cli.outcomes import Data
    from cli.printing import Console
    from cli.readings import Readings
    from converters.settings.settings import Settings

# How many rows are written down as perhaps sent before they are.
_CHUNK = 1000
_SENDERS, _CHECKERS = 24, 8
_EVERY_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Work:
    """One file's work.

    Attributes:
        sheet: the rows.
        path: of the results file.
        console: where progress is shown.
    """

    sheet: Sheet
    path: Path
    console: Console

    def save(self) -> None:
        """Write the results file."""
        results.write(self.path, self.sheet)

    async def learn(self, readings: Readings) -> None:
        """Ask the ledger which rows it knows, and how they ended."""
        by_key = {ledger_key(item.request_id): item for item in self.sheet.items}
        async for story in readings.history.all():
            if item := by_key.get(story.key):
                item.known = True
                _tell(item, of_story(story, item.request_id))

    async def check(self, items: list[Item], engine: Engine) -> None:
        """Ask the engine how each would end."""

        async def one(item: Item) -> None:
            results.put(item, await engine.check(self.sheet.request(item), patient=True))
            advance(1)

        with progress(self.console, "Checking", len(items)) as advance:
            await each(items, _CHECKERS, one)

    async def send(
        self, items: list[Item], settings: Settings, held: AsyncTokenCredential | None
    ) -> None:
        """Enqueue rows; each is written down as perhaps sent before it is."""
        queue = Queue(settings.storage, settings.requests_queue, held)
        courier = Courier(queue)

        async def one(item: Item) -> None:
            await courier.send(self.sheet.message(item))
            results.clear(item, ENQUEUED)
            advance(1)

        try:
            with progress(self.console, "Enqueuing", len(items)) as advance:
                for chunk in _chunks(items):
                    for item in chunk:
                        results.clear(item, UNKNOWN)
                    self.save()
                    await each(chunk, _SENDERS, one)
        finally:
            await courier.close()
            await queue.close()

    async def follow(self, readings: Readings) -> None:
        """Fill in outcomes as they become readable, until there is one for every row sent."""
        waiting = {
            ledger_key(item.request_id): item
            for item in self.sheet.items
            if self._is_followed(item)
        }
        begin = None
        with progress(self.console, "Outcomes", len(waiting)) as advance:
            while waiting:
                now = readings.history.clock.utc()
                ended = 0
                async for story in readings.history.all(begin):
                    item = waiting.get(story.key)
                    if item and story.record:
                        _tell(waiting.pop(story.key), of_story(story, item.request_id))
                        ended += 1
                advance(ended)
                if ended:
                    self.save()
                if waiting:
                    # By the service's clock; the first look is at all there is.
                    begin = now - OVERLAP
                    await asyncio.sleep(_EVERY_SECONDS)

    def _is_followed(self, item: Item) -> bool:
        if has_ended(item) or not item.status:
            return False
        # A check leaves nothing in the ledger.
        return self.sheet.request(item).mode is Mode.CONVERT


async def each(items: Iterable[Item], width: int, work: Callable[[Item], Awaitable[None]]) -> None:
    """Do something with every item, so many at once; the first error ends it all."""
    source = iter(items)

    async def worker() -> None:
        for item in source:
            await work(item)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(width):
                group.create_task(worker())
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None


def _chunks(items: list[Item]) -> Iterable[list[Item]]:
    return (items[start : start + _CHUNK] for start in range(0, len(items), _CHUNK))


def _tell(item: Item, data: Data) -> None:
    if data["status"] == IN_PROGRESS:
        results.clear(item, ENQUEUED)
    else:
        results.put(item, data)
