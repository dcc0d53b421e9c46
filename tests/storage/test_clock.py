"""Workers agree on the time, whatever their own clocks say."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest

from converters.storage.clock import ServiceClock


class Machine:
    """A machine whose clock can be set."""

    def __init__(self) -> None:
        self.wall, self.monotonic = 1_000.0, 50.0
        self.clock = ServiceClock(lambda: self.wall, lambda: self.monotonic)

    def told(self, seconds: float) -> None:
        """Let the service tell the time, which its header cuts off."""
        self.clock.observe(format_datetime(datetime.fromtimestamp(int(seconds), UTC), usegmt=True))


def test_machines_own_clock_counts_until_the_service_has_told_its_own() -> None:
    machine = Machine()
    assert machine.clock.now() == 1_000.0
    machine.told(2_000)
    assert machine.clock.now() == 2_000.0
    assert machine.clock.utc() == datetime.fromtimestamp(2_000, UTC)


@pytest.mark.parametrize("jump", [-86_400.0, 86_400.0])
def test_time_goes_on_evenly_when_the_machines_clock_jumps(jump: float) -> None:
    machine = Machine()
    machine.told(2_000)
    machine.wall += jump
    machine.monotonic += 5
    assert machine.clock.now() == 2_005.0


def test_time_never_goes_back_by_the_fraction_that_headers_cut_off() -> None:
    machine, last = Machine(), 0.0
    for step in range(40):
        machine.monotonic = 50 + step * 0.3
        machine.told(2_000.5 + step * 0.3)
        assert last <= machine.clock.now() <= 2_000.5 + step * 0.3
        last = machine.clock.now()
    assert last > 2_000.5 + 39 * 0.3 - 0.11, "it has come close to the truth"


def test_time_that_is_as_much_older_as_headers_can_be_changes_nothing() -> None:
    machine = Machine()
    machine.told(2_000)
    machine.told(1_998)
    assert machine.clock.now() == 2_000
    machine.told(1_997)
    assert machine.clock.now() == 1_997


def test_service_that_tells_another_time_is_believed() -> None:
    machine = Machine()
    for told in (2_000, 5_000, 3_000):
        machine.told(told)
        assert machine.clock.now() == told


@pytest.mark.parametrize("date", ["", "yesterday", "2026-11-27T00:00:00Z"])
def test_header_that_is_no_date_changes_nothing(date: str) -> None:
    machine = Machine()
    machine.told(2_000)
    machine.clock.observe(date)
    assert machine.clock.now() == 2_000.0
