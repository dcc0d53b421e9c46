"""Requests that get in each other's way (R5, R6): one invites, the others are told."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

import pytest

from local.graph import Fault
from tests.directory import OTHER_ID, kim, request, tenant
from tests.service import service, taken
from tests.telling import codes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.service import Service

POST = "/invitations$"
pytestmark = pytest.mark.usefixtures("at_once")


async def test_r5_other_content_under_the_same_id_is_rejected_and_changes_nothing(
    azurite: str, queue_names: Iterator[str]
) -> None:
    users = [kim(), kim(id=OTHER_ID, userPrincipalName="o@contoso.example", otherMails=["o@x.y"])]
    async with service(azurite, queue_names, tenant(*users)) as running:
        first = await running.event(request())
        other = await running.event(request(invitedUser={"id": OTHER_ID}))
        again = await running.event(request())
    assert (other["data"]["status"], codes(other["data"]["reasons"])) == (
        "rejected", ["requestIdReused"],
    )  # fmt: skip
    assert other["id"] != first["id"] == again["id"]
    assert again["data"]["invitation"] == first["data"]["invitation"]


async def test_r5_nonsense_under_anothers_id_does_not_take_that_ones_outcomes_id(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        first = await running.event(request())
        other = await running.event(request(nonsense=1))
    assert other["data"]["requestId"] == first["data"]["requestId"]
    assert other["id"] != first["id"]


async def test_r6_of_two_requests_for_one_user_at_once_one_invites(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, SETTLE_SECONDS="300") as running:
        # As long as reads lag, the directory cannot keep the two apart.
        running.graph.set_lag(60_000)
        messages = [request(requestId=f"R-{number}") for number in range(8)]
        await asyncio.gather(*(running.handle(message) for message in messages))
        outcomes = [event["data"] for event in await running.events()]
        assert len(running.invited()) == 1
    found = sorted(outcome["status"] for outcome in outcomes)
    assert found.count("invited") == 1
    refused = [outcome for outcome in outcomes if outcome["status"] != "invited"]
    assert len(refused) == 7
    for outcome in refused:
        assert codes(outcome["reasons"]) in (["conversionInProgress"], ["invitationPending"])
        assert re.search(r"request R-\d", outcome["reasons"][0]["message"], re.IGNORECASE)


async def test_r6_request_after_another_invited_is_told_though_reads_lag(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, SETTLE_SECONDS="300") as running:
        running.graph.set_lag(60_000)
        await running.outcome(request())
        second = await running.outcome(request(requestId="R-2"))
        assert (second["status"], codes(second["reasons"])) == (
            "alreadyInvited", ["invitationPending"],
        )  # fmt: skip
        assert len(running.invited()) == 1


async def test_r6_claim_of_a_request_that_failed_stands_in_nobodys_way(
    azurite: str, queue_names: Iterator[str]
) -> None:
    refusing = kim(**{"$fault": {"invite": {"status": 400, "code": "x", "times": 1}}})
    async with service(azurite, queue_names, tenant(refusing), SETTLE_SECONDS="300") as running:
        assert (await running.outcome(request()))["status"] == "failed"
        assert (await running.outcome(request(requestId="R-2")))["status"] == "invited"


async def test_r6_claim_of_a_request_that_was_never_seen_again_ends(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        running.graph.faults.add(Fault(path=POST, drop="before", times=1))
        await running.handle(request())
        second = await running.outcome(request(requestId="R-2"))
        assert codes(second["reasons"]) == ["conversionInProgress"]
        await running.age_claim(running.converter.settings.doubt_seconds)
        assert (await running.outcome(request(requestId="R-3")))["status"] == "invited"


async def test_r6_deliveries_of_one_request_at_once_invite_once(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, SETTLE_SECONDS="300") as running:
        await asyncio.gather(*(running.handle(request()) for _ in range(8)))
        for text in await taken(running.requests):
            await running.handle(text.encode())
        events = await running.events()
        assert len(running.invited()) == 1
    assert {event["data"]["status"] for event in events} == {"invited"}
    assert len({event["id"] for event in events}) == 1


async def touched(running: Service) -> None:
    """Change the only claim, as another worker would that takes it over."""
    (claim,) = [row for row in await running.rows() if row["RowKey"] == "user"]
    await running.ledger.update_entity({**claim, "Touched": 1})


def outrun(running: Service) -> None:
    """Let another worker change the claim right before this one takes it over."""
    table = running.converter.ledger._rows._table  # noqa: SLF001 - the wire is what is outrun
    update = table.update_entity

    async def updating(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401
        table.update_entity = update  # type: ignore[method-assign]
        await touched(running)
        return await update(*arguments, **options)

    table.update_entity = updating  # type: ignore[method-assign]


async def test_r6_worker_that_is_outrun_while_it_takes_a_claim_over_posts_nothing(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        running.graph.faults.add(Fault(path=POST, drop="before", times=1))
        await running.handle(request())
        await running.age_claim(running.converter.settings.doubt_seconds)
        outrun(running)
        await running.handle(await running.waiting())
        assert (len(running.invited()), await running.events()) == (1, [])
        assert await running.waiting(), "it looks again"


async def test_r6_worker_that_is_outrun_while_it_asks_for_a_lost_url_posts_nothing(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        running.graph.faults.add(Fault(path=POST, drop="after", times=1))
        await running.handle(request(sendInvitationMessage=False))
        await running.age_claim(running.converter.settings.invocation_seconds)
        outrun(running)
        await running.handle(await running.waiting())
        assert (len(running.invited()), await running.events()) == (1, [])
        assert await running.waiting(), "it looks again"


async def test_r6_request_that_ended_before_it_claimed_again_does_not_count_as_ended(
    azurite: str, queue_names: Iterator[str]
) -> None:
    refused = {"status": 403, "code": "Unauthorized", "message": "Insufficient privileges"}
    user = kim(**{"$fault": {"invite": {**refused, "times": 1}}})
    keys = {"RETRY_HOURS": "0", "SETTLE_SECONDS": "300"}
    async with service(azurite, queue_names, tenant(user), **keys) as running:
        assert (await running.outcome(request()))["status"] == "failed"
        # Its second try has claimed the user, and its answer is lost.
        running.graph.faults.add(Fault(path=POST, drop="before", times=1))
        await running.handle(request())
        assert codes((await running.events())[0]["data"]["reasons"]) == ["graphUnavailable"]
        rival = await running.outcome(request(requestId="R-2"))
    assert codes(rival["reasons"]) == ["conversionInProgress"]
