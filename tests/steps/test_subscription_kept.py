"""Which subscription is kept where there are several, and the line that tells how it stands."""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from converters.model.errors import GraphRefused, GraphUnavailable, LedgerUnavailable
from converters.steps.catching_up import CatchingUp
from converters.steps.subscribing import InDoubtError
from converters.storage.standings import Standings
from local.graph import Fault
from tests.events import of_type
from tests.service import service
from tests.subscribing import DAY, ON, age, alive, calls, directory, later, row_of, run
from tests.telling import lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from converters.model.trace import Trace
    from converters.storage.standings import Standing

POST: dict[str, Any] = {"method": "POST", "path": "subscriptions", "times": 1}


async def test_line_tells_what_was_done_and_how_long_it_lasts(
    azurite: str,
    queue_names: Iterator[str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    async with service(azurite, queue_names, directory(), **ON) as running:
        await run(running)
        later(running, monkeypatch, timedelta(hours=5))
        await run(running)
        later(running, monkeypatch, 8 * DAY)
        await run(running)
    told = lines(caplog, "subscription")
    assert [line["state"] for line in told] == ["made", "active", "renewed"]
    assert [line["enqueued"] for line in told] == [0, 0, 0]
    # To the hundredth of a day.
    assert [line["ageDays"] for line in told] == [0.0, 0.21, 8.21]
    assert [line["daysLeft"] for line in told] == [28.0, 27.79, 28.0]
    assert {each.levelname for each in caplog.records if "daysLeft" in each.getMessage()} == {
        "INFO"
    }


async def test_line_of_a_failure_says_why(
    azurite: str, queue_names: Iterator[str], caplog: pytest.LogCaptureFixture
) -> None:
    async with service(azurite, queue_names, directory(), **ON) as running:
        running.graph.faults.add(Fault(**POST, status=403, code="No"))
        with pytest.raises(GraphRefused):
            await run(running)
    (line,) = lines(caplog, "subscription")
    assert "403 No" in line["why"]
    assert (line["gap"], line["enqueued"]) == (True, 0)
    assert (line["subscriptionId"], line["daysLeft"], line["ageDays"]) == (None, None, None)


async def test_one_that_is_known_stays_though_another_lasts_longer(
    azurite: str, queue_names: Iterator[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with service(azurite, queue_names, directory(), **ON) as running:
        await run(running)
        (known,) = alive(running)
        twin = {name: value for name, value in known.items() if name != "id"}
        later(running, monkeypatch, timedelta(hours=1))
        ends = running.graph.tenant.now() + timedelta(days=28)
        running.graph.tenant.subscriptions.add(
            {**twin, "expirationDateTime": ends.strftime("%Y-%m-%dT%H:%M:%SZ")}
        )
        assert len(alive(running)) == 2
        await run(running)
        assert [one["id"] for one in alive(running)] == [known["id"]]


async def test_run_claims_twice_its_time_and_catches_up_for_half_of_it(
    azurite: str, queue_names: Iterator[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    claimed, left = [], []
    claim, catch_up = Standings.claim, CatchingUp.catch_up

    async def claiming(standings: Standings, seconds: float) -> Standing | None:
        claimed.append(seconds)
        return await claim(standings, seconds)

    async def catching(
        self: CatchingUp, trace: Trace, ends: float, *, gap: bool
    ) -> tuple[int, bool]:
        left.append(ends - time.monotonic())
        return await catch_up(self, trace, ends, gap=gap)

    monkeypatch.setattr(Standings, "claim", claiming)
    monkeypatch.setattr(CatchingUp, "catch_up", catching)
    async with service(azurite, queue_names, directory(), **ON) as running:
        await run(running)
        most = running.converter.settings.invocation_seconds
    assert claimed == [2 * most]
    assert left == [pytest.approx(most / 2, abs=5)]


@pytest.mark.parametrize(("days", "renews"), [(20, True), (22, False)])
async def test_reauthorization_that_did_not_last_is_asked_for_again(
    azurite: str,
    queue_names: Iterator[str],
    days: int,
    renews: bool,  # noqa: FBT001 - a table
) -> None:
    async with service(azurite, queue_names, directory(), **ON) as running:
        await run(running)
        (one,) = alive(running)
        ends = running.graph.tenant.now() + days * DAY
        short = one | {"expirationDateTime": ends.strftime("%Y-%m-%dT%H:%M:%SZ")}
        running.graph.faults.add(
            Fault(method="PATCH", path="subscriptions", status=200, body=short, times=1)
        )
        await running.handle(of_type("Microsoft.Graph.SubscriptionReauthorizationRequired"))
        assert bool((await row_of(running, "standing"))["Renew"]) is renews


async def test_run_without_a_ledger_says_so(
    azurite: str, queue_names: Iterator[str], caplog: pytest.LogCaptureFixture
) -> None:
    async with service(azurite, queue_names, directory(), **ON) as running:
        await running.ledger.delete_table()
        with pytest.raises(LedgerUnavailable):
            await run(running)
        assert running.graph.requests == []
    (line,) = lines(caplog, "subscription")
    assert (line["state"], line["error"]) == ("failed", "LedgerUnavailable")


@pytest.mark.parametrize(
    ("fault", "error"),
    [({"status": 429, "retry_after": 0}, GraphUnavailable), ({"status": 403}, GraphRefused)],
    ids=["throttled", "refused"],
)
async def test_nothing_is_in_doubt_where_certainly_none_was_made(
    azurite: str, queue_names: Iterator[str], fault: dict[str, Any], error: type[Exception]
) -> None:
    async with service(azurite, queue_names, directory(), **ON) as running:
        running.graph.faults.add(Fault(**POST, **fault))
        with pytest.raises(error):
            await run(running)
        assert alive(running) == []
        await run(running)
        assert len(alive(running)) == 1


async def test_doubt_says_what_is_in_doubt(
    azurite: str, queue_names: Iterator[str], caplog: pytest.LogCaptureFixture
) -> None:
    async with service(azurite, queue_names, directory(), **ON) as running:
        running.graph.faults.add(Fault(**POST, drop="before"))
        for error in (GraphUnavailable, InDoubtError):
            with pytest.raises(error):
                await run(running)
    (_, line) = lines(caplog, "subscription")
    assert (line["error"], line["enqueued"]) == ("InDoubtError", 0)
    assert line["why"].startswith("A subscription may have been made")


async def test_all_old_ones_are_noted_before_another_is_made(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, directory(), **ON) as running:
        await run(running)
        (first,) = alive(running)
        twin = {name: value for name, value in first.items() if name != "id"}
        running.graph.tenant.subscriptions.add(twin)
        old = {one["id"] for one in alive(running)}
        renamed = running.with_settings(EVENTS_CLIENT_STATE="another word")
        running.graph.faults.add(Fault(**POST, drop="before"))
        with pytest.raises(GraphUnavailable):
            await run(renamed)
        assert set((await row_of(running, "standing"))["Unfit"].split(",")) == old
        await age(running, "Trying", 100)
        await run(renamed)
        (new,) = alive(running)
        assert new["clientState"] == "another word"


@pytest.mark.parametrize("drop", ["before", "after"])
async def test_old_one_is_not_taken_for_the_one_whose_answer_was_lost(
    azurite: str, queue_names: Iterator[str], drop: str
) -> None:
    async with service(azurite, queue_names, directory(), **ON) as running:
        await run(running)
        (old,) = alive(running)
        renamed = running.with_settings(EVENTS_CLIENT_STATE="another word")
        running.graph.faults.add(Fault(**POST, drop=drop))
        with pytest.raises(GraphUnavailable):
            await run(renamed)
        standing = await row_of(running, "standing")
        assert standing["Unfit"] == old["id"]
        await age(running, "Trying", 100)
        await run(renamed)
        (new,) = alive(running)
        assert new["clientState"] == "another word"
        await run(renamed)
        assert [one["id"] for one in alive(running)] == [new["id"]]
        # The one whose answer was lost is taken where it was made.
        assert len(calls(running, "POST")) == (3 if drop == "before" else 2)
