"""How many run at once and where, for how long a message is theirs, and how they are stopped.

In this process; what becomes of workers that die or hang is in the table of ``tests/hosts``.
"""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import azure.functions as func
    import pytest

    from tests.local.conftest import Patience, Stage


async def test_next_batch_is_fetched_at_the_threshold_and_not_before(
    stage: Stage, patience: type[Patience]
) -> None:
    running, most = 0, 0
    started, doors = asyncio.Condition(), asyncio.Semaphore(0)

    async def receive(_message: func.QueueMessage) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        async with started:
            started.notify_all()
        await doors.acquire()
        running -= 1

    async def until_running(number: int) -> None:
        async with asyncio.timeout(30), started:
            await started.wait_for(lambda: running == number)

    await stage.send(*(str(number) for number in range(12)))
    async with stage.host(receive, batch_size=4, new_batch_threshold=2) as host:
        await until_running(4)
        for _ in range(2):
            doors.release()
        await until_running(6)
        for _ in range(10):
            doors.release()
        await patience.until(host, succeeded=12)
    assert most == 6


async def test_async_functions_share_the_hosts_loop(stage: Stage, patience: type[Patience]) -> None:
    loops = set()

    async def receive(_message: func.QueueMessage) -> None:
        loops.add(asyncio.get_running_loop())

    await stage.send("one", "two")
    async with stage.host(receive) as host:
        await patience.until(host, succeeded=2)
    assert loops == {asyncio.get_running_loop()}


async def test_sync_functions_run_side_by_side_in_threads(
    stage: Stage, patience: type[Patience]
) -> None:
    together = threading.Barrier(3, timeout=30)
    threads = set()

    def receive(_message: func.QueueMessage) -> None:
        threads.add(threading.current_thread())
        together.wait()

    await stage.send("one", "two", "three")
    async with stage.host(receive) as host:
        await patience.until(host, succeeded=3)
    assert len(threads) == 3
    assert threading.main_thread() not in threads


async def test_lease_is_renewed_while_the_function_runs(
    stage: Stage, patience: type[Patience]
) -> None:
    calls = 0

    async def receive(_message: func.QueueMessage) -> None:
        nonlocal calls
        calls += 1
        # Five renewals take longer than the lease: without them it would be taken again.
        await patience.until(host, renewed=5)

    await stage.send("slow")
    host = stage.host(receive, lease=timedelta(seconds=1), renewal=timedelta(seconds=0.3))
    async with host:
        await patience.until(host, succeeded=1)
        assert await stage.left() == 0
    assert calls == 1


async def test_lease_that_cannot_be_renewed_is_reported_and_tried_again(
    stage: Stage, patience: type[Patience], caplog: pytest.LogCaptureFixture
) -> None:
    async def receive(message: func.QueueMessage) -> None:
        # Changes the receipt, so that the host holds one that is worth nothing.
        await stage.queue.update_message(message.id or "", message.pop_receipt)
        async with asyncio.timeout(30):
            while caplog.text.count("lease not renewed") < 2:
                # Each turn is a round trip to the storage, while the host renews.
                await stage.left()

    await stage.send("slow")
    async with stage.host(receive, renewal=timedelta(seconds=0.1)) as host:
        await patience.until(host, succeeded=1)
    assert caplog.text.count("lease not renewed") >= 2


async def test_timeout_of_the_functions_own_is_a_failure_like_any_other(
    stage: Stage, patience: type[Patience]
) -> None:
    async def receive(_message: func.QueueMessage) -> None:
        raise TimeoutError

    await stage.send("slow")
    async with stage.host(receive, max_dequeue_count=1) as host:
        await patience.until(host, failed=1)
        assert host.tally["lost"] == 0


async def test_drain_lets_what_runs_end_and_fetches_no_more(stage: Stage) -> None:
    started, door = asyncio.Event(), asyncio.Event()

    async def receive(_message: func.QueueMessage) -> None:
        started.set()
        await door.wait()

    async def open_door() -> None:
        door.set()

    await stage.send("one", "two")
    host = stage.host(receive, batch_size=1, new_batch_threshold=0)
    await host.start()
    async with asyncio.timeout(30):
        await started.wait()
        # Tasks start in the order given: the drain comes first.
        await asyncio.gather(host.drain(), open_door())
    await host.stop()
    assert host.tally["succeeded"] == 1
    untouched = await stage.queue.receive_message()
    assert untouched
    assert (untouched.content, untouched.dequeue_count) == ("two", 1)


async def test_grace_period_ends_and_the_message_stays(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    started = asyncio.Event()

    async def receive(_message: func.QueueMessage) -> None:
        started.set()
        await asyncio.Event().wait()

    await stage.send("endless")
    async with asyncio.timeout(30):
        async with stage.host(receive, grace=0.1):
            await started.wait()
    assert "grace period over: 1 messages" in caplog.text
    assert await stage.left() == 1


async def test_run_returns_when_a_stop_is_requested(stage: Stage) -> None:
    async def receive(_message: func.QueueMessage) -> None:
        """Do nothing."""

    async with asyncio.timeout(30), stage.host(receive) as host:
        running = asyncio.create_task(host.run())
        await asyncio.sleep(0)
        assert not running.done()
        host.request_stop()
        await running
