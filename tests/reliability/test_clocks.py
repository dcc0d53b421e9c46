"""Waiting survives clocks that jump: neither patience nor doubt goes by a worker's own clock."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from local.graph import Fault
from tests.directory import request
from tests.service import service
from tests.telling import codes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

POST = "/invitations$"
DAY = 86_400
pytestmark = pytest.mark.usefixtures("at_once")


@pytest.fixture
def jump(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Return what sets this machine's clock forward or back."""
    genuine = time.time

    def jumping(seconds: float) -> None:
        monkeypatch.setattr(time, "time", lambda: genuine() + seconds)

    return jumping


@pytest.mark.parametrize("seconds", [-2 * DAY, 2 * DAY])
async def test_r4_request_that_waits_outlives_a_jump_and_still_ends_in_time(
    azurite: str, queue_names: Iterator[str], jump: Callable[[float], None], seconds: float
) -> None:
    async with service(azurite, queue_names, RETRY_HOURS="1") as running:
        running.graph.faults.add(Fault(path=r"\$batch$", status=503))
        await running.handle(request())
        message = await running.waiting()
        began = json.loads(message)["data"]["waits"]["since"]
        jump(seconds)
        await running.handle(message)
        jump(0)
        message = await running.waiting()
        assert await running.events() == []
        assert abs(json.loads(message)["data"]["waits"]["since"] - began) <= 1
        event = json.loads(message)
        event["data"]["waits"]["since"] -= 3600
        assert codes((await running.outcome(event))["reasons"]) == ["graphUnavailable"]


@pytest.mark.parametrize("seconds", [-2 * DAY, 2 * DAY])
async def test_r3_doubt_is_neither_cut_short_nor_drawn_out_by_a_jump(
    azurite: str, queue_names: Iterator[str], jump: Callable[[float], None], seconds: float
) -> None:
    async with service(azurite, queue_names) as running:
        running.graph.set_lag(3_600_000)
        running.graph.faults.add(Fault(path=POST, drop="before", times=1))
        jump(seconds)
        await running.handle(request())
        jump(-seconds)
        await running.handle(await running.waiting())
        assert len(running.invited()) == 1, "as long as reads may lag nobody knows"
        await running.age_claim(running.converter.settings.doubt_seconds)
        outcome = await running.outcome(await running.waiting())
        assert (outcome["status"], len(running.invited())) == ("invited", 2)


@pytest.mark.parametrize("seconds", [-2 * DAY, 2 * DAY])
async def test_r6_rival_is_told_the_same_whatever_the_clock_says(
    azurite: str, queue_names: Iterator[str], jump: Callable[[float], None], seconds: float
) -> None:
    async with service(azurite, queue_names, SETTLE_SECONDS="300") as running:
        running.graph.set_lag(3_600_000)
        assert (await running.outcome(request()))["status"] == "invited"
        jump(seconds)
        rival = await running.outcome(request(requestId="R-2"))
        assert (rival["status"], len(running.invited())) == ("alreadyInvited", 1)
