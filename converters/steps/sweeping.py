"""The sweep: what every try failed on gets its outcome, and its bytes are kept for replay.

Our own code answers for every failure that it sees, so only what kills the worker, or never reaches
it, ends in the poison queue. It is read here from a timer: a trigger on a poison queue would skip
messages. A message is deleted there last, so that a sweep that dies is done again by the next.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from converters.model.errors import RequestInvalid
from converters.model.event import Notice
from converters.steps import concluding_unjudged, screening
from converters.steps.logging import log_notice, log_swept
from converters.storage import records
from converters.storage.queues import QueueReader
from converters.wire.outcomes import cloud_event
from converters.wire.properties import content_digest
from converters.wire.requests import parse

if TYPE_CHECKING:
    from converters.model.outcome import Outcome
    from converters.model.request import ConversionRequest
    from converters.settings.settings import Settings
    from converters.steps.subscribing import Subscriber
    from converters.storage.clock import ServiceClock
    from converters.storage.ledger import Ledger
    from converters.storage.queues import Queue, Received
    from converters.storage.results import Results


@dataclass(frozen=True, slots=True)
class Sweeper:
    """Empties the poison queue; one per worker."""

    poison: QueueReader
    requests: QueueReader
    results: Results
    dead_letters: Queue
    ledger: Ledger
    settings: Settings
    clock: ServiceClock
    subscriber: Subscriber | None = None

    async def sweep(self) -> None:
        """Move every message that waits in the poison queue, and note what waits where.

        Raises:
            LedgerUnavailable, QueueUnavailable: the rest stays for the next sweep.
        """
        ends, swept = time.monotonic() + self.settings.invocation_seconds / 2, 0
        while time.monotonic() < ends:
            # As long as a sweep may take: whatever is not deleted by then shows again.
            messages = await self.poison.take(self.settings.invocation_seconds)
            if not messages:
                break
            # As long as nothing can be told, every sweep would keep another copy of the same.
            await self.results.check()
            for message in messages:
                await self._move(message)
            swept += len(messages)
        now = self.clock.utc()
        waiting, oldest = await self.requests.backlog(now)
        dead, _ = await QueueReader(self.dead_letters).backlog(now)
        log_swept(waiting, oldest, swept, dead)

    async def _move(self, message: Received) -> None:
        outcome = await self._outcome(message)
        # Kept first: an outcome without its message could not be acted upon.
        await self.dead_letters.send_text(message.text)
        if outcome:
            await self.results.of(outcome.request_id).send(cloud_event(outcome))
        await self.poison.delete(message)

    async def _outcome(self, message: Received) -> Outcome | None:
        """Return the outcome of a message; ``None`` for an event that nobody is told of."""
        body = message.text.encode()
        try:
            found = parse(body, message.id)
        except RequestInvalid as invalid:
            rejected = concluding_unjudged.rejected(invalid)
            return rejected if screening.is_told(invalid, rejected, self.settings) else None
        outcome = screening.nothing_to_do(found, self.settings)
        if outcome is None:
            if isinstance(found, Notice):
                log_notice(found, handled=self.subscriber is not None)
                if self.subscriber:
                    await self.subscriber.note(found)
                return None
            outcome = await self._of_request(found, body)
        return outcome if screening.is_told(found, outcome, self.settings) else None

    async def _of_request(self, request: ConversionRequest, body: bytes) -> Outcome:
        entry = await self.ledger.find(request, content_digest(request))
        if entry and entry.without_source:
            request = replace(request, source=None)
        if entry and entry.record:
            # It did end, and only the acknowledgement was never made.
            return records.replayed(request, entry.record, self.settings.redirect_url)
        return concluding_unjudged.tries_ran_out(request, hashlib.sha256(body).hexdigest())
