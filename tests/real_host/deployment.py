"""The opened package, and one deployment of it: settings, storage and Graph of its own."""

from __future__ import annotations

import asyncio
import base64
import json
import uuid
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.queue.aio import QueueServiceClient

from local.graph import GraphEmulator
from local.world import provision
from tests.directory import kim, request, tenant
from tests.real_host.host import Host, until
from tests.service import taken

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from azure.storage.queue.aio import QueueClient

    from tests.real_host.finding import Program

ROLES = ("requests", "results", "quota", "dead_letters")
SECONDS = {
    # What no scenario is about is not waited for.
    "AzureFunctionsJobHost__extensions__queues__visibilityTimeout": "00:00:01",
    "AzureFunctionsJobHost__extensions__queues__maxPollingInterval": "00:00:00.2",
    "SETTLE_SECONDS": "0",
    # The least: for so long nobody can tell whether an unanswered invitation was made.
    "INVOCATION_SECONDS": "5",
    # Far from every run: the tests fire it.
    "SWEEP_SCHEDULE": "0 0 0 29 2 *",
}


@dataclass(frozen=True, slots=True)
class Site:
    """The host, the folder with the opened package, and the environment of its worker."""

    program: Program
    app: Path
    worker: dict[str, str]


@dataclass(frozen=True, slots=True)
class Deployment:
    """The app's settings, storage and Graph; hosts come and go.

    Attributes:
        settings: what every host is started with.
        graph: the emulator, to look into and to disturb.
        events: the outcomes that were taken out of the results queue.
    """

    site: Site
    settings: dict[str, str]
    graph: GraphEmulator
    storage: QueueServiceClient
    events: list[dict[str, Any]] = field(default_factory=list)

    def host(self, **changes: str) -> Host:
        """Return a host, to be entered, with some settings changed."""
        return Host(self.site.program, self.site.app, self.settings | changes)

    def queue(self, role: str) -> QueueClient:
        """Return a queue by its role: one of ``ROLES``, or ``poison``."""
        requests = self.settings["REQUESTS_QUEUE"]
        poison = f"{requests}-poison"
        name = poison if role == "poison" else self.settings[f"{role.upper()}_QUEUE"]
        return self.storage.get_queue_client(name)

    async def put(self, message: object, role: str = "requests") -> str:
        """Enqueue a message, text as it is, anything else as JSON; return the queue's id."""
        text = message if isinstance(message, str) else json.dumps(message)
        return str((await self.queue(role).send_message(text)).id)

    async def count(self, role: str) -> int:
        """Return how many messages a queue has, hidden ones included; none where it is missing."""
        try:
            properties = await self.queue(role).get_queue_properties()
        except ResourceNotFoundError:
            return 0
        return properties.approximate_message_count or 0

    async def outcome(self, request_id: str, seconds: float = 40) -> dict[str, Any]:
        """Return the outcome of a request that is no deferral, once nothing waits any more.

        Raises:
            AssertionError: there is none in time.
            ValueError: there are several, not only copies of one.
        """

        async def ended() -> list[dict[str, Any]]:
            waiting = await self.count("requests")
            # A copy of an outcome has its id.
            told = {event["id"]: event["data"] for event in await self.take(request_id)}
            ends = [data for data in told.values() if data["status"] != "deferred"]
            return [] if waiting else ends

        (data,) = await until(ended, f"outcome of {request_id}", seconds)
        return dict(data)

    async def take(self, request_id: str) -> list[dict[str, Any]]:
        """Take what waits in the results queue; return all that a request has been told so far."""
        self.events.extend(json.loads(text) for text in await taken(self.queue("results")))
        return [event for event in self.events if event["data"]["requestId"] == request_id]

    def newcomer(self, request_id: str) -> dict[str, Any]:
        """Return a request for a user of its own, whom the directory has from now on."""
        user_id = str(uuid.uuid4())
        address, name = f"{user_id}@partner.example", f"{user_id}@contoso.example"
        user = kim(id=user_id, userPrincipalName=name, otherMails=[address])
        self.graph.tenant.add_user(user)
        return request(
            requestId=request_id, invitedUser={"id": user_id}, invitedUserEmailAddress=address
        )

    def invited(self) -> int:
        """Return how many invitations were asked of Graph."""
        return sum(record.path.endswith("/invitations") for record in self.graph.requests)


def base64_of(message: object) -> str:
    """Return a message as clients write it that encode."""
    return base64.b64encode(json.dumps(message).encode()).decode()


@asynccontextmanager
async def deployed(
    site: Site,
    azurite: str,
    changes: Mapping[str, str] | None = None,
    *,
    provisioned: bool = True,
) -> AsyncIterator[Deployment]:
    """Deploy: make what Bicep makes, start Graph, give the settings; no host runs yet.

    Args:
        site: what is deployed.
        azurite: the connection string of its storage.
        changes: settings over those that every test has.
        provisioned: whether queues and table are there from the start.
    """
    name = f"d{uuid.uuid4().hex}"
    async with (
        GraphEmulator(tenant()) as graph,
        QueueServiceClient.from_connection_string(azurite) as storage,
    ):
        settings = {
            "CONVERSION_STORAGE": azurite,
            "AzureWebJobsStorage": azurite,
            **{f"{role.upper()}_QUEUE": f"{name}-{role.replace('_', '-')}" for role in ROLES},
            "LEDGER_TABLE": name,
            "GRAPH_BASE_URL": graph.url,
            "ALLOWED_EMAIL_DOMAINS": "partner.example",
            **SECONDS,
            **site.worker,
            **(changes or {}),
        }
        if provisioned:
            await asyncio.to_thread(provision, settings | {"CONVERSION_STORAGE": azurite})
        yield Deployment(site, settings, graph, storage)
