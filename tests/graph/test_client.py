"""Answers of Graph's that conclude nothing are told from those that do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from azure.core.exceptions import ClientAuthenticationError

from converters.graph import user_reads
from converters.graph.client import Graph
from converters.model.errors import GraphUnavailable
from converters.model.facts import Unread
from converters.model.trace import Trace
from local.graph import Fault, GraphEmulator
from tests.directory import USER_ID, request, tenant
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
