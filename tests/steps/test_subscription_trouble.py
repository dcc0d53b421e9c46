"""Doubt, refusals, rivals: there is one subscription all the same, or a word in the log."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest

from converters.model.errors import GraphRefused, GraphUnavailable, LedgerUnavailable, NotRead
from converters.model.trace import Trace
from converters.steps import subscribing
from converters.storage.standings import Standings
from local.graph import Fault
from tests.directory import USER_ID, kim
from tests.events import of_type
from tests.service import service
from tests.subscribing import (
    ON,
    URL,
    age,
    alive,
    asked,
    calls,
    directory,
    row_of,
    run,
)
from tests.telling import lines

if TYPE_CHECKING:
    from collections.abc import Iterator


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
    more = {"value": [], "@odata.nextLink": "https://evil.example/v1.0/subscriptions"}
    wrong: list[dict[str, Any]] = [{}, {"value": [{"id": "x"}]}, {"value": [{}]}, more]
    async with service(azurite, queue_names, directory(), **ON) as running:
        for body in wrong:
            running.graph.faults.add(
                Fault(method="GET", path="^/subscriptions", status=200, body=body, times=1)
            )
            with pytest.raises(NotRead, match=r"it needs User\.Read\.All\)"):
                await run(running)
        assert alive(running) == []


async def test_notice_that_ended_in_the_poison_queue_is_done_all_the_same(
    azurite: str, queue_names: Iterator[str], caplog: pytest.LogCaptureFixture
) -> None:
    async with service(azurite, queue_names, directory(), **ON) as running:
        await run(running)
        running.graph.tenant.change_user(USER_ID, displayName="New")
        notice = of_type("Microsoft.Graph.Missed", lifecycleEvent="missed")
        await running.poison.send_message(json.dumps(notice))
        caplog.set_level(logging.INFO)
        await running.converter.sweeper.sweep()
        (told,) = [line for line in lines(caplog, "subscription") if "lifecycleEvent" in line]
        assert told["toDo"].startswith("Nothing")
        await run(running)
        assert await asked(running) == [USER_ID]


async def test_notice_that_the_service_sees_to_itself_is_no_warning(
    azurite: str, queue_names: Iterator[str], caplog: pytest.LogCaptureFixture
) -> None:
    async with service(azurite, queue_names, directory(), **ON) as running:
        await run(running)
        caplog.set_level(logging.INFO)
        await running.handle(of_type("Microsoft.Graph.Missed", lifecycleEvent="missed"))
    (told,) = [line for line in lines(caplog, "subscription") if "lifecycleEvent" in line]
    assert told["toDo"].startswith("Nothing")
    assert not [
        each
        for each in caplog.records
        if '"lifecycleEvent"' in each.getMessage() and each.levelno > logging.INFO
    ]


async def test_subscription_of_somebody_else_is_left_alone_and_a_second_of_ours_is_removed(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, directory(), **ON) as running:
        await run(running)
        (one,) = alive(running)
        subscriptions = running.graph.tenant.subscriptions
        twin = {name: value for name, value in one.items() if name != "id"}
        changes = ({"notificationUrl": URL + "x"}, {"resource": "groups"}, {"resource": "users/x"})
        others = [subscriptions.add({**twin, **change})["id"] for change in changes]
        subscriptions.add({**twin, "resource": "/Users/"})
        await run(running)
        assert [each["id"] for each in alive(running)] == [one["id"], *others]


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


@pytest.mark.parametrize(("method", "status", "fails"), [
    ("PATCH", 403, True), ("DELETE", 403, True), ("DELETE", 404, False),
])  # fmt: skip
async def test_refusals_of_renewal_and_removal_are_told_apart_from_what_is_gone(
    azurite: str, queue_names: Iterator[str], method: str, status: int, *, fails: bool
) -> None:
    async with service(azurite, queue_names, directory(), **ON) as running:
        await run(running)
        (one,) = alive(running)
        running.graph.tenant.subscriptions.add({n: v for n, v in one.items() if n != "id"})
        await running.converter.ledger.standings.ask(renew=True)
        running.graph.faults.add(Fault(method=method, path="subscriptions", status=status, times=1))
        if fails:
            with pytest.raises(GraphRefused):
                await run(running)
        else:
            await run(running)
        await run(running)
        assert [each["id"] for each in alive(running)] == [one["id"]]


@pytest.mark.parametrize("ends", [None, "2026-12-01T00:00:00", "tomorrow"])
async def test_subscription_whose_end_cannot_be_read_is_not_known(
    azurite: str, queue_names: Iterator[str], ends: str | None
) -> None:
    async with service(azurite, queue_names, directory(), **ON) as running:
        found = {"id": "x", "resource": "users", "notificationUrl": URL}
        body = {"value": [found | {"expirationDateTime": ends}]}
        running.graph.faults.add(Fault(path="^/subscriptions", status=200, body=body, times=1))
        with pytest.raises(NotRead):
            await run(running)


async def test_ledger_that_goes_away_in_between_ends_the_run_with_a_word(
    azurite: str,
    queue_names: Iterator[str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def away(*_: object, **__: object) -> None:
        raise LedgerUnavailable("no answer")

    async with service(azurite, queue_names, directory(), **ON) as running:
        await run(running)
        caplog.clear()
        monkeypatch.setattr(Standings, "write", away)
        with pytest.raises(LedgerUnavailable):
            await run(running)
        (line,) = lines(caplog, "subscription")
        assert (line["state"], line["error"]) == ("failed", "LedgerUnavailable")
        # How the subscription stands is known all the same.
        assert line["subscriptionId"] == alive(running)[0]["id"]


async def test_subscription_whose_row_is_lost_is_found_by_its_address(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, directory(), **ON) as running:
        await run(running)
        before = alive(running)
        row = await row_of(running, "standing")
        await running.ledger.delete_entity(row)
        await run(running)
        assert [one["id"] for one in alive(running)] == [before[0]["id"]]
        standing = await row_of(running, "standing")
        assert standing["Id"] == before[0]["id"]
        assert standing["State"] == row["State"]
        assert calls(running, "POST") == ["subscriptions"]


async def test_of_several_subscriptions_the_one_that_lasts_longest_stays(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, directory(), **ON) as running:
        await run(running)
        assert running.converter.subscriber
        subscriptions = running.converter.subscriber.subscriptions
        now = running.converter.clock.now()
        trace = Trace("00000000-0000-4000-8000-000000000000")
        made = [await subscriptions.make(now - ago * 86_400, trace) for ago in (9, 1, 5)]
        (kept, *_) = found = await subscriptions.ours(trace)
        assert [one.ends for one in found] == sorted((one.ends for one in found), reverse=True)
        assert {one.id for one in made} < {one.id for one in found}
        await running.ledger.delete_entity(await row_of(running, "standing"))
        await run(running)
        assert [one["id"] for one in alive(running)] == [kept.id]
