"""Answers of Graph's that conclude nothing are told from those that do."""

from __future__ import annotations

import asyncio
import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from azure.core.exceptions import ClientAuthenticationError

from converters.graph import rate_limit, user_reads
from converters.graph.client import Graph
from converters.graph.rate_limit import FIRST_SHARE, WINDOW
from converters.model.errors import GraphUnavailable
from converters.model.facts import Unread
from converters.model.trace import Trace
from converters.storage.clock import ServiceClock
from local.graph import Fault, GraphEmulator
from tests.directory import OTHER_ID, USER_ID, kim, request, tenant
from tests.service import service
from tests.telling import lines

if TYPE_CHECKING:
    from collections.abc import Iterator

TRACE = Trace("00000000-0000-4000-8000-000000000000")
POST = "/invitations$"
WRONG: tuple[object, ...] = (None, 7, [], {}, "")
MADE = {
    "id": "i",
    "status": "PendingAcceptance",
    "invitedUser": {"id": USER_ID},
    "inviteRedeemUrl": "https://login.microsoftonline.com/redeem?rd=x",
    "inviteRedirectUrl": "https://myapps.microsoft.com/",
}


class Refused:
    """A credential that gets no token, as with a managed identity that is not there yet."""

    async def get_token(self, *_: str, **__: Any) -> Any:  # noqa: ANN401
        """Get none."""
        raise ClientAuthenticationError("secret text of the identity endpoint")


async def test_token_that_cannot_be_had_concludes_nothing_and_tells_no_secret() -> None:
    graph = Graph("https://graph.microsoft.com", Refused())  # type: ignore[arg-type]
    try:
        with pytest.raises(GraphUnavailable, match="ClientAuthenticationError") as caught:
            await graph.read([user_reads.user(USER_ID)], TRACE)
    finally:
        await graph.close()
    assert "secret" not in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    "body",
    [
        {"responses": [{"id": "something else", "status": 200, "body": {}}]},
        {"responses": [{"status": 200}]},
        {"responses": None},
    ],
)
async def test_batch_that_makes_no_sense_concludes_nothing(
    azurite: str, queue_names: Iterator[str], body: dict[str, Any]
) -> None:
    async with service(azurite, queue_names) as running:
        running.graph.faults.add(Fault(path="batch", status=200, body=body))
        read = user_reads.user(USER_ID)
        with pytest.raises(GraphUnavailable, match="the user"):
            (await running.converter.graph.read([read], TRACE)).fact(read)


async def test_batch_that_is_refused_whole_makes_every_fact_unknown(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        running.graph.faults.add(Fault(path="batch", status=403))
        read = user_reads.user(USER_ID)
        fact = (await running.converter.graph.read([read], TRACE)).fact(read)
    assert fact == Unread("the user", "User.Read.All", 403)


@pytest.mark.parametrize(
    "answer",
    [
        Fault(path=POST, status=201, body={}, effect=True),
        Fault(path=POST, status=200, body={}, effect=True),
        Fault(path=POST, status=202, html="<html>", effect=True),
        Fault(path=POST, status=507, effect=True),
        *(
            Fault(path=POST, status=201, body={**MADE, name: wrong}, effect=True)
            for name in MADE
            for wrong in WRONG
        ),
        Fault(path=POST, status=201, body={**MADE, "invitedUser": {"id": 7}}, effect=True),
    ],
)
@pytest.mark.usefixtures("at_once")
async def test_answer_to_an_invitation_that_makes_no_sense_leaves_it_in_doubt(
    azurite: str, queue_names: Iterator[str], caplog: pytest.LogCaptureFixture, answer: Fault
) -> None:
    async with service(azurite, queue_names) as running:
        running.graph.faults.add(replace(answer, times=1))
        with caplog.at_level("INFO"):
            await running.handle(request())
        assert await running.events() == []
        (line,) = lines(caplog)
        assert (line["status"], "inviting the user" in line["why"]) == ("deferred", True)
        outcome = await running.outcome(await running.waiting())
        assert (outcome["status"], len(running.invited())) == ("invited", 1)


async def test_refusal_without_graphs_error_shape_is_still_a_refusal(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        running.graph.faults.add(Fault(path="invitations", status=400, body={"error": "html"}))
        outcome = await running.outcome(request())
    assert outcome["reasons"][0]["code"] == "graphRefused"
    assert outcome["graph"]["status"] == 400


@pytest.mark.parametrize("status", [429, 503])
async def test_no_read_of_any_kind_is_tried_before_graph_lets(status: int) -> None:
    read = user_reads.user(USER_ID)
    async with GraphEmulator(tenant()) as emulator:
        emulator.faults.add(Fault(path=r"\$batch$", status=status, retry_after=60, times=1))
        graph = Graph(emulator.url, None)
        with pytest.raises(GraphUnavailable):
            await graph.read([read], TRACE)
        asked = len(emulator.requests)
        for call in (
            lambda: graph.read([read], TRACE),
            lambda: graph.read_alone(read, TRACE),
            lambda: graph.read_beta(read, TRACE),
            lambda: graph.page("/users/delta", "reading", TRACE),
            lambda: graph.subscribe("POST", "", {}, TRACE),
        ):
            with pytest.raises(GraphUnavailable) as held:
                await call()
            assert 59 <= (held.value.retry_after or 0) <= 60
        await graph.close()
    assert asked == len(emulator.requests) == 1


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
    lee = kim(
        id=OTHER_ID, userPrincipalName="lee@contoso.example", otherMails=["lee@partner.example"]
    )
    later = request(
        requestId="R-2",
        invitedUser={"id": OTHER_ID},
        invitedUserEmailAddress="lee@partner.example",
    )
    async with service(azurite, queue_names, tenant(kim(), lee)) as running:
        running.graph.faults.add(Fault(path="/invitations$", status=429, retry_after=60))
        # The second has its place, and reads on while the first is throttled.
        running.graph.faults.add(Fault(method="BATCH GET", path=OTHER_ID, hang_ms=700))
        await asyncio.gather(running.handle(request()), running.handle(later))
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


async def test_bytes_that_are_no_json_are_an_empty_answer(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        running.graph.faults.add(Fault(path="batch", status=502, html="<h1>Bad gateway</h1>"))
        with pytest.raises(GraphUnavailable) as caught:
            await running.converter.graph.read([user_reads.user(USER_ID)], TRACE)
    assert caught.value.status == 502
    assert "<h1>" not in str(caught.value)


async def test_batch_that_is_not_found_says_nothing_of_what_was_asked_in_it(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        running.graph.faults.add(Fault(path=r"\$batch$", status=404))
        with pytest.raises(GraphUnavailable) as caught:
            await running.converter.graph.read([user_reads.user(USER_ID)], TRACE)
    assert caught.value.status == 404


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
