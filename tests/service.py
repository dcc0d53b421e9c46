"""The service on real parts, in this process: Azurite's queues, the emulator's Graph over HTTP."""

from __future__ import annotations

import json
import uuid
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from azure.core.utils import parse_connection_string
from azure.data.tables.aio import TableClient
from azure.storage.queue import ResourceTypes, generate_account_sas
from azure.storage.queue.aio import QueueServiceClient

from converters.composition import composed, mail_writer
from converters.graph.gathering import Gatherer
from converters.settings.settings import Settings
from converters.steps.resending import Resender
from converters.steps.settling import Settler
from converters.steps.subscribing import Subscriber
from converters.wire.checks import read_check
from local.graph import GraphEmulator
from tests.directory import tenant

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from azure.storage.queue.aio import QueueClient

    from converters.conversion import Converter
    from converters.storage.follow_ups import OpenFollowUp


@dataclass(frozen=True, slots=True)
class Service:
    """One converter with everything around it.

    Attributes:
        requests, results, quota, poison, dead_letters, checks: its queues, to look into.
        ledger: its table, likewise.
        graph: the emulator, to look into and to disturb.
        keys: the settings' keys that it runs with.
    """

    converter: Converter
    graph: GraphEmulator
    ledger: TableClient
    keys: dict[str, str]
    requests: QueueClient
    results: QueueClient
    quota: QueueClient
    poison: QueueClient
    dead_letters: QueueClient
    checks: QueueClient

    async def outcome(self, message: object, message_id: str = "message-1") -> dict[str, Any]:
        """Handle a message and return the data of the one outcome it leads to."""
        return (await self.event(message, message_id))["data"]  # type: ignore[no-any-return]

    async def event(self, message: object, message_id: str = "message-1") -> dict[str, Any]:
        """Handle a message and return the one CloudEvent it leads to."""
        await self.handle(message, message_id)
        (event,) = await self.events()
        return event

    async def events_of(self, message: object) -> list[dict[str, Any]]:
        """Handle a message and return the CloudEvents that it leads to, if any."""
        await self.handle(message)
        return await self.events()

    async def handle(self, message: object, message_id: str = "message-1") -> None:
        """Handle a message: bytes as they are, anything else as JSON."""
        body = message if isinstance(message, bytes) else json.dumps(message).encode()
        await self.converter.handle(body, message_id)

    async def events(self) -> list[dict[str, Any]]:
        """Take the CloudEvents that wait in the results queue."""
        return [json.loads(text) for text in await taken(self.results)]

    async def waiting(self) -> bytes:
        """Take the message that waits in the requests queue; ``at_once`` has brought its time."""
        (text,) = await taken(self.requests)
        return text.encode()

    async def rows(self) -> list[dict[str, Any]]:
        """Return every row of the ledger."""
        return [dict(row) async for row in self.ledger.list_entities()]

    async def age_claim(self, seconds: int, kind: str = "user") -> None:
        """Let the only claim in the ledger be as old as if it had been made so long before."""
        (claim,) = [row for row in await self.rows() if row["RowKey"] == kind]
        claim["Since"] -= timedelta(seconds=seconds)
        await self.ledger.update_entity(claim)

    async def follow_up(self) -> list[dict[str, Any]]:
        """Take every message of the follow-up that shows; return the CloudEvents it led to."""
        for text in await taken(self.checks):
            await self.converter.follower.handle(text.encode())
        return await self.events()

    async def follow_up_after(self, seconds: float) -> list[dict[str, Any]]:
        """Let so much time pass, then take every message of the follow-up."""
        await self.age_follow_up(seconds)
        return await self.follow_up()

    async def open_follow_up(self) -> dict[str, Any]:
        """Return the row of the one follow-up that is open."""
        (row,) = [row for row in await self.rows() if row["PartitionKey"] == "followUps"]
        return row

    async def stale_follow_up(self) -> tuple[bytes, OpenFollowUp]:
        """Take the one message; return it, and its row as it was before somebody changed it."""
        (text,) = await taken(self.checks)
        check = read_check(text.encode())
        assert check
        row = await self.converter.follower.rows.recall(check.follow_up, check.look, 0.0)
        assert row
        await self.age_follow_up(3600)
        return text.encode(), row

    async def age_follow_up(self, seconds: float) -> None:
        """Let the open follow-ups be as old as if they had begun so long before."""
        for row in await self.rows():
            if row["PartitionKey"] == "followUps":
                earlier = timedelta(seconds=seconds)
                row["Invited"], row["Due"] = row["Invited"] - earlier, row["Due"] - earlier
                await self.ledger.update_entity(row)

    def with_settings(self, **keys: str) -> Service:
        """Return the same service with some settings changed, as after a new deployment."""
        settings = Settings.from_mapping(self.keys | keys)
        parts = {
            name: replace(getattr(self.converter, name), settings=settings)
            for name in ("inviter", "screener", "sweeper", "follower", "caretaker")
        }
        gatherer = Gatherer(self.converter.graph, settings)
        mailer = self.converter.inviter.mailer
        if mailer:
            mailer = replace(mailer, settings=settings) if settings.mail else None
            parts["inviter"] = replace(parts["inviter"], mailer=mailer)
        reminders = replace(
            self.converter.follower.reminders,
            gatherer=gatherer,
            inviter=parts["inviter"],
            settings=settings,
        )
        completer = replace(self.converter.follower.completer, settings=settings)
        parts["follower"] = replace(parts["follower"], reminders=reminders, completer=completer)
        made = self.converter
        reporter = replace(made.reporter, settings=settings, follower=parts["follower"])
        parts["settler"] = Settler(parts["inviter"])
        parts["resender"] = Resender(parts["inviter"], parts["settler"])
        subscriber = Subscriber.of(
            made.graph, made.ledger.standings, made.reporter.requests, made.clock, settings
        )
        converter = replace(
            made,
            settings=settings,
            gatherer=gatherer,
            subscriber=subscriber,
            reporter=reporter,
            **parts,
        )
        return replace(self, converter=converter)

    def invited(self) -> list[dict[str, Any]]:
        """Return the bodies of the invitation POSTs that Graph has seen."""
        return [
            json.loads(record.raw)
            for record in self.graph.requests
            if record.path.endswith("/invitations")
        ]


