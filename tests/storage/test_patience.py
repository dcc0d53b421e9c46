"""How long one call to storage tries: seconds, since the message waits better in its queue."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

import pytest
from aiohttp import web

from converters.model.errors import LedgerUnavailable, QueueUnavailable
from converters.settings.storage_account import Storage
from converters.storage.queues import Queue
from tests.storage_service import KEY, ROW, StorageService, made, rows_at

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Sleep at once, for the longest time that chance gives; return for how long."""
    slept: list[float] = []
    sleep = asyncio.sleep

    async def nap(seconds: float, result: object = None) -> object:
        if seconds:
            slept.append(seconds)
        return await sleep(0, result)

    monkeypatch.setattr(asyncio, "sleep", nap)
    monkeypatch.setattr(random.Random, "uniform", lambda _, __, most: most)
    return slept


@pytest.fixture
async def busy() -> AsyncIterator[tuple[StorageService, str]]:
    """Yield a storage service that is always busy, and where it is."""
    service = StorageService()
    service.then = lambda: web.Response(status=503, headers={"x-ms-error-code": "ServerBusy"})
    async with service.started() as endpoint:
        yield service, endpoint


async def test_queue_is_tried_three_times_in_seconds(
    naps: list[float], busy: tuple[StorageService, str]
) -> None:
    service, endpoint = busy
    queue = Queue(Storage(f"AccountName=a;AccountKey={KEY};QueueEndpoint={endpoint}"), "q", None)
    with pytest.raises(QueueUnavailable, match="ServerBusy"):
        await queue.send(b"{}")
    await queue.close()
    # One second and two to the power of the try, and three by chance.
    assert (len(service.asked), naps) == (3, [1 + 2 + 3, 1 + 4 + 3])


async def test_table_is_tried_three_times_in_a_second(
    naps: list[float], busy: tuple[StorageService, str]
) -> None:
    service, endpoint = busy
    async with rows_at(endpoint) as rows:
        with pytest.raises(LedgerUnavailable, match="ServerBusy"):
            await rows.insert(ROW)
    assert len(service.asked) == 3
    assert sum(naps) == pytest.approx(0.4)


async def test_proxies_of_the_environment_are_not_for_storage(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Looking for them costs a thread with every call."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    service = StorageService(made())
    service.then = lambda: web.Response(status=404, headers={"x-ms-error-code": "QueueDisabled"})
    async with service.started() as endpoint:
        async with rows_at(endpoint) as rows:
            await rows.insert(ROW)
        queue = Queue(
            Storage(f"AccountName=a;AccountKey={KEY};QueueEndpoint={endpoint}"), "q", None
        )
        with pytest.raises(QueueUnavailable):
            await queue.check()
        await queue.close()
    assert len(service.asked) >= 2
