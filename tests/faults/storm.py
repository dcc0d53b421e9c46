"""The storm (R2): many requests, duplicates, faulty answers, hosts that die at random.

Fed so that at most ``MOST_WAITING`` messages wait: Azurite slows down with the depth of a queue.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
import uuid
from collections import Counter, defaultdict
from contextlib import AsyncExitStack, suppress
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.queue.aio import QueueServiceClient
from rich.table import Table

from local.graph import Fault, GraphEmulator
from local.world import provision
from tests.directory import tenant
from tests.faults.crowd import everybody, is_silent, request, request_id, user, user_id
from tests.faults.nursery import Nursery
from tests.faults.scenarios import QUIET, SECONDS
from tests.subscribing import TOPIC

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from azure.storage.queue.aio import QueueClient

HOSTS = 2
MOST_WAITING = 900
LEASE_SECONDS = 5
LAG_MS = 1000
DUPLICATES = 0.01
# The timer of the subscription strikes each second, so that hosts die while it runs.
SUBSCRIBING = {
    "EVENTS_PARTNER_TOPIC": TOPIC,
    "EVENTS_LOCATION": "westeurope",
    "SUBSCRIBE_SCHEDULE": "* * * * * *",
}
CALM = (3.0, 9.0)
# Together five of a hundred answers.
CALLS = r"^/(\$batch|invitations)$"
FAULTS = (
    Fault(path=CALLS, status=429, code="TooManyRequests", retry_after=1, probability=0.01),
    Fault(path=CALLS, status=429, code="TooManyRequests", probability=0.01),
    Fault(path=CALLS, status=503, code="ServiceUnavailable", probability=0.01),
    Fault(path=CALLS, drop="before", probability=0.01),
    Fault(path=CALLS, drop="after", probability=0.01),
)


class Storm:
    """One storm; ``rage`` it, then read its figures.

    Args:
        azurite: a connection string.
        logs: the folder for what the hosts print.
        requests: how many.
        seed: of everything left to chance but time.

    Attributes:
        faults, mailboxes, keys: the disturbances, the tenant's mailboxes, and settings beside.
        calm: seconds between two kills, at least and at most.
    """

    faults: tuple[Fault, ...] = FAULTS
    mailboxes: tuple[dict[str, Any], ...] = ()
    keys: Mapping[str, str] = MappingProxyType({})
    calm: tuple[float, float] = CALM

    def __init__(self, azurite: str, logs: Path, requests: int, seed: int) -> None:
        self._azurite, self._logs, self._requests = azurite, logs, requests
        self._chance = random.Random(seed)  # noqa: S311 - chance, not secrets
        self._seed = seed
        self._told: dict[str, list[tuple[str, str]]] = defaultdict(list)
        self._urls: dict[str, set[str]] = defaultdict(set)
        self._valid_urls: dict[str, str] = {}
        self._made: Counter[str] = Counter()
        self._warnings: dict[str, set[str]] = defaultdict(set)
        self._mails: list[dict[str, Any]] = []
        self._duplicates = self._kills = self._poisoned = self._answers = self._posts = 0
        self._subscriptions = 0
        self._seconds = 0.0

    async def rage(self) -> None:
        """Let it rage until every request has its outcome and nothing waits."""
        name, began = f"storm-{uuid.uuid4().hex[:12]}", time.perf_counter()
        users = [user(number) for number in range(self._requests)]
        groups = [everybody(self._requests)]
        of_tenant = tenant(*users, groups=groups, mailboxes=self.mailboxes)
        async with AsyncExitStack() as stack:
            enter = stack.enter_async_context
            graph = await enter(GraphEmulator(of_tenant, seed=self._seed))
            graph.set_lag(LAG_MS)
            for fault in self.faults:
                graph.faults.add(fault)
            environment = self._environment(name, graph.url)
            await asyncio.to_thread(provision, environment)
            nursery = await enter(Nursery(self._logs))
            storage = await enter(QueueServiceClient.from_connection_string(self._azurite))
            requests = storage.get_queue_client(name)
            results = storage.get_queue_client(f"{name}-results")
            killer = asyncio.create_task(self._kill(nursery, environment))
            async with asyncio.TaskGroup() as group:
                group.create_task(self._feed(requests))
                group.create_task(self._read(results))
                group.create_task(self._meanwhile(graph, environment))
            killer.cancel()
            await asyncio.gather(killer, return_exceptions=True)
            await self._calm_down(nursery, environment, requests, results)
            poison = await storage.get_queue_client(f"{name}-poison").get_queue_properties()
            self._poisoned = poison.approximate_message_count or 0
            self._made.update(made["invitedUser"]["id"] for made in graph.invitations)
            self._valid_urls.update(graph.tenant.redeem_urls)
            self._subscriptions = len(graph.tenant.subscriptions.alive(graph.tenant.now()))
            self._mails = graph.mails
            self._answers = len(graph.requests)
            self._posts = sum(record.path.endswith("/invitations") for record in graph.requests)
        self._seconds = time.perf_counter() - began

    def _environment(self, name: str, graph_url: str) -> dict[str, str]:
        return {
            **SECONDS,
            **QUIET,
            **SUBSCRIBING,
            **self.keys,
            "CONVERSION_STORAGE": self._azurite,
            "GRAPH_BASE_URL": graph_url,
            "REQUESTS_QUEUE": name,
            "RESULTS_QUEUE": f"{name}-results",
            "QUOTA_QUEUE": f"{name}-quota",
            "DEAD_LETTERS_QUEUE": f"{name}-dead",
            "REDEMPTION_CHECKS_QUEUE": f"{name}-checks",
            "LEDGER_TABLE": f"t{uuid.uuid4().hex}",
        }

    async def _feed(self, queue: QueueClient) -> None:
        number = 0
        while number < self._requests:
            properties = await queue.get_queue_properties()
            room = MOST_WAITING - (properties.approximate_message_count or 0)
            for _ in range(min(room, self._requests - number)):
                text = json.dumps(self._request(number))
                await queue.send_message(text)
                if self._chance.random() < DUPLICATES:
                    await queue.send_message(text)
                    self._duplicates += 1
                number += 1
            await asyncio.sleep(0.2)

    async def _read(self, queue: QueueClient) -> None:
        """Take outcomes until every request has one that ends it."""
        while not self._is_over():
            if not await self._take(queue):
                await asyncio.sleep(0.1)

    def _request(self, number: int) -> dict[str, Any]:
        return request(number)

    def _is_over(self) -> bool:
        return len(self._told) == self._requests

    async def _meanwhile(self, graph: GraphEmulator, environment: dict[str, str]) -> None:
        """Do what the world does until the storm is over: here, nothing."""

    async def _take(self, queue: QueueClient) -> int:
        taken = 0
        async for message in queue.receive_messages(
            messages_per_page=32, visibility_timeout=600, max_messages=320
        ):
            event: dict[str, Any] = json.loads(message.content)
            data = event["data"]
            # What changes of the directory lead to beside has ids that nobody gave.
            if data["status"] != "deferred" and data["requestId"].startswith("storm-"):
                self._told[data["requestId"]].append((event["id"], data["status"]))
                url = data.get("invitation", {}).get("inviteRedeemUrl")
                self._urls[data["requestId"]].update([url] if url else [])
                codes = {warning["code"] for warning in data["warnings"]}
                self._warnings[data["requestId"]] |= codes
            # The library sends again what was not answered, and then finds it done.
            with suppress(ResourceNotFoundError):
                await queue.delete_message(message)
            taken += 1
        return taken

    async def _kill(self, nursery: Nursery, environment: dict[str, str]) -> None:
        hosts = [await nursery.start(environment, LEASE_SECONDS) for _ in range(HOSTS)]
        while True:
            await asyncio.sleep(self._chance.uniform(*self.calm))
            victim = self._chance.randrange(HOSTS)
            nursery.kill(hosts[victim])
            self._kills += 1
            hosts[victim] = await nursery.start(environment, LEASE_SECONDS)

    async def _calm_down(
        self,
        nursery: Nursery,
        environment: dict[str, str],
        requests: QueueClient,
        results: QueueClient,
    ) -> None:
        """Let hosts that nobody kills finish what waits: copies of what has ended."""
        await nursery.start(environment, LEASE_SECONDS)
        while (await requests.get_queue_properties()).approximate_message_count:
            await self._take(results)
            await asyncio.sleep(0.1)
        await self._take(results)

    def problems(self) -> list[str]:
        """Return the promises that were broken."""
        # A silent one may be made anew, and says so in an outcome of its own.
        mailed = [number for number in range(self._requests) if not is_silent(number)]
        keys = [request_id(number) for number in mailed]
        several = [key for key in keys if len(set(self._told.get(key, ()))) > 1]
        statuses = Counter(status for told in self._told.values() for _, status in set(told))
        twice = [number for number in mailed if self._made[user_id(number)] > 1]
        lost = [number for number in range(self._requests) if self._is_url_lost(number)]
        wrong = {
            f"{len(lost)} silent requests whose valid URL nobody was told": lost,
            f"{self._requests - len(self._told)} requests without an outcome": len(self._told)
            != self._requests,
            f"{len(several)} requests with several outcomes, as {several[:3]}": several,
            f"outcomes {dict(statuses)}": set(statuses) != {"invited"},
            f"{len(twice)} users invited twice": twice,
            f"{len(self._made)} users invited": len(self._made) != self._requests,
            f"{self._subscriptions} subscriptions": self._subscriptions != 1,
            f"{self._poisoned} messages poisoned": self._poisoned,
        }
        return [problem for problem, found in wrong.items() if found]

    def _is_url_lost(self, number: int) -> bool:
        valid = self._valid_urls.get(user_id(number))
        return is_silent(number) and valid not in self._urls.get(request_id(number), ())

    def figures(self) -> Table:
        """Return the figures as a table."""
        copies = sum(len(told) for told in self._told.values())
        ids = sum(len({event for event, _ in told}) for told in self._told.values())
        mailed = [number for number in range(self._requests) if not is_silent(number)]
        table = Table("figure", "value", title="Storm (R2)")
        for figure, value in (
            ("requests, one of ten silent, three of ten events", self._requests),
            ("duplicates sent", self._duplicates),
            ("calls at Graph, of which 5 % disturbed", self._answers),
            ("POSTs of invitations", self._posts),
            ("invitations that took effect", sum(self._made.values())),
            ("users mailed twice", sum(self._made[user_id(n)] > 1 for n in mailed)),
            ("silent invitations made anew", sum(self._made.values()) - len(self._made)),
            ("outcomes, distinct", ids),
            ("outcomes, copies and all", copies),
            ("requests lost", self._requests - len(self._told)),
            ("messages poisoned", self._poisoned),
            ("subscriptions to events", self._subscriptions),
            ("hosts killed", self._kills),
            ("seconds", round(self._seconds)),
        ):
            table.add_row(figure, str(value))
        return table
