"""The storm to the story's end: people redeem at random, or never, while hosts die.

Days pass for follow-ups alone, by their rows in the ledger, and only for whoever never redeems. Of
those every other one's message is lost: nothing but the sweep can go on with them.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from azure.core import MatchConditions
from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError
from azure.data.tables.aio import TableClient
from azure.storage.queue.aio import QueueClient
from rich.table import Table

from converters.model.follow_up import Check
from converters.storage.follow_ups import OPEN, read_follow_up
from converters.wire.checks import written_check
from tests.faults.crowd import request, request_id, user_id
from tests.faults.storm import Storm

if TYPE_CHECKING:
    from pathlib import Path

    from local.graph import GraphEmulator

# Seconds from the invitation until a person redeems it, at most; some never do.
SLOWEST = 40.0
NEVER = 0.2
DAYS, SETTLED = timedelta(days=31), timedelta(seconds=5)
SETTINGS = {
    "FOLLOW_UP_SCHEDULE": "6s,10s,15s,25s,40s,60s,90s,150s,300s,600s,1200s",
    "STALE_AFTER_DAYS": "30",
    "SWEEP_SCHEDULE": "*/5 * * * * *",
}
ENDS = {"redeemed", "stale"}


class LongStorm(Storm):
    """A storm that is over when every conversion has been told redeemed or stale.

    Azurite, and not a host, says how fast it goes: a message is under way for seconds. Killed as
    often as in the other storm, a few of 5,000 would meet five dead hosts in a row, and end, as is
    promised then, as ``failed`` and among the dead letters.
    """

    calm = (8.0, 20.0)

    def __init__(self, azurite: str, logs: Path, requests: int, seed: int) -> None:
        super().__init__(azurite, logs, requests, seed)
        numbers = range(requests)
        self._never = {n for n in numbers if self._chance.random() < NEVER}
        self._ends: set[str] = set()
        self._aged: set[str] = set()
        self._unheard = 0

    def _environment(self, name: str, graph_url: str) -> dict[str, str]:
        return super()._environment(name, graph_url) | SETTINGS

    def _request(self, number: int) -> dict[str, Any]:
        return request(number) | {"sendInvitationMessage": True}

    def _is_over(self) -> bool:
        self._ends |= {
            key for key, told in self._told.items() if any(status in ENDS for _, status in told)
        }
        return len(self._ends) == self._requests

    async def _meanwhile(self, graph: GraphEmulator, environment: dict[str, str]) -> None:
        storage = environment["CONVERSION_STORAGE"]
        async with (
            TableClient.from_connection_string(storage, environment["LEDGER_TABLE"]) as rows,
            QueueClient.from_connection_string(
                storage, environment["REDEMPTION_CHECKS_QUEUE"]
            ) as checks,
            asyncio.TaskGroup() as group,
        ):
            group.create_task(self._redeem(graph))
            group.create_task(self._age(rows, checks))

    async def _redeem(self, graph: GraphEmulator) -> None:
        """Let people redeem, each some time after the invitation."""
        loop, due = asyncio.get_running_loop(), dict[str, float]()
        waiting = {user_id(n) for n in range(self._requests)} - {user_id(n) for n in self._never}
        while not self._is_over():
            now = loop.time()
            for made in graph.invitations:
                who = made["invitedUser"]["id"]
                if who in waiting and now >= due.setdefault(
                    who, now + self._chance.uniform(0, SLOWEST)
                ):
                    graph.tenant.redeem(who)
                    waiting.discard(who)
            await asyncio.sleep(0.2)

    async def _age(self, rows: TableClient, checks: QueueClient) -> None:
        """Let a month pass for everybody who never redeems, once they were told invited."""
        while not self._is_over():
            for number in self._never:
                if request_id(number) in self._told and request_id(number) not in self._aged:
                    await self._age_one(number, rows, checks)
            await asyncio.sleep(0.5)

    async def _age_one(self, number: int, rows: TableClient, checks: QueueClient) -> None:
        wanted = f"PartitionKey eq '{OPEN}' and UserId eq '{user_id(number)}'"
        async for row in rows.query_entities(wanted):
            if datetime.now(UTC) - row["Invited"] < SETTLED:
                # No replica lags for a month.
                return
            row["Invited"], row["Due"] = row["Invited"] - DAYS, row["Due"] - DAYS
            try:
                await rows.update_entity(
                    row, etag=row.metadata["etag"], match_condition=MatchConditions.IfNotModified
                )
            except (ResourceModifiedError, ResourceNotFoundError):
                # A host was faster; the next round sees what it wrote.
                return
            self._aged.add(request_id(number))
            if number % 2:
                self._unheard += 1
            else:
                text = written_check(Check(read_follow_up(row), row["Look"])).decode()
                await checks.send_message(text)

    def problems(self) -> list[str]:
        """Return the promises that were broken."""
        numbers, ended = range(self._requests), Counter[str]()
        wrong = list[str]()
        for number in numbers:
            told = set(self._told.get(request_id(number), ()))
            ends = sorted({status for _, status in told} - {"invited"})
            ended.update(ends)
            wanted = ["stale" if number in self._never else "redeemed"]
            copies = [status for _, status in told]
            if ends != wanted or len(copies) != len(set(copies)):
                wrong.append(f"{request_id(number)}: told {sorted(copies)}, wanted {wanted}")
        twice = [user for user, times in self._made.items() if times > 1]
        wrong += [f"{user} was invited twice" for user in twice]
        wrong += [f"{self._poisoned} messages poisoned"] if self._poisoned else []
        return wrong

    def figures(self) -> Table:
        """Return the figures as a table."""
        table = Table("figure", "value", title="Storm to the story's end (R2)")
        statuses = Counter(status for told in self._told.values() for _, status in set(told))
        for figure, value in (
            ("conversions", self._requests),
            ("duplicates sent", self._duplicates),
            ("calls at Graph, of which 5 % disturbed", self._answers),
            ("users invited twice", sum(times > 1 for times in self._made.values())),
            ("told redeemed", statuses["redeemed"]),
            ("told stale", statuses["stale"]),
            ("follow-ups whose message was lost", self._unheard),
            ("outcomes, copies and all", sum(len(told) for told in self._told.values())),
            ("never told an end", self._requests - len(self._ends)),
            ("hosts killed", self._kills),
            ("seconds", round(self._seconds)),
        ):
            table.add_row(figure, str(value))
        return table
