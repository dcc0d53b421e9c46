"""Which subscription is kept where there are several, and the line that tells how it stands."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from converters.model.errors import GraphRefused, GraphUnavailable
from local.graph import Fault
from tests.service import service
from tests.subscribing import DAY, ON, age, alive, calls, directory, later, row_of, run
from tests.telling import lines

if TYPE_CHECKING:
    from collections.abc import Iterator

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
