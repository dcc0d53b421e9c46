"""Looks: what is asked, what is whole, and how they share a batch."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from converters.graph.client import Graph
from converters.graph.looking import Looker
from converters.graph.standing_reads import standing
from converters.model.errors import GraphUnavailable
from converters.model.facts import Unread
from converters.model.redemption import ExternalIdentity, Standing
from converters.model.trace import Trace
from local.graph import GraphEmulator
from local.graph.faults import Fault
from tests.directory import USER_ID, tenant

WHOLE: dict[str, Any] = {
    "id": USER_ID,
    "accountEnabled": True,
    "externalUserState": "Accepted",
    "externalUserStateChangeDateTime": "2026-11-27T09:00:00Z",
    "identities": [
        {"signInType": "userPrincipalName", "issuer": "contoso.example", "issuerAssignedId": "k"},
        {"signInType": "federated", "issuer": "mail", "issuerAssignedId": "kim@partner.example"},
    ],
}


def test_whole_answer_is_a_standing() -> None:
    found = standing(USER_ID).fact(200, WHOLE)
    assert isinstance(found, Standing)
    assert found.identities == (ExternalIdentity("mail", "kim@partner.example"),)
    assert found.changed
    assert standing(USER_ID).fact(404, {}) is None
    nothing = standing(USER_ID).fact(200, WHOLE | {"identities": None})
    assert isinstance(nothing, Standing)
    assert nothing.identities is None


@pytest.mark.parametrize("name", sorted(WHOLE))
def test_answer_that_misses_anything_is_unread(name: str) -> None:
    missing = {key: value for key, value in WHOLE.items() if key != name}
    assert isinstance(standing(USER_ID).fact(200, missing), Unread)
    assert isinstance(standing(USER_ID).fact(200, WHOLE | {name: 7}), Unread)


@pytest.mark.parametrize(
    ("status", "body"),
    [(403, {}), (401, {}), (200, WHOLE | {"accountEnabled": None}),
     (200, WHOLE | {"id": "another"}), (200, WHOLE | {"error": {}})],
)  # fmt: skip
def test_answer_that_is_none_is_unread(status: int, body: dict[str, Any]) -> None:
    assert isinstance(standing(USER_ID).fact(status, body), Unread)


def users(count: int) -> list[dict[str, Any]]:
    return [
        {"id": f"11111111-aaaa-4aaa-8aaa-{number:012}", "userPrincipalName": f"u{number}@c.example"}
        for number in range(count)
    ]


async def test_looks_that_are_taken_together_share_a_batch() -> None:
    entries = users(45)
    async with GraphEmulator(tenant(*entries), latency_ms=50) as graph:
        client = Graph(graph.url, None)
        looker = Looker(client)
        found = await asyncio.gather(
            *(looker.look(entry["id"].upper(), Trace(USER_ID)) for entry in entries),
            looker.look(USER_ID, Trace(USER_ID)),
            looker.look(USER_ID, Trace(USER_ID)),
        )
        again = await looker.look(entries[0]["id"], Trace(USER_ID))
        await client.close()
        assert len(graph.requests) <= 5
    assert found[-2:] == [None, None]
    assert all(isinstance(each, Standing) for each in [*found[:-2], again])


async def test_batch_that_fails_fails_for_all_and_for_nobody_after() -> None:
    entries = users(3)
    async with GraphEmulator(tenant(*entries), latency_ms=20) as graph:
        client = Graph(graph.url, None)
        looker = Looker(client)
        graph.faults.add(Fault(path="batch", status=503, times=1))
        waiting = (looker.look(entry["id"], Trace(USER_ID)) for entry in entries)
        found = await asyncio.gather(*waiting, return_exceptions=True)
        assert all(isinstance(each, GraphUnavailable) for each in found)
        assert isinstance(await looker.look(entries[0]["id"], Trace(USER_ID)), Standing)
        await client.close()


async def test_look_that_is_given_up_harms_no_other() -> None:
    entries = users(2)
    async with GraphEmulator(tenant(*entries), latency_ms=100) as graph:
        client = Graph(graph.url, None)
        looker = Looker(client)
        first = asyncio.create_task(looker.look(entries[0]["id"], Trace(USER_ID)))
        second = asyncio.create_task(looker.look(entries[1]["id"], Trace(USER_ID)))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(first, 0.01)
        assert isinstance(await second, Standing)
        await client.close()
