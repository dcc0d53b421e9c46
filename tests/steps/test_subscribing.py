"""The subscription to events: made, renewed, made anew, and what it missed is asked for."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from converters.model.errors import GraphRefused, GraphUnavailable, NotRead
from converters.model.trace import Trace
from converters.steps import subscribing
from local.graph import Fault
from tests.directory import GROUP_ID, USER_ID, kim, tenant
from tests.events import EVENTS, GROUP, STATE, of_type
from tests.service import Service, service, taken
from tests.telling import lines

if TYPE_CHECKING:
    from collections.abc import Iterator

TOPIC = (
    "/subscriptions/99999999-aaaa-4aaa-8aaa-999999999999/resourceGroups/rg-b2b"
    "/providers/Microsoft.EventGrid/partnerTopics/users"
)
ON = {**EVENTS, "EVENTS_PARTNER_TOPIC": TOPIC, "EVENTS_LOCATION": "westeurope"}
URL = (
    "EventGrid:?azuresubscriptionid=99999999-aaaa-4aaa-8aaa-999999999999&resourcegroup=rg-b2b"
    "&partnertopic=users&location=westeurope"
)
NESTED_ID = "33333333-cccc-4ccc-8ccc-444444444444"
DAY = timedelta(days=1)


def person(number: int) -> dict[str, Any]:
    """Return another user who can be converted."""
    return kim(
        id=f"{number:08}-aaaa-4aaa-8aaa-111111111111",
        userPrincipalName=f"p{number}@contoso.example",
        otherMails=[f"p{number}@partner.example"],
    )


def directory(*users: dict[str, Any], members: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return a tenant whose convertible group has these members."""
    groups = [GROUP | {"members": list(members)}, {**GROUP, "id": NESTED_ID, "members": []}]
    return tenant(*users, groups=groups)


async def run(running: Service) -> None:
    """Let the timer strike."""
    assert running.converter.subscriber
    await running.converter.subscriber.run()


async def asked(running: Service) -> list[str]:
    """Take what waits in the requests queue; return whom it is about."""
    texts = await taken(running.requests)
    return sorted(json.loads(text)["data"]["request"]["invitedUser"]["id"] for text in texts)


def alive(running: Service) -> list[dict[str, Any]]:
    """Return the subscriptions that Graph has."""
    return running.graph.tenant.subscriptions.alive(running.graph.tenant.now())


def later(running: Service, monkeypatch: pytest.MonkeyPatch, by: timedelta) -> None:
    """Let so much time pass, for Graph and for the service."""
    now, clock = running.graph.tenant.now() + by, running.converter.clock
    running.graph.tenant.now = lambda: now
    seconds = clock.now() + by.total_seconds()
    monkeypatch.setattr(type(clock), "now", lambda _: seconds)


def calls(running: Service, method: str) -> list[str]:
    """Return the paths of the calls with a method, batches left out."""
    seen = [each.path for each in running.graph.requests if each.method == method]
    return [path.removeprefix("/v1.0/") for path in seen if "batch" not in path]


async def test_there_is_nothing_to_keep_without_a_topic(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, directory(), **EVENTS) as running:
        assert running.converter.subscriber is None


async def test_subscription_is_made_once_and_as_graph_wants_it(
    azurite: str, queue_names: Iterator[str], caplog: pytest.LogCaptureFixture
) -> None:
    async with service(azurite, queue_names, directory(), **ON) as running:
        with caplog.at_level("INFO"):
            await run(running)
            await run(running)
        (one,) = alive(running)
        assert (one["notificationUrl"], one["lifecycleNotificationUrl"]) == (URL, URL)
        assert (one["changeType"], one["resource"]) == ("updated,deleted", "users")
        assert one["clientState"] == STATE
        assert calls(running, "POST") == ["subscriptions"]
        assert calls(running, "PATCH") == []
        assert await asked(running) == []
    first, second = lines(caplog, "subscription")
    assert (first["state"], second["state"]) == ("made", "active")
    assert 27.9 < second["daysLeft"] <= 28
    assert (second["ageDays"], second["gap"], second["enqueued"]) == (0, False, 0)
    assert second["subscriptionId"] == one["id"]


