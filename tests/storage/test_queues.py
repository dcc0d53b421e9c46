"""What queues are asked for, on the wire."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web
from azure.core.exceptions import ClientAuthenticationError

from converters.model.errors import LedgerUnavailable, QueueUnavailable
from converters.settings.storage_account import Storage
from converters.storage.clock import ServiceClock
from converters.storage.queues import Backlog, Queue, QueueReader, Received
from converters.storage.quota import Quota
from converters.storage.table import Rows
from tests.storage_service import KEY, StorageService

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from azure.core.credentials import AccessToken

NONE = "<QueueMessagesList></QueueMessagesList>"
MADE = (
    "<QueueMessagesList><QueueMessage><MessageId>m</MessageId><PopReceipt>r</PopReceipt>"
    "</QueueMessage></QueueMessagesList>"
)
# Somebody has put a message without a text.
EMPTY = (
    "<QueueMessagesList><QueueMessage><MessageId>m</MessageId><MessageText></MessageText>"
    "</QueueMessage></QueueMessagesList>"
)
TAKEN = Received("m", "text", "r")


def answer(text: str = "", status: int = 200, **headers: str) -> web.Response:
    return web.Response(
        status=status,
        text=text,
        content_type="application/xml",
        headers={f"x-ms-{name.replace('_', '-')}": value for name, value in headers.items()},
    )


@asynccontextmanager
async def queue_at(service: StorageService) -> AsyncIterator[Queue]:
    """Open a queue of a service that answers as it is told."""
    async with service.started() as endpoint:
        account = f"AccountName=account;AccountKey={KEY};QueueEndpoint={endpoint}"
        queue = Queue(Storage(account), "queue", None)
        try:
            yield queue
        finally:
            await queue.close()


def asked(service: StorageService) -> list[tuple[str, dict[str, str]]]:
    """Return the methods and parameters of the calls."""
    return [(call.method, dict(call.query)) for call in service.asked]


async def test_messages_are_taken_as_many_at_once_as_there_can_be_and_for_so_long() -> None:
    service = StorageService(answer(NONE))
    async with queue_at(service) as queue:
        assert await QueueReader(queue).take(77) == []
    assert asked(service) == [("GET", {"numofmessages": "32", "visibilitytimeout": "77"})]


async def test_queue_that_is_missing_is_empty_and_one_that_is_not_read_is_not() -> None:
    service = StorageService(
        answer(status=404, error_code="QueueNotFound"),
        answer(status=404, error_code="ResourceNotFound"),
    )
    async with queue_at(service) as queue:
        assert await QueueReader(queue).take(77) == []
        with pytest.raises(QueueUnavailable, match="ResourceNotFound"):
            await QueueReader(queue).take(77)


async def test_messages_are_looked_at_as_many_at_once_as_there_can_be() -> None:
    service = StorageService(answer(EMPTY))
    async with queue_at(service) as queue:
        assert await QueueReader(queue).peek() == [Received("m", "", "")]
    assert asked(service) == [("GET", {"numofmessages": "32", "peekonly": "true"})]


async def test_message_that_is_released_shows_at_once() -> None:
    released = answer(
        status=204, popreceipt="r2", time_next_visible="Fri, 27 Nov 2026 12:00:00 GMT"
    )
    service = StorageService(released)
    async with queue_at(service) as queue:
        await QueueReader(queue).release(TAKEN)
    assert asked(service) == [("PUT", {"popreceipt": "r", "visibilitytimeout": "0"})]


@pytest.mark.parametrize(("options", "shows"), [({}, "0"), ({"delay": 7}, "7")])
async def test_message_is_sent_for_ever_and_shows_after_its_delay(
    options: dict[str, Any], shows: str
) -> None:
    service = StorageService(answer(MADE, status=201))
    async with queue_at(service) as queue:
        await queue.send(b"text", **options)
    assert asked(service) == [("POST", {"messagettl": "-1", "visibilitytimeout": shows})]


async def test_nothing_waits_in_a_queue_that_is_empty() -> None:
    service = StorageService(answer(approximate_messages_count="0"), answer(NONE))
    async with queue_at(service) as queue:
        backlog = await QueueReader(queue).backlog(datetime.now(UTC))
    assert backlog == Backlog(0, 0)


NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
PUT_AT_NOON = (
    "<QueueMessagesList><QueueMessage><MessageId>m</MessageId>"
    "<InsertionTime>Fri, 27 Nov 2026 12:00:00 GMT</InsertionTime><MessageText>x</MessageText>"
    "</QueueMessage></QueueMessagesList>"
)


@pytest.mark.parametrize(("later", "age"), [(0, 0), (7.4, 7), (7.6, 8), (-5, 0)])
async def test_first_message_is_as_old_as_the_services_clock_says_and_never_younger_than_now(
    later: float, age: int
) -> None:
    service = StorageService(answer(approximate_messages_count="3"), answer(PUT_AT_NOON))
    async with queue_at(service) as queue:
        backlog = await QueueReader(queue).backlog(NOON + timedelta(seconds=later))
    assert backlog == Backlog(3, age)


@pytest.mark.parametrize(
    ("time", "lifetime"),
    [
        ("00:00:00.000000", 86_400),
        ("12:34:56.000000", 41_104),
        ("23:59:30.000001", 29),
        ("23:59:59.900000", 1),
    ],
)
async def test_mark_of_a_day_lives_until_midnight_and_no_longer(time: str, lifetime: int) -> None:
    now = datetime.fromisoformat(f"2026-11-27T{time}+00:00").timestamp()
    service = StorageService(answer(MADE, status=201), answer(approximate_messages_count="1"))
    async with queue_at(service) as queue:
        assert await Quota(queue, ServiceClock(lambda: now)).reserve(1)
    (_, put), _ = asked(service)
    assert put == {"messagettl": str(lifetime)}


class Nobody:
    """An identity that gets no token, and notes what for."""

    def __init__(self) -> None:
        self.scopes: list[str] = []

    async def get_token(self, *scopes: str, **_: object) -> AccessToken:
        """Refuse."""
        self.scopes += scopes
        raise ClientAuthenticationError("signed out")

    async def close(self) -> None:
        """End."""

    async def __aexit__(self, *_: object) -> None:
        """End."""


async def test_storage_without_a_connection_string_is_asked_as_the_identity() -> None:
    nobody: Any = Nobody()
    where = Storage(
        queue_service_uri="https://acc.queue.example", table_service_uri="https://acc.table.example"
    )
    queue, rows = Queue(where, "queue", nobody), Rows(where, "ledger", nobody, ServiceClock())
    with pytest.raises(QueueUnavailable, match="ClientAuthenticationError"):
        await queue.send(b"text")
    with pytest.raises(LedgerUnavailable, match="ClientAuthenticationError"):
        await rows.get("p", "r")
    await queue.close()
    await rows.close()
    assert set(nobody.scopes) == {"https://storage.azure.com/.default"}


async def test_queue_that_may_not_be_made_is_the_one_that_is_missing() -> None:
    service = StorageService(
        answer(status=404, error_code="QueueNotFound"),
        answer(status=403, error_code="AuthorizationFailure"),
    )
    async with queue_at(service) as queue:
        with pytest.raises(QueueUnavailable, match="QueueNotFound"):
            await queue.send(b"{}")
    assert [method for method, _ in asked(service)] == ["POST", "PUT"]


async def test_queue_is_made_only_where_it_is_missing() -> None:
    service = StorageService(answer(status=404, error_code="ResourceNotFound"))
    async with queue_at(service) as queue:
        with pytest.raises(QueueUnavailable, match="ResourceNotFound"):
            await queue.send(b"{}")
    assert [method for method, _ in asked(service)] == ["POST"]
