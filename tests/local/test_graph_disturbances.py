"""Faults, throttling and replication lag."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest

from local.graph import Fault, Limits
from local.graph.errors import GraphError
from local.graph.throttling import Throttle
from tests.local.test_graph_http import ADDRESS, KIM, Client, directory, emulated, kim

BODY = {
    "invitedUser": {"id": KIM},
    "invitedUserEmailAddress": ADDRESS,
    "inviteRedirectUrl": "https://myapps.microsoft.com",
}
STATE = f"users/{KIM}?$select=externalUserState"


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Return them."""
        return self.now


async def state(client: Client) -> object:
    """Return Kim's state as reads show it."""
    return (await client.get(STATE)).body["externalUserState"]


@pytest.mark.parametrize(("drop", "made"), [("before", 0), ("after", 1)])
async def test_answer_is_lost_before_or_after_the_effect(drop: str, made: int) -> None:
    async with emulated() as client:
        client.graph.faults.add(Fault("POST", "^/invitations$", drop=drop, times=1))
        with pytest.raises(aiohttp.ClientConnectionError):
            await client.post("invitations", BODY)
        assert len(client.graph.invitations) == made
        assert client.graph.requests[0].status is None
        assert (await client.post("invitations", BODY)).status == 201


async def test_dropped_item_cuts_the_whole_batch() -> None:
    items = [{"id": "1", "method": "GET", "url": "/domains"}]
    async with emulated() as client:
        client.graph.faults.add(Fault("BATCH GET", "^/domains", drop="before"))
        with pytest.raises(aiohttp.ClientConnectionError):
            await client.post("$batch", {"requests": items})


async def test_gateway_answers_with_a_page_though_the_invitation_was_made() -> None:
    async with emulated() as client:
        client.graph.faults.add(
            Fault("POST", "^/invitations$", status=502, html="<h1>Bad Gateway</h1>", effect=True)
        )
        reply = await client.post("invitations", BODY)
        assert (reply.status, reply.body) == (502, "<h1>Bad Gateway</h1>")
        assert reply.headers["Content-Type"] == "text/html"
        assert await state(client) == "PendingAcceptance"


async def test_answer_can_be_nonsense() -> None:
    async with emulated() as client:
        client.graph.faults.add(Fault(path="domains", status=200, body={"unexpected": []}))
        reply = await client.get("domains")
    assert (reply.status, reply.body) == (200, {"unexpected": []})


async def test_error_strikes_as_often_as_ordered_and_has_no_effect() -> None:
    fault = Fault("POST", "invitations", 503, "ServiceUnavailable", "later", times=2, retry_after=3)
    async with emulated() as client:
        client.graph.faults.add(fault)
        replies = [await client.post("invitations", BODY) for _ in range(3)]
        assert len(client.graph.invitations) == 1
    assert [reply.status for reply in replies] == [503, 503, 201]
    assert (replies[0].error, replies[0].headers["Retry-After"]) == (
        "ServiceUnavailable: later", "3",
    )  # fmt: skip


async def test_fault_strikes_by_chance_the_same_each_time() -> None:
    async def statuses(seed: int) -> list[int]:
        async with emulated(seed=seed) as client:
            client.graph.faults.add(Fault(path="domains", status=503, probability=0.5))
            return [(await client.get("domains")).status for _ in range(20)]

    first = await statuses(1)
    assert set(first) == {200, 503}
    assert (first == await statuses(1), first == await statuses(2)) == (True, False)


async def test_silence_lasts_as_long_as_ordered_then_the_truth_comes() -> None:
    async with emulated() as client:
        client.graph.faults.add(Fault(path="domains", hang_ms=1, times=1))
        assert (await client.get("domains")).status == 200
        client.graph.faults.add(Fault(path="domains", hang_ms=600_000))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.get("domains"), 0.05)
        assert (await client.get("organization")).status == 200


async def test_fault_matches_the_decoded_query() -> None:
    async with emulated() as client:
        client.graph.faults.add(Fault("GET", r"\$filter=mail eq 'x'", 500))
        assert (await client.find("users", "mail eq 'x'")).status == 500
        assert (await client.find("users", "mail eq 'y'")).status == 200


