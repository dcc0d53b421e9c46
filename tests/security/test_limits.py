"""What the operator sets bounds to: S10, S11."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.directory import (
    GROUP_ID,
    OTHER_ID,
    USER_ID,
    kim,
    request,
    tenant,
)
from tests.security.attempts import group
from tests.service import service, taken
from tests.waiting import waits

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.mark.usefixtures("at_once")
async def test_s10_paused_request_waits_says_so_once_and_goes_on_by_itself(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, CONVERSIONS_PAUSED="true") as running:
        await running.handle(request())
        await running.handle(await running.waiting())
        again = await running.waiting()
        assert running.graph.requests == []
        (event,) = await running.events()
        assert (event["type"], event["data"]["reasons"][0]["code"]) == (
            "B2BConversion.Deferred", "conversionsPaused",
        )  # fmt: skip
        assert (await running.outcome(request(mode="check")))["status"] == "eligible"
    async with service(azurite, queue_names) as running:
        outcome = await running.outcome(again)
    assert (outcome["requestId"], outcome["status"]) == ("R-1", "invited")


@pytest.mark.usefixtures("at_once")
async def test_s10_daily_limit_holds_and_loses_nothing(
    azurite: str, queue_names: Iterator[str]
) -> None:
    users = [
        kim(
            id=f"{n}" * 8 + USER_ID[8:],
            userPrincipalName=f"u{n}@contoso.example",
            otherMails=[f"u{n}@partner.example"],
        )
        for n in range(1, 6)
    ]
    async with service(azurite, queue_names, tenant(*users), DAILY_LIMIT="3") as running:
        for number, user in enumerate(users):
            message = {"requestId": f"R-{number}", "invitedUser": {"id": user["id"]}}
            await running.handle(message)
        assert len(running.invited()) == 3
        events = await running.events()
        found = [event["data"]["status"] for event in events]
        assert sorted(found) == ["deferred", "deferred", "invited", "invited", "invited"]
        held = await taken(running.requests)
        assert len(held) == 2
    async with service(azurite, queue_names, tenant(*users)) as running:
        for text in held:
            await running.handle(text.encode())
        assert [event["data"]["status"] for event in await running.events()] == ["invited"] * 2


async def test_s10_request_that_waits_does_not_show_before_its_time(
    azurite: str, queue_names: Iterator[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    waited = waits(monkeypatch)
    async with service(azurite, queue_names, CONVERSIONS_PAUSED="true") as running:
        await running.handle(request())
        assert waited == [300]
        assert await taken(running.requests) == []
        properties = await running.requests.get_queue_properties()
        assert properties.approximate_message_count == 1


@pytest.mark.parametrize(
    ("members", "nested", "status"),
    [([USER_ID], False, "invited"), ([USER_ID], True, "invited"), ([], False, "ineligible")],
)
async def test_s11_only_members_of_the_convertible_group_are_converted(
    azurite: str,
    queue_names: Iterator[str],
    members: list[str],
    nested: bool,  # noqa: FBT001
    status: str,
) -> None:
    groups = [group(id=GROUP_ID, members=members)]
    if nested:
        groups = [group(id=OTHER_ID, members=members), group(members=[OTHER_ID])]
    of_tenant = tenant(groups=groups)
    async with service(azurite, queue_names, of_tenant, CONVERTIBLE_GROUP_ID=GROUP_ID) as running:
        assert (await running.outcome(request()))["status"] == status
