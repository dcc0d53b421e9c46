"""The timer's host dies at any of its calls: one subscription stays, and nobody is lost."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from converters.graph.transport import Transport
from converters.model.errors import ConverterError
from converters.storage.queues import Queue
from converters.storage.table import Rows
from local.grid import Grid
from tests.directory import GROUP_ID
from tests.events import of_type
from tests.service import Service, service, taken
from tests.subscribing import ON, age, alive, directory, person, run

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

CALLS = ((Transport, "_send"), (Rows, "get"), (Rows, "insert"), (Rows, "merge"), (Queue, "send"))
PEOPLE = [person(number) for number in range(1, 6)]
TIMES = ("Trying", "Busy", "Gap")


class Death(BaseException):
    """The host's end: nothing of it goes on, and nothing cleans up."""


class Killer:
    """Counts the calls to Graph and to storage; before or after one of them, the host dies."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls, self.at, self.after = 0, 0, False
        for owner, name in CALLS:
            monkeypatch.setattr(owner, name, self._wrapped(getattr(owner, name)))

    def plan(self, at: int, *, after: bool) -> None:
        """Let the call with a number, from 1, be the last; 0 for none."""
        self.calls, self.at, self.after = 0, at, after

    def _wrapped(self, call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def wrapped(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401
            self.calls += 1
            number = self.calls
            if number == self.at and not self.after:
                raise Death
            result = await call(*arguments, **options)
            if number == self.at:
                raise Death
            return result

        return wrapped


async def later(running: Service) -> None:
    """Let the claim of the host that died end, and what is in doubt be settled."""
    for name in TIMES:
        if any(row.get(name) for row in await running.rows()):
            await age(running, name, 1000)


async def first(_: Service) -> None:
    """Begin with nothing."""


async def gap(running: Service) -> None:
    """Let the subscription be gone, users changed, and one put into the group."""
    await run(running)
    for one in alive(running):
        running.graph.tenant.subscriptions.remove(one["id"])
    for user in PEOPLE[:4]:
        running.graph.tenant.change_user(user["id"], displayName="New")
    running.graph.tenant.memberships.add(GROUP_ID, PEOPLE[4]["id"])


async def renewal(running: Service) -> None:
    """Let Graph ask for a renewal, and say that changes were missed."""
    await run(running)
    standings = running.converter.ledger.standings
    await standings.ask(renew=True, gap=True)
    for user in PEOPLE[:4]:
        running.graph.tenant.change_user(user["id"], displayName="New")
    running.graph.tenant.memberships.add(GROUP_ID, PEOPLE[4]["id"])


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("prepare", "wanted"), [(first, 0), (gap, 5), (renewal, 5)])
async def test_host_of_the_timer_killed_at_every_call_loses_nobody(
    azurite: str,
    queue_names: Iterator[str],
    monkeypatch: pytest.MonkeyPatch,
    prepare: Callable[[Service], Awaitable[None]],
    wanted: int,
) -> None:
    killer, points, number = Killer(monkeypatch), 0, 0
    while True:
        number += 1
        for after in (False, True):
            async with service(azurite, queue_names, directory(*PEOPLE), **ON) as running:
                await prepare(running)
                killer.plan(number, after=after)
                try:
                    await run(running)
                except Death:
                    points += 1
                killer.plan(0, after=False)
                await later(running)
                await run(running)
                await later(running)
                await run(running)
                where = f"call {number}, {'after' if after else 'before'} it"
                assert len(alive(running)) == 1, where
                texts = await taken(running.requests)
                asked = {json.loads(text)["data"]["request"]["invitedUser"]["id"] for text in texts}
                assert asked == {user["id"] for user in PEOPLE[:wanted]}, where
                rows = {row["RowKey"]: row for row in await running.rows()}
                assert (rows["standing"]["Gap"], rows["standing"]["Renew"]) == (0, 0), where
        if killer_is_past(points, number):
            break
    assert points > 20


def killer_is_past(points: int, number: int) -> bool:
    """Tell whether the last call was beyond those that there are."""
    return points < 2 * number


async def test_events_in_any_order_and_more_than_once_invite_once(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, directory(*PEOPLE), **ON) as running:
        await run(running)
        grid = Grid(running.requests)
        grid.connect(running.graph.tenant)
        for user in PEOPLE:
            running.graph.tenant.memberships.add(GROUP_ID, user["id"])
            for name in ("A", "B", "C"):
                running.graph.tenant.change_user(user["id"], displayName=name)
        await run(running)
        assert await grid.deliver() > 15
        while texts := await taken(running.requests):
            for text in texts:
                await running.handle(text.encode())
            await grid.deliver()
        events = await running.events()
        assert [event["data"]["status"] for event in events] == ["invited"] * 5
        assert len(running.invited()) == 5


async def test_notice_whose_row_cannot_be_written_comes_again(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, directory(), **ON) as running:
        await run(running)
        await running.ledger.delete_table()
        with pytest.raises(ConverterError):
            await running.handle(of_type("Microsoft.Graph.Missed", lifecycleEvent="missed"))
