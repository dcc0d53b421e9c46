"""Reads how requests stand without taking anything: the ledger, and queues only peeked at.

A message of the results queue belongs to the ticket system. What only stands there (checks, and
messages that are no requests) is seen as long as it is among the first 32 that show.
"""

from __future__ import annotations

import json
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self

from cli.outcomes import ended, invited, of_event, of_follow_up, of_story
from converters.model.errors import RequestInvalid
from converters.model.outcome import Status
from converters.settings.storage_account import CALL_SECONDS
from converters.storage.history import History
from converters.storage.ledger import ledger_key
from converters.storage.queues import Queue, QueueReader
from converters.wire.requests import parse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime
    from types import TracebackType

    from azure.core.credentials_async import AsyncTokenCredential

    from cli.outcomes import Data
    from converters.settings.settings import Settings
    from converters.storage.history import Story

# A row is dated before it is written, and writing it may take as long as one call may.
OVERLAP = timedelta(seconds=CALL_SECONDS + 10)


class Readings:
    """Everything that can be read; ``async with``, inside the running loop."""

    def __init__(self, settings: Settings, held: AsyncTokenCredential | None) -> None:
        self._settings, self._held, self._stack = settings, held, AsyncExitStack()
        self.history = History(settings.storage, settings.ledger_table, held)
        self._results = self._reader(settings.results_queue)
        self._stack.push_async_callback(self.history.close)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    async def outcome(self, request_id: str) -> Data | None:
        """Return how a request stands; ``None`` where nothing is known of it."""
        story = await self.history.of(ledger_key(request_id))
        if story and story.record:
            return await self._followed(story, of_story(story, request_id))
        for event in await self.peeked():
            if event["requestId"] == request_id:
                return event
        if story:
            return of_story(story, request_id)
        return await self._waiting(request_id)

    async def ended_since(self, since: datetime) -> AsyncIterator[Data]:
        """Read the outcomes that the ledger has got since then, the ends of follow-ups too."""
        async for story in self.history.all(since):
            yield of_story(story, story.request_id or unnamed(story.key))
        async for follow_up in self.history.follow_ups_ended(since):
            yield ended(follow_up)

    async def of_user(self, user_id: str) -> list[Data]:
        """Read every outcome about a user, the oldest first, each with its follow-up.

        A request whose row is gone is told as its follow-up tells it.
        """
        of_user = await self.history.of_user(user_id)
        found: dict[str, Data] = {}
        turn = of_user.turn
        async for story in self.history.all():
            mine = turn is not None and story.key == turn.key
            name = story.request_id or (turn.request_id if turn and mine else unnamed(story.key))
            told = of_story(story, name)
            if mine or told.get("user", {}).get("id", "").lower() == user_id.lower():
                found[story.key] = told
        for follow_up in of_user.follow_ups:
            outcome = found.setdefault(follow_up.key, invited(follow_up))
            outcome["followUp"] = of_follow_up(follow_up)
        return sorted(found.values(), key=lambda one: one["time"])

    async def _followed(self, story: Story, told: Data) -> Data:
        """Add how the invitation of a request is followed up; a resend's goes on as it was."""
        if told["status"] != Status.INVITED or "user" not in told:
            return told
        about = (await self.history.of_user(told["user"]["id"])).follow_ups
        own = [one for one in about if one.key == story.key]
        begun, until = story.begun, story.ended or story.begun
        taken_on = [one for one in about if begun <= one.invited <= until]
        for one in (own or taken_on)[-1:]:
            told["followUp"] = of_follow_up(one)
        return told

    async def peeked(self) -> list[Data]:
        """Read the outcomes among the first 32 messages of the results queue."""
        found = [event_in(message.text) for message in await self._results.peek()]
        return [of_event(event) for event in found if event]

    async def _waiting(self, request_id: str) -> Data | None:
        """Look for a request among the first 32 of each queue that it may wait in."""
        names = {
            self._settings.requests_queue: "waiting",
            self._settings.poison_queue: "waiting for the sweep",
            self._settings.dead_letters_queue: "deadLetter",
        }
        for name, status in names.items():
            reader = self._reader(name)
            if any(id_in(each.text, each.id) == request_id for each in await reader.peek()):
                return {"requestId": request_id, "status": status, "seenIn": name}
        return None

    def _reader(self, name: str) -> QueueReader:
        queue = Queue(self._settings.storage, name, self._held)
        self._stack.push_async_callback(queue.close)
        return QueueReader(queue)


def unnamed(key: str) -> str:
    """Name a request whose row does not."""
    return f"(key {key})"


def id_in(text: str, message_id: str) -> str:
    """Return the id of the request in a message; the message's where it is none."""
    try:
        return parse(text.encode(), message_id).request_id
    except RequestInvalid as invalid:
        return invalid.request_id


def event_in(text: str) -> dict[str, Any] | None:
    """Read an outcome's event; ``None`` where the message is none."""
    try:
        event = json.loads(text)
        known = isinstance(event["data"]["requestId"], str) and event["data"]["status"]
    except (ValueError, KeyError, TypeError):
        return None
    return event if known else None
