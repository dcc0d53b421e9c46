"""What scenarios do: hosts started, messages put, storage taken away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.hosts.gate import Gate
from tests.hosts.stage import limited

if TYPE_CHECKING:
    from tests.hosts.stage import Stage


async def undisturbed(stage: Stage) -> None:
    await stage.start()
    await stage.send("a return", "b fail return", "c fail")
    await stage.settled()


async def unreadable(stage: Stage) -> None:
    await stage.start()
    await stage.send("%not-base64")
    await stage.settled()


async def blocking(stage: Stage) -> None:
    await stage.start()
    await stage.send("a block:3")
    await stage.seen("a", 1, "began")
    await stage.send("b return")
    await stage.settled()


async def missing_queue(stage: Stage) -> None:
    await stage.queue.delete_queue()
    await stage.start()
    await stage.queue.create_queue()
    await stage.send("a return")
    await stage.settled()


async def timed_out(stage: Stage) -> None:
    await stage.start()
    await stage.send("a hang return")
    await stage.seen("a", 1, "began")
    await stage.send("b sleep:60 return")
    await stage.settled()


async def unanswered(stage: Stage) -> None:
    await stage.start()
    await stage.send("a cancel return")
    await stage.settled()


async def quit_once(stage: Stage) -> None:
    await stage.start()
    await stage.send("a quit return")
    await stage.settled()


async def died_once(stage: Stage) -> None:
    await stage.start()
    await stage.send("b sleep:60 return")
    await stage.seen("b", 1, "began")
    await stage.send("a die return")
    await stage.settled()


async def died_thrice(stage: Stage) -> None:
    await stage.start()
    await stage.send("a die die die return")
    await stage.host.ended(90)
    await stage.start()
    await stage.settled()


async def may_not_take(stage: Stage) -> None:
    await stage.start(PROBED_STORAGE=limited(stage.ground.azurite, "rlau"))
    await stage.send("a return")
    await stage.host.ended()


async def may_not_release(stage: Stage) -> None:
    await stage.start(PROBED_STORAGE=limited(stage.ground.azurite, "rlap"))
    await stage.send("a fail")
    await stage.host.ended()


async def may_not_poison(stage: Stage) -> None:
    await stage.poison.create_queue()
    await stage.start(PROBED_STORAGE=limited(stage.ground.azurite, "rlup"))
    await stage.send("a fail")
    await stage.host.ended()


async def may_not_delete(stage: Stage) -> None:
    await stage.start()
    await stage.send("a return")
    await stage.host.ended()


async def busy_storage(stage: Stage) -> None:
    await stage.start()
    await stage.send("a return")
    await stage.settled(90)


async def storage_away(stage: Stage) -> None:
    async with Gate(stage.ground.azurite) as gate:
        await stage.start(PROBED_STORAGE=gate.connection_string)
        await gate.shut()
        with stage.timed("until the host ends"):
            await stage.host.ended(90)
    await stage.start()
    await stage.send("a return")
    await stage.settled()


async def stopped(stage: Stage) -> None:
    await stage.start()
    await stage.send("a sleep:4")
    await stage.seen("a", 1, "began")
    stage.host.terminate()
    await stage.send("b return")
    with stage.timed("until the host ends"):
        await stage.host.ended()


async def cut_off(stage: Stage) -> None:
    await stage.start()
    await stage.send("a sleep:30 return")
    await stage.seen("a", 1, "began")
    with stage.timed("until the host ends"):
        await stage.host.stop()
    await stage.start()
    await stage.settled()


async def drained(stage: Stage) -> None:
    await stage.start()
    await stage.send("a sleep:12")
    await stage.seen("a", 1, "began")
    await stage.host.drain()
    await stage.send("b return")
    await stage.host.drained()
    await stage.host.stop()


async def shared_queue(stage: Stage) -> None:
    await stage.start()
    first = stage.host
    await stage.start()
    await stage.send(*(f"{letter} sleep:1" for letter in "abcd"))
    await stage.settled()
    await first.stop()
    await stage.send("e return")
    await stage.settled()


async def taken_away(stage: Stage) -> None:
    await stage.start()
    await stage.send("a sleep:2", "b fail:2")
    await stage.seen("a", 1, "began")
    await stage.seen("b", 1, "began")
    await stage.queue.clear_messages()
    await stage.seen("a", 1, "returned")
    await stage.seen("b", 1, "ValueError")
    await stage.send("c return")
    await stage.settled()