async def taken(queue: QueueClient) -> list[str]:
    """Take all the messages that show in a queue."""
    texts = []
    async for message in queue.receive_messages(messages_per_page=32):
        texts.append(message.content)
        await queue.delete_message(message)
    return texts


def may_make_nothing(azurite: str) -> str:
    """Return a connection that may use queues and tables, and make none.

    So whatever a test takes away stays away; who may make it is what another test is about.
    """
    parts = parse_connection_string(azurite)
    signature = generate_account_sas(
        parts["accountname"],
        parts["accountkey"],
        ResourceTypes(container=True, object=True),
        "raupd",
        datetime.now(UTC) + timedelta(hours=1),
        services="qt",
    )
    endpoints = [f"{it}Endpoint={parts[f'{it.lower()}endpoint']}" for it in ("Queue", "Table")]
    return ";".join([*endpoints, f"SharedAccessSignature={signature}"])


@asynccontextmanager
async def service(
    azurite: str,
    queue_names: Iterator[str],
    of_tenant: dict[str, Any] | None = None,
    /,
    **keys: str,
) -> AsyncIterator[Service]:
    """Start the service with settings ``keys`` over those that allow partner.example."""
    requests, results, quota, dead_letters, checks = (next(queue_names) for _ in range(5))
    names = (requests, results, quota, f"{requests}-poison", dead_letters, checks)
    table = f"t{uuid.uuid4().hex}"
    async with (
        GraphEmulator(of_tenant or tenant()) as graph,
        QueueServiceClient.from_connection_string(azurite) as storage,
        TableClient.from_connection_string(azurite, table) as ledger,
    ):
        queues = [await storage.create_queue(name) for name in names]
        await ledger.create_table()
        given = {
            "CONVERSION_STORAGE": may_make_nothing(azurite),
            "REQUESTS_QUEUE": requests,
            "RESULTS_QUEUE": results,
            "QUOTA_QUEUE": quota,
            "DEAD_LETTERS_QUEUE": dead_letters,
            "REDEMPTION_CHECKS_QUEUE": checks,
            "LEDGER_TABLE": table,
            # Nothing is waited for that no test is about.
            "SETTLE_SECONDS": "0",
            "EVENT_QUIET_SECONDS": "0",
            "GRAPH_BASE_URL": graph.url,
            "ALLOWED_EMAIL_DOMAINS": "partner.example",
            **keys,
        }
        settings = Settings.from_mapping(given)
        converter = composed(settings, None, mail_writer(settings))
        try:
            yield Service(converter, graph, ledger, given, *queues)
        finally:
            await converter.close()
