"""What no event told of is asked for: changes in a gap, and who comes into the group."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from converters.model.errors import GraphUnavailable
from converters.model.trace import Trace
from converters.steps import subscribing
from local.graph import Fault
from tests.directory import GROUP_ID, USER_ID, kim
from tests.events import of_type
from tests.service import service, taken
from tests.subscribing import (
    DAY,
    NESTED_ID,
    ON,
    age,
    alive,
    asked,
    directory,
    later,
    person,
    row_of,
    run,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


async def test_changes_that_graph_says_it_missed_are_asked_for(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, directory(), **ON) as running:
        await run(running)
        running.graph.tenant.change_user(USER_ID, displayName="New")
        await running.handle(of_type("Microsoft.Graph.Missed", lifecycleEvent="missed"))
        assert await asked(running) == [USER_ID]
        assert len(alive(running)) == 1


async def test_who_is_changed_between_the_first_look_and_the_subscription_is_not_lost(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, directory(), **ON) as running:
        running.graph.faults.add(Fault(method="POST", path="subscriptions", status=503, times=1))
        with pytest.raises(GraphUnavailable):
            await run(running)
        running.graph.tenant.change_user(USER_ID, displayName="New")
        await age(running, "Trying", 100)
        await run(running)
        assert await asked(running) == [USER_ID]


async def test_who_comes_into_the_group_is_asked_for_and_nobody_else(
    azurite: str, queue_names: Iterator[str]
) -> None:
    people = [person(number) for number in range(1, 8)]
    was_there = tuple(user["id"] for user in people[:5])
    of_tenant = directory(kim(), *people, members=was_there)
    async with service(azurite, queue_names, of_tenant, **ON) as running:
        await run(running)
        await run(running)
        assert await asked(running) == []
        memberships = running.graph.tenant.memberships
        memberships.add(GROUP_ID, USER_ID)
        memberships.remove(GROUP_ID, people[0]["id"])
        memberships.add(NESTED_ID, people[6]["id"])
        await run(running)
        assert await asked(running) == [USER_ID]
        memberships.add(GROUP_ID, NESTED_ID)
        await run(running)
        # Through a group that came in: everybody is looked at, whoever was invited is left alone.
        assert people[6]["id"] in await asked(running)
        await run(running)
        assert await asked(running) == []


async def test_tokens_that_are_too_old_lose_nobody_in_the_group(
    azurite: str, queue_names: Iterator[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [person(number) for number in range(1, 8)]
    of_tenant = directory(*people, members=tuple(user["id"] for user in people[:5]))
    async with service(azurite, queue_names, of_tenant, **ON) as running:
        await run(running)
        later(running, monkeypatch, 40 * DAY)
        running.graph.tenant.memberships.add(GROUP_ID, people[6]["id"])
        await run(running)
        wanted = {user["id"] for user in [*people[:5], people[6]]}
        assert set(await asked(running)) == wanted
        later(running, monkeypatch, timedelta(minutes=10))
        await run(running)
        assert await asked(running) == []
        assert len(alive(running)) == 1


async def test_users_link_that_graph_no_longer_knows_leads_to_everybody_in_the_group(
    azurite: str, queue_names: Iterator[str]
) -> None:
    people = [person(number) for number in range(1, 4)]
    members = [user["id"] for user in people]
    of_tenant = directory(kim(), *people, members=tuple(members))
    async with service(azurite, queue_names, of_tenant, **ON) as running:
        await run(running)
        at_first = await row_of(running, "users")
        await running.ledger.update_entity(at_first | {"Since": at_first["Since"] - 3600})
        fault = Fault(path="^/users/delta.*token=(?!latest)", status=410, times=1)
        running.graph.faults.add(fault)
        await running.handle(of_type("Microsoft.Graph.Missed", lifecycleEvent="missed"))
        assert await asked(running) == members
        anew = await row_of(running, "users")
        assert at_first["Spare"] not in {anew["Link"], anew["Spare"]}
        assert anew["Since"] >= at_first["Since"] - 1
        running.graph.tenant.change_user(USER_ID, displayName="New")
        await running.handle(of_type("Microsoft.Graph.Missed", lifecycleEvent="missed"))
        assert await asked(running) == [USER_ID]


async def test_group_that_cannot_be_read_on_at_the_first_look_leaves_nobody_out(
    azurite: str, queue_names: Iterator[str]
) -> None:
    people = [person(number) for number in range(1, 4)]
    members = [user["id"] for user in people]
    of_tenant = directory(*people, members=tuple(members))
    async with service(azurite, queue_names, of_tenant, **ON) as running:
        following = f"{running.graph.url}/v1.0/groups/delta?$skiptoken=gone"
        half = {"value": [], "@odata.nextLink": following}
        running.graph.faults.add(Fault(path="skiptoken=gone", status=410, times=1))
        running.graph.faults.add(Fault(path="^/groups/delta", status=200, body=half, times=1))
        await run(running)
        assert await asked(running) == members
        assert (await row_of(running, f"group {GROUP_ID}"))["Link"]


async def test_all_who_were_asked_for_are_counted(azurite: str, queue_names: Iterator[str]) -> None:
    people = [person(number) for number in range(1, 4)]
    async with service(azurite, queue_names, directory(kim(), *people), **ON) as running:
        await run(running)
        running.graph.tenant.change_user(USER_ID, displayName="New")
        for user in people:
            running.graph.tenant.memberships.add(GROUP_ID, user["id"])
        running.graph.tenant.memberships.add(GROUP_ID, NESTED_ID)
        assert running.converter.subscriber
        reading = running.converter.subscriber.catching_up
        trace = Trace("00000000-0000-4000-8000-000000000000")
        # One was changed, four came in, one of them a group; and so all three members are read.
        told, whole = await reading.catch_up(trace, math.inf, gap=True)
        assert (told, whole) == (len(await asked(running)), True)
        assert told >= 1 + 3 + 3


async def test_hire_who_is_put_into_the_group_is_invited(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, directory(), **ON) as running:
        await run(running)
        running.graph.tenant.memberships.add(GROUP_ID, USER_ID)
        await run(running)
        for text in await taken(running.requests):
            await running.handle(text.encode())
        (event,) = await running.events()
        assert event["data"]["status"] == "invited"
        assert len(running.invited()) == 1


async def test_long_absence_of_the_timer_is_a_gap(azurite: str, queue_names: Iterator[str]) -> None:
    async with service(azurite, queue_names, directory(), **ON) as running:
        await run(running)
        running.graph.tenant.change_user(USER_ID, displayName="New")
        await run(running)
        assert await asked(running) == []
        await age(running, "Checked", subscribing.ABSENT_SECONDS + 1)
        await run(running)
        assert await asked(running) == [USER_ID]


async def test_gap_is_open_until_reads_have_settled(
    azurite: str, queue_names: Iterator[str]
) -> None:
    keys = ON | {"SETTLE_SECONDS": "300"}
    async with service(azurite, queue_names, directory(), **keys) as running:
        await run(running)
        running.graph.tenant.change_user(USER_ID, displayName="Seen late")
        await run(running)
        assert await asked(running) == [USER_ID]
        await age(running, "Gap", 301)
        await run(running)
        running.graph.tenant.change_user(USER_ID, displayName="Told by an event")
        await run(running)
        assert await asked(running) == []


async def test_throttled_graph_is_left_alone_and_the_next_run_goes_on(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, directory(kim()), **ON) as running:
        await run(running)
        running.graph.tenant.memberships.add(GROUP_ID, USER_ID)
        throttled = Fault(method="GET", path="^/groups/delta", status=429, retry_after=0.0, times=1)
        running.graph.faults.add(throttled)
        with pytest.raises(GraphUnavailable):
            await run(running)
        await run(running)
        assert await asked(running) == [USER_ID]


async def test_reading_leaves_off_in_time_and_goes_on_from_there(
    azurite: str, queue_names: Iterator[str]
) -> None:
    people = [person(number) for number in range(1, 8)]
    async with service(azurite, queue_names, directory(*people), **ON) as running:
        await run(running)
        for user in people:
            running.graph.tenant.memberships.add(GROUP_ID, user["id"])
        assert running.converter.subscriber
        reading = running.converter.subscriber.catching_up
        trace = Trace("00000000-0000-4000-8000-000000000000")
        assert await reading.catch_up(trace, 0, gap=True) == (0, False)
        await run(running)
        assert await asked(running) == [user["id"] for user in people]


async def test_link_of_the_users_is_kept_young_and_a_day_behind(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, directory(), **ON) as running:
        await run(running)
        at_first = await row_of(running, "users")
        # What a late word of Graph's is about was before the young link, and after the old one.
        running.graph.tenant.change_user(USER_ID, displayName="New")
        await running.ledger.update_entity(at_first | {"Since": at_first["Since"] - 25 * 3600})
        await run(running)
        rolled = await row_of(running, "users")
        assert rolled["Link"] == at_first["Spare"]
        assert rolled["Spare"] != at_first["Spare"]
        assert rolled["Since"] >= at_first["Since"]
        await run(running)
        assert (await row_of(running, "users"))["Link"] == rolled["Link"]
        await running.handle(of_type("Microsoft.Graph.Missed", lifecycleEvent="missed"))
        assert await asked(running) == [USER_ID]


async def test_members_are_read_from_the_start_again_where_their_page_is_gone(
    azurite: str, queue_names: Iterator[str]
) -> None:
    people = [person(number) for number in range(1, 6)]
    of_tenant = directory(*people, members=tuple(user["id"] for user in people))
    async with service(azurite, queue_names, of_tenant, **ON) as running:
        await run(running)
        running.graph.tenant.memberships.add(GROUP_ID, NESTED_ID)
        lost = Fault(method="GET", path=r"transitiveMembers.*skiptoken", status=410, times=1)
        running.graph.faults.add(lost)
        await run(running)
        # The first page's, and then everybody.
        found = await asked(running)
        assert set(found) == {user["id"] for user in people}
        assert len(found) > len(people)
        # Twice would be another list, half read, that is begun anew.
        row = await row_of(running, "members")
        await running.ledger.update_entity(row | {"Link": "/groups/x?$skiptoken=half"})
        running.graph.tenant.memberships.remove(GROUP_ID, NESTED_ID)
        running.graph.tenant.memberships.add(GROUP_ID, NESTED_ID)
        await run(running)
        assert set(await asked(running)) == {user["id"] for user in people}


async def test_members_that_are_half_read_are_read_anew_where_more_are_to_be_read(
    azurite: str, queue_names: Iterator[str]
) -> None:
    people = [person(number) for number in range(1, 6)]
    of_tenant = directory(*people, members=tuple(user["id"] for user in people))
    async with service(azurite, queue_names, of_tenant, **ON) as running:
        await run(running)
        running.graph.tenant.memberships.add(GROUP_ID, NESTED_ID)
        running.graph.faults.add(
            Fault(method="GET", path=r"transitiveMembers.*skiptoken", status=503, times=1)
        )
        with pytest.raises(GraphUnavailable):
            await run(running)
        first = await asked(running)
        assert 0 < len(first) < len(people)
        assert "skiptoken" in (await row_of(running, "members"))["Link"]
        running.graph.tenant.memberships.remove(GROUP_ID, NESTED_ID)
        running.graph.tenant.memberships.add(GROUP_ID, NESTED_ID)
        await run(running)
        assert set(await asked(running)) == {user["id"] for user in people}


async def test_first_link_that_is_not_had_is_no_start(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, directory(), **ON) as running:
        body = {"value": [], "@odata.nextLink": f"{running.graph.url}/v1.0/users/delta?x"}
        running.graph.faults.add(Fault(path="^/users/delta", status=200, body=body, times=1))
        with pytest.raises(GraphUnavailable):
            await run(running)
        assert alive(running) == []
        await run(running)
        assert len(alive(running)) == 1
