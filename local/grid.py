"""Event Grid between Graph and a queue: at least once, in no order, as base64.

"Message delivery and retry": an event may come twice, and a later one before an earlier one.
"""

from __future__ import annotations

import base64
import json
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from azure.storage.queue.aio import QueueClient

    from local.graph.schema import Json
    from local.graph.tenant import Tenant


@dataclass(slots=True)
class Grid:
    """An event subscription of a partner topic's, which delivers to a Storage queue.

    Attributes:
        queue: where to.
        repeats: how likely it delivers an event twice.
        chance: decides that, and the order.
    """

    queue: QueueClient
    repeats: float = 0.3
    chance: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311 - order
    _waiting: list[Json] = field(default_factory=list)

    def connect(self, tenant: Tenant) -> None:
        """Take the events that Graph makes for a tenant from now on."""
        tenant.subscriptions.listeners.append(self._waiting.append)

    async def deliver(self) -> int:
        """Deliver what waits; return how many messages that made."""
        events = [
            event
            for event in self._waiting
            for _ in range(2 if self.chance.random() < self.repeats else 1)
        ]
        self._waiting.clear()
        self.chance.shuffle(events)
        for event in events:
            text = base64.b64encode(json.dumps(event).encode()).decode()
            await self.queue.send_message(text)
        return len(events)