@pytest.mark.parametrize("wrong", [{"drop": "during"}, {"path": "("}])
def test_fault_that_never_strikes_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="fault"):
        Fault(**wrong)


async def test_users_own_fault_disturbs_reads_of_that_user_alone() -> None:
    fault = {"read": {"status": 503, "code": "ServiceUnavailable", "times": 1}}
    async with emulated(directory(kim(**{"$fault": fault}))) as client:
        assert (await client.get("users")).status == 200
        assert (await client.get(f"users/{KIM}")).status == 503
        assert (await client.get(f"users/{KIM}")).status == 200


async def test_invitations_are_throttled_and_free_again_later() -> None:
    clock = Clock()
    async with emulated(throttle=True, clock=clock) as client:
        replies = [await client.post("invitations", BODY) for _ in range(151)]
        clock.now += 4.5
        later = await client.post("invitations", BODY)
        clock.now += 0.5
        assert (await client.post("invitations", BODY)).status == 201
    assert [reply.status for reply in replies[-2:]] == [201, 429]
    assert (replies[-1].headers["Retry-After"], later.headers["Retry-After"]) == ("5", "1")
    shares = [reply.headers.get("x-ms-throttle-limit-percentage") for reply in replies[:150]]
    assert (shares[118], shares[119], shares[149]) == (None, "0.80", "1.00")


@pytest.mark.parametrize(("users", "units"), [(49, 3500), (50, 5000), (500, 5000), (501, 8000)])
def test_reads_are_limited_by_the_size_of_the_tenant(users: int, units: int) -> None:
    throttle = Throttle(Limits(), clock=Clock(), retry_after=False)
    throttle.count("read", units, users)
    with pytest.raises(GraphError) as caught:
        throttle.count("read", 1, users)
    assert (caught.value.status, caught.value.retry_after) == (429, None)


@pytest.mark.parametrize(
    ("path", "units"),
    [
        (f"users/{KIM}", "1"), (f"users/{KIM}?$select=id", "1"), ("users", "2"),
        ("users?$select=id", "1"), (f"users/{KIM}/transitiveMemberOf/graph.group", "2"),
    ],
)  # fmt: skip
async def test_read_says_what_it_cost(path: str, units: str) -> None:
    async with emulated(throttle=Limits(read_units=1000)) as client:
        assert (await client.get(path)).headers["x-ms-resource-unit"] == units


async def test_writes_have_a_limit_of_their_own() -> None:
    async with emulated(throttle=Limits(writes=1), clock=Clock()) as client:
        replies = [await client.send("PATCH", f"users/{KIM}", {"mail": None}) for _ in "12"]
    assert [reply.status for reply in replies] == [204, 429]
    assert replies[1].headers["Retry-After"] == "150"


async def test_reads_show_a_write_once_it_is_replicated() -> None:
    clock = Clock()
    async with emulated(lag_ms=60_000, clock=clock) as client:
        client.graph.tenant.replica.write(KIM, client.graph.tenant.users[KIM])
        clock.now += 60
        await client.post("invitations", BODY)
        assert await state(client) is None
        clock.now += 30
        await client.post("/_emulator/redeem", {"userId": KIM})
        assert await state(client) is None
        assert (await client.find("users", "externalUserState eq 'Accepted'")).ids == []
        clock.now += 30
        assert await state(client) == "PendingAcceptance"
        clock.now += 30
        assert await state(client) == "Accepted"


async def test_user_created_a_moment_ago_is_not_there_yet() -> None:
    clock = Clock()
    async with emulated({}, lag_ms=1000, clock=clock) as client:
        client.graph.tenant.add_user(kim())
        assert (await client.get(STATE)).status == 404
        assert (await client.get("users")).ids == []
        assert (await client.post("invitations", BODY)).status == 404
        clock.now += 1
        assert (await client.get(STATE)).status == 200
        assert (await client.post("invitations", BODY)).status == 201
