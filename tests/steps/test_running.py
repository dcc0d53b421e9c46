"""What runs beside a block ends with it."""

from __future__ import annotations

import asyncio

import pytest

from converters.steps.running import running_concurrently


@pytest.mark.parametrize("fails", [False, True])
async def test_nothing_of_the_work_goes_on_once_the_block_is_left(*, fails: bool) -> None:
    steps: list[str] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            steps.append("ended")
            if fails:
                raise ValueError

    async with running_concurrently(work()) as task:
        await asyncio.sleep(0)
        assert not task.done()
    assert (task.done(), steps) == (True, ["ended"])


async def test_result_is_had_within_the_block() -> None:
    async def work() -> int:
        return 7

    async with running_concurrently(work()) as task:
        assert await task == 7
