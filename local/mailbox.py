"""The queues by hand: put a request in, take outcomes out, as HR's own systems would."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from azure.storage.queue import QueueClient

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Both ends of the service."""

    requests: QueueClient
    results: QueueClient

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Mailbox:
        """Open the queues that the service's own settings name."""
        storage = environment["CONVERSION_STORAGE"]
        names = (
            environment.get("REQUESTS_QUEUE", "conversion-requests"),
            environment.get("RESULTS_QUEUE", "conversion-results"),
        )
        return cls(*(QueueClient.from_connection_string(storage, name) for name in names))

    def put(self, message: str) -> str:
        """Enqueue a message as it is; return the queue's id for it."""
        return str(self.requests.send_message(message).id)

    def take(self) -> Iterator[dict[str, Any]]:
        """Take the outcomes that wait, each once."""
        for message in self.results.receive_messages(messages_per_page=32):
            self.results.delete_message(message)
            yield json.loads(message.content)
