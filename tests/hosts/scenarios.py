"""The table: what is done to a host, and what must come of it on either.

The traces were measured on Microsoft's host 4.1037. Seconds are counted from the try before, or
from when the message was put. Those that take longest stand first, and are played together.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.hosts import plays
from tests.hosts.stage import BUSY_CALLS, LEASE_SECONDS, staged
from tests.hosts.trace import Poisoned, Seen, Tolerance, Trace, differences

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from tests.hosts.stage import Ground, Stage

VISIBILITY = 2
TIMEOUT = 4
SHORT = {"functionTimeout": f"00:00:0{TIMEOUT}"}
# Grace, the start of another worker, and the wait that follows each such start.
RESTART = 2 + 10
# What storage's SDK waits until it gives up: 0.8 s, twice as long each time, six calls in all.
PATIENCE = 25


@dataclass(frozen=True, slots=True)
class Scenario:
    """One row.

    Attributes:
        name: what happens.
        covers: the differences that there once were between the hosts: D1 and on.
        play: does it.
        expected: what must come of it.
        settings: what the scenario changes in host.json: ``functionTimeout``, or of the queues.
        queue: how the queue's name begins; Azurite fails on order for some.
        tolerance: of delays.
    """

    name: str
    covers: str
    play: Callable[[Stage], Awaitable[None]]
    expected: Trace
    settings: Mapping[str, Any] = field(default_factory=dict)
    queue: str = "plain"
    tolerance: Tolerance = field(default_factory=Tolerance)


def once(how: str = "returned", after: float = 0) -> list[Seen]:
    """Return the tries of a message that has one."""
    return [Seen(1, how, after)]


def again(*tries: tuple[str, float | None]) -> list[Seen]:
    """Return the tries of a message, one for each end and delay."""
    return [Seen(count, how, after) for count, (how, after) in enumerate(tries, 1)]


RAISED = ("ValueError", 0), ("ValueError", VISIBILITY), ("ValueError", VISIBILITY)
SCENARIOS = (
    Scenario(
        "storage that is away", "D1", plays.storage_away,
        Trace({"a": once()}, exits=[0, None], seconds={"until the host ends": PATIENCE}),
        tolerance=Tolerance(7, 12),
    ),
    Scenario(
        f"storage that is busy for {BUSY_CALLS} calls", "D1", plays.busy_storage,
        Trace({"a": once(after=PATIENCE + 2)}),
        queue="busy",
        tolerance=Tolerance(7, 12),
    ),
    Scenario(
        "a stop that cuts a function off", "D7", plays.cut_off,
        Trace(
            {"a": again(("", 0), ("returned", LEASE_SECONDS))},
            exits=[0, None],
            seconds={"until the host ends": 10},
        ),
        tolerance=Tolerance(late=12),
    ),
    Scenario(
        "a function past its time, and another that dies with it", "D2", plays.timed_out,
        Trace(
            {
                "a": again(("", 0), ("returned", TIMEOUT + RESTART + VISIBILITY)),
                # Nobody ends it: it hangs until its own time is over.
                "b": again(("", 0), ("returned", TIMEOUT + 2 + VISIBILITY)),
            }
        ),
        SHORT,
    ),
    Scenario(
        "a function that is never heard of", "D4", plays.unanswered,
        Trace({"a": again(("CancelledError", 0), ("returned", TIMEOUT + RESTART + VISIBILITY))}),
        SHORT,
    ),
    Scenario(
        "workers that die thrice", "D5", plays.died_thrice,
        Trace(
            # The third worker starts ten seconds after the second; the host gives up with it, and
            # another one has to start.
            {"a": again(("", 0), ("", VISIBILITY), ("", 9), ("returned", None))},
            exits=[0, None],
        ),
        {"maxDequeueCount": 5},
    ),
    Scenario(
        "a host that is drained", "D7", plays.drained,
        Trace({"a": once()}, left=1, exits=[0]),
    ),
    Scenario(
        "a stop while a function runs", "D7", plays.stopped,
        Trace({"a": once(), "b": once()}, exits=[0], seconds={"until the host ends": 3.5}),
    ),
    Scenario(
        "messages that succeed and fail", "", plays.undisturbed,
        Trace(
            {
                "a": once(),
                "b": again(("ValueError", 0), ("returned", VISIBILITY)),
                "c": again(*RAISED),
            },
            poison=[Poisoned("c fail")],
        ),
    ),
    Scenario(
        "text that is not base64", "", plays.unreadable,
        Trace({}, poison=[Poisoned("%not-base64")]),
        {"messageEncoding": "base64"},
    ),
    Scenario(
        "a call that blocks the worker", "", plays.blocking,
        Trace({"a": once(), "b": once(after=2.5)}),
    ),
    Scenario("a queue that is not there yet", "D8", plays.missing_queue, Trace({"a": once()})),
    Scenario(
        "a function that ends its worker", "D4 D5", plays.quit_once,
        Trace({"a": again(("SystemExit", 0), ("returned", VISIBILITY))}),
    ),
    Scenario(
        "a worker that dies", "D5", plays.died_once,
        Trace({name: again(("", 0), ("returned", VISIBILITY)) for name in "ab"}),
    ),
    Scenario(
        "messages that may not be taken", "D3", plays.may_not_take, Trace({}, left=1, exits=[0]),
    ),
    Scenario(
        "a message that may not be released", "D1", plays.may_not_release,
        Trace({"a": once("ValueError")}, left=1, exits=[0]),
    ),
    Scenario(
        "a message that may not be copied to poison", "D1", plays.may_not_poison,
        Trace({"a": once("ValueError")}, left=1, exits=[0]),
        {"maxDequeueCount": 1},
    ),
    Scenario(
        "a message that may not be deleted", "D1", plays.may_not_delete,
        Trace({"a": once()}, left=1, exits=[0]),
        queue="kept",
    ),
    Scenario(
        "two hosts, of which one ends", "D6", plays.shared_queue,
        Trace({name: once() for name in "abcde"}, exits=[0, None]),
    ),
    Scenario(
        "messages that somebody takes away", "D10", plays.taken_away,
        Trace({"a": once(), "b": once("ValueError"), "c": once()}),
    ),
)  # fmt: skip

AT_ONCE = 5
BATCHES = [SCENARIOS[first : first + AT_ONCE] for first in range(0, len(SCENARIOS), AT_ONCE)]


async def unlike(batch: Sequence[Scenario], ground: Ground, folder: Path) -> dict[str, list[str]]:
    """Play scenarios together, since they mostly wait; return how traces differ from the table."""

    async def play(number: int, scenario: Scenario) -> list[str]:
        place = folder / str(number)
        async with staged(ground, place, scenario.queue, scenario.settings) as stage:
            await scenario.play(stage)
            return differences(scenario.expected, await stage.trace(), scenario.tolerance)

    found = await asyncio.gather(*(play(*numbered) for numbered in enumerate(batch)))
    return {it.name: what for it, what in zip(batch, found, strict=True) if what}


def unproved(rows: Sequence[Scenario], numbers: Iterable[int]) -> list[str]:
    """Return which of the hosts' differences no scenario covers."""
    covered = {number for row in rows for number in row.covers.split()}
    return [name for name in (f"D{number}" for number in numbers) if name not in covered]
