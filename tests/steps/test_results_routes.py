"""Each outcome goes into exactly one queue: its route's, or the results queue."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from azure.storage.queue.aio import QueueClient

from converters.model.errors import QueueUnavailable
from tests.directory import USER_ID, request
from tests.service import Service, service, taken

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

MINE, OTHERS = "mine:R-1", "R-1"
pytestmark = pytest.mark.usefixtures("at_once")


@asynccontextmanager
async def routed(
    azurite: str, queue_names: Iterator[str], **keys: str
) -> AsyncIterator[tuple[Service, QueueClient]]:
    """Give the service, and the queue to which outcomes of ``mine:`` go."""
    name = next(queue_names)
    route = f"mine:={name}"
    async with (
        QueueClient.from_connection_string(azurite, name) as mine,
        service(azurite, queue_names, None, RESULTS_ROUTES=route, **keys) as running,
    ):
        await mine.create_queue()
        yield running, mine


async def converted(running: Service, request_id: str) -> None:
    await running.handle(request(requestId=request_id))


async def refused(running: Service, request_id: str) -> None:
    await running.handle(request(requestId=request_id, nonsense=1))


async def waits(running: Service, request_id: str) -> None:
    paused = running.with_settings(CONVERSIONS_PAUSED="true")
    await paused.handle(request(requestId=request_id))


async def swept(running: Service, request_id: str) -> None:
    await running.poison.send_message(json.dumps(request(requestId=request_id)))
    await running.converter.sweeper.sweep()


async def redeemed(running: Service, request_id: str) -> None:
    await running.handle(request(requestId=request_id))
    running.graph.tenant.redeem(USER_ID, "mail")
    await running.age_follow_up(1000)
    for text in await taken(running.checks):
        await running.converter.follower.handle(text.encode())


@pytest.mark.parametrize(
    ("happens", "statuses"),
    [
        (converted, ["invited"]),
        (refused, ["rejected"]),
        (waits, ["deferred"]),
        (swept, ["failed"]),
        (redeemed, ["invited", "redeemed"]),
    ],
)
async def test_outcome_goes_where_its_request_says_and_nowhere_else(
    azurite: str,
    queue_names: Iterator[str],
    happens: Callable[[Service, str], Awaitable[None]],
    statuses: list[str],
) -> None:
    for request_id in (MINE, OTHERS):
        async with routed(azurite, queue_names) as (running, mine):
            await happens(running, request_id)
            told = [json.loads(text)["data"] for text in await taken(mine)]
            others = [event["data"] for event in await running.events()]
        where, elsewhere = (told, others) if request_id == MINE else (others, told)
        assert [(one["requestId"], one["status"]) for one in where] == [
            (request_id, status) for status in statuses
        ]
        assert elsewhere == []


async def test_sweep_waits_as_long_as_one_of_the_queues_cannot_be_told(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with routed(azurite, queue_names) as (running, mine):
        await mine.delete_queue()
        with pytest.raises(QueueUnavailable):
            await swept(running, OTHERS)
        assert await taken(running.dead_letters) == []
