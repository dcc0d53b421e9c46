"""The same measuring for every subject, so that only what is measured differs."""

from __future__ import annotations

import asyncio
import resource
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

IN_FLIGHT = 16


async def measured(  # noqa: PLR0913, PLR0917 - a run's clocks and its numbers
    convert: Callable[[int], Awaitable[None]],
    started: float,
    cpu_started: float,
    first: int,
    count: int,
    warm: int,
) -> dict[str, float]:
    """Convert one user, and then many where ``count`` says so; return the figures.

    Args:
        convert: converts the user with a number.
        started: the clock before anything was imported, seconds.
        cpu_started: the process's CPU clock then, likewise.
        first: the first user's number.
        count: how many conversions to measure in flight together; 0 for none.
        warm: how many to make before those.
    """
    await convert(first)
    figures = {
        "first_ms": (time.perf_counter() - started) * 1000,
        "first_cpu_ms": (time.process_time() - cpu_started) * 1000,
        "first_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    if count:
        slots = asyncio.Semaphore(IN_FLIGHT)

        async def one(number: int) -> None:
            async with slots:
                await convert(number)

        await asyncio.gather(*(one(first + 1 + n) for n in range(warm)))
        before = time.process_time()
        await asyncio.gather(*(one(first + 1 + warm + n) for n in range(count)))
        figures["cpu_ms"] = (time.process_time() - before) / count * 1000
        figures["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return figures