async def test_subscription_is_renewed_a_week_on_and_never_ends(
    azurite: str,
    queue_names: Iterator[str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with service(azurite, queue_names, directory(), **ON) as running:
        await run(running)
        (one,) = alive(running)
        with caplog.at_level("INFO"):
            for _ in range(35):
                later(running, monkeypatch, DAY)
                await run(running)
        assert [each["id"] for each in alive(running)] == [one["id"]]
        assert len(calls(running, "PATCH")) == 5
        assert min(line["daysLeft"] for line in lines(caplog, "subscription")) > 20.9
        assert lines(caplog, "subscription")[-1]["ageDays"] == pytest.approx(35, abs=0.1)


@pytest.mark.parametrize("fails", [False, True])
async def test_reauthorization_is_answered_at_once_or_by_the_next_run(
    azurite: str, queue_names: Iterator[str], *, fails: bool
) -> None:
    async with service(azurite, queue_names, directory(), **ON) as running:
        await run(running)
        if fails:
            running.graph.faults.add(Fault(method="PATCH", status=503, times=1))
        notice = of_type("Microsoft.Graph.SubscriptionReauthorizationRequired")
        await running.handle(notice)
        assert len(calls(running, "PATCH")) == 1
        await run(running)
        assert len(calls(running, "PATCH")) == 1 + fails
        await run(running)
        assert len(calls(running, "PATCH")) == 1 + fails


async def test_removed_subscription_is_made_anew_and_who_was_changed_meanwhile_is_asked_for(
    azurite: str,
    queue_names: Iterator[str],
) -> None:
    people = [person(number) for number in range(1, 8)]
    async with service(azurite, queue_names, directory(*people), **ON) as running:
        await run(running)
        (one,) = alive(running)
        running.graph.tenant.subscriptions.remove(one["id"])
        for user in people[:5]:
            running.graph.tenant.change_user(user["id"], displayName="New")
        await run(running)
        (other,) = alive(running)
        assert other["id"] != one["id"]
        assert await asked(running) == [user["id"] for user in people[:5]]
        await run(running)
        assert await asked(running) == []


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


async def age(running: Service, name: str, seconds: float) -> None:
    """Let a time in the subscription's row be as long ago."""
    (row,) = [row for row in await running.rows() if row["RowKey"] == "standing"]
    row[name] -= seconds
    await running.ledger.update_entity(row)


async def test_lost_answer_leads_to_no_second_subscription(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, directory(), **ON) as running:
        running.graph.faults.add(Fault(method="POST", path="subscriptions", drop="after", times=1))
        with pytest.raises(GraphUnavailable):
            await run(running)
        (one,) = alive(running)
        await run(running)
        assert alive(running) == [one]
        assert calls(running, "POST") == ["subscriptions"]


async def test_in_doubt_none_is_made_until_graph_would_show_it(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, directory(), **ON) as running:
        running.graph.faults.add(Fault(method="POST", path="subscriptions", drop="before", times=1))
        for error in (GraphUnavailable, subscribing.InDoubtError):
            with pytest.raises(error):
                await run(running)
        assert alive(running) == []
        await age(running, "Trying", 100)
        await run(running)
        assert len(alive(running)) == 1


async def test_only_one_of_two_instances_looks_after_it(
    azurite: str, queue_names: Iterator[str], caplog: pytest.LogCaptureFixture
) -> None:
    async with service(azurite, queue_names, directory(), **ON) as running:
        standings = running.converter.ledger.standings
        held = await standings.claim(100)
        assert held
        with caplog.at_level("INFO"):
            await run(running)
        assert (alive(running), lines(caplog, "subscription")) == ([], [])
        await standings.ask(renew=True)
        written = await standings.write(held, Renew=0.0, Busy=0.0)
        assert written.renew
        await run(running)
        assert len(alive(running)) == 1


async def test_another_client_state_makes_another_subscription_and_removes_the_old(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, directory(), **ON) as running:
        await run(running)
        (old,) = alive(running)
        renamed = running.with_settings(EVENTS_CLIENT_STATE="another word")
        await run(renamed)
        (new,) = alive(running)
        assert new["id"] != old["id"]
        assert new["clientState"] == "another word"
        await run(renamed)
        assert alive(running) == [new]


@pytest.mark.parametrize("status", [403, 400])
async def test_refusal_is_told_and_tried_again(
    azurite: str, queue_names: Iterator[str], caplog: pytest.LogCaptureFixture, status: int
) -> None:
    async with service(azurite, queue_names, directory(), **ON) as running:
        running.graph.faults.add(
            Fault(method="POST", path="subscriptions", status=status, code="No", times=1)
        )
        with pytest.raises(GraphRefused):
            await run(running)
        (line,) = lines(caplog, "subscription")
        assert (line["state"], line["error"]) == ("failed", "GraphRefused")
        await run(running)
        assert len(alive(running)) == 1


async def test_subscriptions_that_cannot_be_read_are_not_taken_for_none(
    azurite: str, queue_names: Iterator[str]
) -> None:
    wrong: list[dict[str, Any]] = [{}, {"value": [{"id": "x"}]}, {"value": [{}]}]
    async with service(azurite, queue_names, directory(), **ON) as running:
        for body in wrong:
            running.graph.faults.add(
                Fault(method="GET", path="^/subscriptions", status=200, body=body, times=1)
            )
            with pytest.raises(NotRead):
                await run(running)
        assert alive(running) == []


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


async def test_notice_that_ended_in_the_poison_queue_is_done_all_the_same(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, directory(), **ON) as running:
        await run(running)
        running.graph.tenant.change_user(USER_ID, displayName="New")
        notice = of_type("Microsoft.Graph.Missed", lifecycleEvent="missed")
        await running.poison.send_message(json.dumps(notice))
        await running.converter.sweeper.sweep()
        await run(running)
        assert await asked(running) == [USER_ID]


async def test_subscription_of_somebody_else_is_left_alone_and_a_second_of_ours_is_removed(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, directory(), **ON) as running:
        await run(running)
        (one,) = alive(running)
        subscriptions = running.graph.tenant.subscriptions
        twin = {name: value for name, value in one.items() if name != "id"}
        other = subscriptions.add({**twin, "notificationUrl": URL + "x"})
        subscriptions.add(twin)
        await run(running)
        assert [each["id"] for each in alive(running)] == [one["id"], other["id"]]


async def test_subscription_that_is_gone_when_it_is_renewed_is_made_anew_at_once(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, directory(), **ON) as running:
        await run(running)
        gone = Fault(method="PATCH", path="subscriptions", status=404, code="No", times=1)
        running.graph.faults.add(gone)
        await running.handle(of_type("Microsoft.Graph.SubscriptionReauthorizationRequired"))
        assert len(alive(running)) == 1
        assert calls(running, "POST") == ["subscriptions", "subscriptions"]


async def test_answer_that_makes_no_sense_leaves_it_in_doubt(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, directory(), **ON) as running:
        running.graph.faults.add(
            Fault(method="POST", path="subscriptions", status=201, body={"id": "x"}, times=1)
        )
        for error in (GraphUnavailable, subscribing.InDoubtError):
            with pytest.raises(error):
                await run(running)


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


async def test_run_that_takes_too_long_is_ended_and_told(
    azurite: str, queue_names: Iterator[str], caplog: pytest.LogCaptureFixture
) -> None:
    keys = ON | {"INVOCATION_SECONDS": "5"}
    async with service(azurite, queue_names, directory(kim()), **keys) as running:
        await run(running)
        running.graph.faults.add(Fault(path="^/groups/delta", hang_ms=6000, times=1))
        caplog.clear()
        with pytest.raises(GraphUnavailable):
            await run(running)
        (line,) = lines(caplog, "subscription")
        assert (line["state"], line["error"]) == ("failed", "GraphUnavailable")
        assert line["daysLeft"] > 27


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
