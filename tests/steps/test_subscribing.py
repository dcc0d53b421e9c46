"""The subscription to events: made as Graph wants it, renewed, made anew where it is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local.graph import Fault
from tests.events import EVENTS, STATE, of_type
from tests.service import service
from tests.subscribing import (
    DAY,
    ON,
    URL,
    alive,
    asked,
    calls,
    directory,
    later,
    person,
    run,
)
from tests.telling import lines

if TYPE_CHECKING:
    from collections.abc import Iterator


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
    ids = {*first["graphRequestIds"], *second["graphRequestIds"]}
    assert len(ids) == len(running.graph.requests)


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
