"""Timer triggers, played every second."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import azure.functions as func
import pytest

from local.host import App, HostSettings, QueueHost, StartError
from tests.local.conftest import here

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.local.conftest import Patience, Stage


def host(
    stage: Stage, call: Callable[[func.TimerRequest], Awaitable[None]], schedule: str
) -> QueueHost:
    app = func.FunctionApp()

    @app.queue_trigger("message", stage.queue.queue_name, "STORAGE")
    async def convert(message: func.QueueMessage) -> None:
        pass

    app.timer_trigger("timer", schedule)(call)
    read = App.read(app.get_functions(), {"SCHEDULE": "* * * * * *"})
    return here(read, HostSettings(), {"STORAGE": stage.connection_string})


@pytest.mark.parametrize("schedule", ["* * * * * *", "%SCHEDULE%"])
async def test_timer_runs_at_its_times(
    stage: Stage, patience: type[Patience], schedule: str
) -> None:
    seen: list[bool] = []

    async def sweep(timer: func.TimerRequest) -> None:
        seen.append(timer.past_due)

    async with host(stage, sweep, schedule) as running:
        await patience.until(running, **{"timer ran": 2})
    assert seen[:2] == [False, False]


async def test_timer_that_raises_runs_again_and_says_where_without_the_text(
    stage: Stage, patience: type[Patience], caplog: pytest.LogCaptureFixture
) -> None:
    async def sweep(timer: func.TimerRequest) -> None:
        raise ValueError("text", timer)

    with caplog.at_level(logging.ERROR):
        async with host(stage, sweep, "* * * * * *") as running:
            await patience.until(running, **{"timer failed": 2})
    assert "sweep failed: ValueError (test_host_timers.py" in caplog.text
    assert "text" not in caplog.text


@pytest.mark.parametrize("schedule", ["*/5 * * * *", "a b c d e f", "%MISSING%"])
async def test_schedule_that_is_none_stops_the_start(stage: Stage, schedule: str) -> None:
    async def sweep(timer: func.TimerRequest) -> None:
        pass

    with pytest.raises(StartError, match="schedule"):
        host(stage, sweep, schedule)
