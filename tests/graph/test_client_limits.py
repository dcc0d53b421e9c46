"""Limits: who waits, who is held back, and whose place it is then."""

from __future__ import annotations

import asyncio
import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from converters.graph import rate_limit
from converters.graph.rate_limit import FIRST_SHARE, WINDOW
from converters.model.errors import GraphUnavailable
from converters.model.trace import Trace
from converters.storage.clock import ServiceClock
from local.graph import Fault
from tests.directory import OTHER_ID, kim, lee, of_lee, request, tenant
from tests.service import service

if TYPE_CHECKING:
    from collections.abc import Iterator

TRACE = Trace("00000000-0000-4000-8000-000000000000")
POST = "/invitations$"


async def test_no_place_is_given_before_graph_lets(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        running.graph.faults.add(Fault(path="/invitations$", status=429, retry_after=60, times=1))
        assert await running.events_of(request()) == []
        with pytest.raises(GraphUnavailable) as held:
            await running.converter.graph.reserve(0.0)
    assert 59 <= (held.value.retry_after or 0) <= 60


async def test_invitation_that_has_its_place_is_held_back_too(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, tenant(kim(), lee())) as running:
        running.graph.faults.add(Fault(path="/invitations$", status=429, retry_after=60))
        # The second has its place, and reads on while the first is throttled.
        running.graph.faults.add(Fault(method="BATCH GET", path=OTHER_ID, hang_ms=700))
        await asyncio.gather(running.handle(request()), running.handle(of_lee()))
        assert len(running.invited()) == 1


async def test_share_grows_with_the_invitations_that_were_sent(
    azurite: str, queue_names: Iterator[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limit, "FIRST_SHARE", 1.0)
    async with service(azurite, queue_names) as running:
        graph = running.converter.graph
        assert (await running.outcome(request()))["status"] == "invited"
        await graph.reserve(0.0)
        with pytest.raises(GraphUnavailable, match="within its rate limit"):
            await graph.reserve(0.0)


async def test_quota_that_cannot_be_counted_invites_nobody(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, None, DAILY_LIMIT="5") as running:
        await running.quota.delete_queue()
        await running.handle(request())
        (notice,) = await running.events()
        assert (running.invited(), notice["data"]["status"]) == ([], "deferred")
        assert [it["code"] for it in notice["data"]["reasons"]] == ["storageNotSetUp"]
        properties = await running.requests.get_queue_properties()
        assert properties.approximate_message_count == 1


async def test_quota_is_free_again_at_midnight_utc(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        evening = dt.datetime(2026, 11, 23, 23, 59, tzinfo=dt.UTC)
        clock = ServiceClock(evening.timestamp)
        quota = replace(running.converter.inviter.quota, clock=clock)
        assert await quota.reserve(1)
        assert not await quota.reserve(1)
        (mark,) = await running.quota.peek_messages()
    assert mark.expires_on
    assert mark.inserted_on
    assert mark.expires_on - mark.inserted_on == dt.timedelta(seconds=60)


async def test_place_in_the_limit_that_is_too_far_off_is_refused_and_a_near_one_waited_for(
    azurite: str, queue_names: Iterator[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    async with service(azurite, queue_names) as running:
        monkeypatch.setattr(asyncio, "sleep", sleep)
        graph = running.converter.graph
        for _ in range(int(FIRST_SHARE)):
            await graph.reserve(0.0)
        with pytest.raises(GraphUnavailable, match="rate limit") as caught:
            await graph.reserve(0.5)
        assert (caught.value.retry_after, slept) == (0.5, [])
        await graph.reserve(WINDOW + 1)
        monkeypatch.undo()
    assert len(slept) == 1
    assert 0 < slept[0] <= WINDOW


async def test_invitation_is_spaced_right_before_it_is_sent(
    azurite: str, queue_names: Iterator[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with service(azurite, queue_names) as running:
        limiter = running.converter.graph._limiter  # noqa: SLF001 - its state is what is set up
        limiter.record_sent(0.9)
        for _ in range(100):
            # Others go before it, for some seconds.
            limiter.spacing()
        slept: list[float] = []
        genuine = asyncio.sleep

        async def sleep(seconds: float, *rest: object) -> None:
            slept.append(seconds)
            await genuine(0, *rest)

        monkeypatch.setattr(asyncio, "sleep", sleep)
        assert (await running.outcome(request()))["status"] == "invited"
        assert max(slept) > 1


@pytest.mark.parametrize(("path", "slower"), [("invitations$", True), (r"\$batch$", False)])
async def test_429_makes_invitations_slower_where_it_is_theirs(
    azurite: str, queue_names: Iterator[str], path: str, *, slower: bool
) -> None:
    async with service(azurite, queue_names) as running:
        limiter = running.converter.graph._limiter  # noqa: SLF001 - its state is what is looked at
        before = limiter.share
        running.graph.faults.add(Fault(path=path, status=429, retry_after=1, times=1))
        await running.handle(request())
        assert (limiter.share < before) is slower


async def test_invitation_that_was_sent_keeps_its_place_in_the_limit(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        assert (await running.outcome(request()))["status"] == "invited"
        graph = running.converter.graph
        for _ in range(int(FIRST_SHARE) - 1):
            await graph.reserve(0.0)
        with pytest.raises(GraphUnavailable, match="rate limit"):
            await graph.reserve(0.0)


@pytest.mark.parametrize(("seconds", "status"), [("11", "invited"), ("9", None)])
async def test_place_is_waited_for_at_most_half_of_an_invocation(
    azurite: str,
    queue_names: Iterator[str],
    monkeypatch: pytest.MonkeyPatch,
    seconds: str,
    status: str | None,
) -> None:
    genuine = asyncio.sleep

    async def sleep(_: float, *rest: object) -> None:
        await genuine(0, *rest)

    async with service(azurite, queue_names, INVOCATION_SECONDS=seconds) as running:
        for _ in range(int(FIRST_SHARE)):
            await running.converter.graph.reserve(0.0)
        monkeypatch.setattr(asyncio, "sleep", sleep)
        await running.handle(request())
        monkeypatch.undo()
        told = [event["data"]["status"] for event in await running.events()]
        assert told == ([status] if status else [])
