"""How fast the readiness report is in a browser: first paint, filter, sort, search, memory.

Prints figures; judges nothing. Usage: ``make bench-report``, or ``report.py ROWS``.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.browser import (  # noqa: E402 - the project is no installed package
    CHROMIUM,
    WHY_SKIPPED,
    Browser,
    address,
    chromium,
    page,
)
from tests.cli.assess.reports import many, report  # noqa: E402

TIMES = 5
FIRST_PAINT = """new Promise((done) => {
  const seen = performance.getEntriesByName("first-contentful-paint")[0];
  if (seen) done(seen.startTime);
  else new PerformanceObserver((list) => done(list.getEntries().at(-1).startTime))
    .observe({ type: "paint", buffered: true });
})"""
DRAWN = 'performance.getEntriesByName("drawn")[0].startTime'
# From the event to the frame after it.
TIMED = """(async () => {{
  const before = performance.now();
  {what};
  const worked = performance.now() - before;
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return [worked, performance.now() - before];
}})()"""
TYPE = (
    "const s = document.getElementById('search'); s.value = '{text}';"
    " s.dispatchEvent(new Event('input'))"
)
SORT = "document.querySelectorAll('#table th button')[{column}].click()"
FILTER = (
    "document.getElementById('column').value = '{column}';"
    " document.getElementById('operator').value = '~';"
    " document.getElementById('values').value = '{value}';"
    " document.getElementById('tools').requestSubmit()"
)
CLEAR = "document.getElementById('clear').click()"


async def main() -> None:
    """Print a line for each figure."""
    if CHROMIUM is None:
        print(f"not measured: {WHY_SKIPPED}")
        return
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    with tempfile.TemporaryDirectory() as folder:
        some = many(rows)
        started = time.perf_counter()
        path = report(some).saved(Path(folder))
        print(
            f"{rows} rows: {path.stat().st_size / 1e6:.1f} MB, written in"
            f" {time.perf_counter() - started:.1f} s"
        )
        paints, drawn = [], []
        for _ in range(TIMES):
            with chromium() as driven_at:
                async with page(driven_at) as seen:
                    await seen.open(address(path))
                    paints.append(float(await seen.run(FIRST_PAINT)))
                    drawn.append(float(await seen.run(DRAWN)))
        _told("first paint", [[one, one] for one in paints])
        _told("all drawn", [[one, one] for one in drawn])
        with chromium() as driven_at:
            async with page(driven_at) as seen:
                await seen.open(address(path))
                await _measured(seen)


async def _measured(seen: Browser) -> None:
    for name, steps in {
        "filter, values alike": [FILTER.format(column="status", value="eligible")],
        "filter, all unlike": [FILTER.format(column="userPrincipalName", value="77")],
        "search": [TYPE.format(text="person 77")],
        "sort, values alike": [SORT.format(column=2)],
        "sort, all unlike": [SORT.format(column=0)],
        "sort again": [SORT.format(column=0)] * TIMES,
    }.items():
        times = []
        again = TIMES if "sort" not in name else 1
        for step in steps * again:
            times.append(await seen.run(TIMED.format(what=step)))
            if "sort" not in name:
                await seen.run(CLEAR)
        _told(name, times)
    heap = await seen.send("Runtime.getHeapUsage")
    print(f"  {'heap':32} {heap['usedSize'] / 1e6:6.0f} MB")


def _told(name: str, times: list[list[float]]) -> None:
    worked, drawn = ([one[at] for one in times] for at in (0, 1))
    print(
        f"  {name:32} {statistics.median(worked):6.0f} ms, the first {worked[0]:.0f}, at most"
        f" {max(worked):.0f}; to the next frame {statistics.median(drawn):.0f}"
    )


if __name__ == "__main__":
    asyncio.run(main())
