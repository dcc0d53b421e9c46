"""The connectors beside the service: their workflows as the full deployment makes them."""

from __future__ import annotations

import re
import uuid
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp import web
from azure.core.utils import parse_connection_string
from azure.data.tables.aio import TableClient
from azure.storage.queue import ResourceTypes, generate_account_sas
from azure.storage.queue.aio import QueueClient

from tests.connectors.runs import Run
from tests.infra.grants import ROLES, held
from tests.infra.snapshots import kept
from tests.service import Service, service

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

DEPLOYMENT = "full"
_URI = re.compile(
    r"\[format\('\{0\}\{1\}', reference\(.*\)\.primaryEndpoints\.(\w+), '([\w-]+)'\)\]"
)
# What of a SAS is what a role gives, on one queue or table.
_MAY = {
    ROLES["Storage Queue Data Message Sender"]: "a",
    ROLES["Storage Queue Data Message Processor"]: "rp",
    ROLES["Storage Table Data Contributor"]: "raud",
}


@dataclass(slots=True)
class Listener:
    """Graph's or a caller's side: what it was sent, and what it answers."""

    url: str = ""
    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, Any]] = field(default_factory=list)

    async def take(self, asking: web.Request) -> web.Response:
        """Answer one request."""
        self.asked.append((f"{asking.method} {asking.path_qs}", await asking.json()))
        return web.Response(status=self.status, headers=self.headers)


@dataclass(frozen=True, slots=True)
class Connected:
    """One connector with everything around it.

    Attributes:
        kind: ``lifecycle`` or ``http``.
        service: the service, whose outcomes are routed to it.
        outcomes: its queue.
        callbacks: its table.
        listener: Graph's or the caller's side.
    """

    kind: str
    service: Service
    outcomes: QueueClient
    callbacks: TableClient
    listener: Listener
    session: aiohttp.ClientSession
    storage: str

    def run(self, what: str, **changes: Any) -> Run:  # noqa: ANN401 - a parameter's value
        """Return a run to be triggered: of ``requests``, or of ``results``."""
        (workflow,) = [
            it
            for it in kept(DEPLOYMENT)
            if it.kind == "Microsoft.Logic/workflows" and it.name.endswith(f"-{self.kind}-{what}")
        ]
        given = {name: each["value"] for name, each in workflow.at("properties.parameters").items()}
        places = {name: self._place(value) for name, value in given.items()}
        values = given | {name: place for name, place in places.items() if place} | changes
        return Run(
            workflow.at("properties.definition"),
            values,
            self.session,
            dict(self._signatures(workflow.id, given)),
        )

    def _place(self, value: object) -> str:
        """Return where a queue or table is here; nothing for any other value."""
        found = _URI.fullmatch(value) if isinstance(value, str) else None
        if not found:
            return ""
        endpoints = parse_connection_string(self.storage)
        return f"{endpoints[f'{found[1]}endpoint']}/{self._names[found[2]]}"

    @property
    def _names(self) -> dict[str, str]:
        return {
            "conversion-requests": self.service.requests.queue_name,
            "conversion-results": self.service.results.queue_name,
            f"conversion-results-{self.kind}": self.outcomes.queue_name,
            "connectorcallbacks": self.callbacks.table_name,
        }

    def _signatures(self, workflow: str, given: dict[str, Any]) -> Iterator[tuple[str, str]]:
        """Return what opens storage: no more than what the identity is granted."""
        parts = parse_connection_string(self.storage)
        for principal, role, scope in held(kept(DEPLOYMENT)):
            if f"'{workflow}'" not in principal:
                continue
            name = scope.rpartition("/")[2]
            (value,) = {it for it in given.values() if _names(it, name)}
            yield (
                self._place(value),
                generate_account_sas(
                    parts["accountname"],
                    parts["accountkey"],
                    ResourceTypes(object=True, container=True),
                    _MAY[role],
                    datetime.now(UTC) + timedelta(hours=1),
                    services="qt",
                ),
            )


def _names(value: object, name: str) -> bool:
    found = _URI.fullmatch(value) if isinstance(value, str) else None
    return found is not None and found[2] == name


@asynccontextmanager
async def connected(
    azurite: str, queue_names: Iterator[str], kind: str, **keys: str
) -> AsyncIterator[Connected]:
    """Start the service with one connector; ``keys`` are settings."""
    outcomes = next(queue_names)
    listener = Listener()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", listener.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    listener.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    routes = {"RESULTS_ROUTES": f"{kind}:={outcomes}", **keys}
    try:
        async with (
            service(azurite, queue_names, None, **routes) as running,
            QueueClient.from_connection_string(azurite, outcomes) as queue,
            TableClient.from_connection_string(azurite, f"c{uuid.uuid4().hex}") as table,
            aiohttp.ClientSession() as session,
        ):
            await queue.create_queue()
            await table.create_table()
            yield Connected(kind, running, queue, table, listener, session, azurite)
    finally:
        await runner.cleanup()
