"""A remembered value is loaded once, for a while, and never when it is not worth it."""

from __future__ import annotations

import asyncio
import gc

import pytest

from converters.graph import cache
from converters.graph.cache import TtlCache


class Source:
    """Loads 1, 2, 3, …; can be held up, and can fail."""

    def __init__(self) -> None:
        self.loads, self.fails = 0, False
        self.go_on = asyncio.Event()
        self.go_on.set()

    async def load(self) -> int:
        """Load the next value."""
        self.loads += 1
        number = self.loads
        await self.go_on.wait()
        if self.fails:
            raise ConnectionError
        return number


async def test_value_is_loaded_anew_once_it_is_too_old() -> None:
    now, source = [0.0], Source()
    kept: TtlCache[int] = TtlCache(10, lambda _: True, lambda: now[0])
    assert [await kept.get("a", source.load) for _ in range(2)] == [1, 1]
    now[0] = 9.9
    assert await kept.get("a", source.load) == 1
    now[0] = 10.0
    assert await kept.get("a", source.load) == 2


async def test_those_who_ask_at_once_share_one_load() -> None:
    source = Source()
    kept: TtlCache[int] = TtlCache(10, lambda _: True)
    assert await asyncio.gather(*(kept.get("a", source.load) for _ in range(24))) == [1] * 24


async def test_failure_reaches_everyone_and_is_not_kept() -> None:
    source = Source()
    source.fails = True
    kept: TtlCache[int] = TtlCache(10, lambda _: True)
    results = await asyncio.gather(
        *(kept.get("a", source.load) for _ in range(3)), return_exceptions=True
    )
    assert [type(result) for result in results] == [ConnectionError] * 3
    source.fails = False
    assert await kept.get("a", source.load) == 2


async def test_value_not_worth_keeping_is_loaded_again() -> None:
    source = Source()
    kept: TtlCache[int] = TtlCache(10, lambda number: number > 1)
    assert [await kept.get("a", source.load) for _ in range(3)] == [1, 2, 2]


async def test_impatient_caller_does_not_take_the_value_from_the_others() -> None:
    source = Source()
    source.go_on.clear()
    kept: TtlCache[int] = TtlCache(10, lambda _: True)
    patient = asyncio.create_task(kept.get("a", source.load))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await kept.get("a", source.load)
    source.go_on.set()
    assert await patient == 1


async def test_no_more_is_kept_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "MOST_KEPT", 2)
    source = Source()
    kept: TtlCache[int] = TtlCache(10, lambda _: True)
    for key in ("a", "b", "c"):
        await kept.get(key, source.load)
    assert await kept.get("c", source.load) == 3
    assert await kept.get("a", source.load) == 4


async def test_what_was_loaded_anew_is_the_last_to_make_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cache, "MOST_KEPT", 3)
    now, source = [0.0], Source()
    kept: TtlCache[int] = TtlCache(10, lambda _: True, lambda: now[0])
    for key in ("a", "b"):
        await kept.get(key, source.load)
    now[0] = 10.0
    assert [await kept.get(key, source.load) for key in ("a", "c", "d")] == [3, 4, 5]
    assert [await kept.get(key, source.load) for key in ("a", "c", "d")] == [3, 4, 5]


async def test_thousand_are_kept() -> None:
    source = Source()
    kept: TtlCache[int] = TtlCache(10, lambda _: True)
    for number in range(1001):
        await kept.get(str(number), source.load)
    assert await kept.get("1", source.load) == 2
    assert await kept.get("0", source.load) == 1002


async def test_keys_are_kept_apart() -> None:
    source = Source()
    kept: TtlCache[int] = TtlCache(10, lambda _: True)
    assert [await kept.get(key, source.load) for key in ("a", "b", "a", "b")] == [1, 2, 1, 2]


async def test_those_who_ask_for_what_is_too_old_share_one_load() -> None:
    now, source = [0.0], Source()
    kept: TtlCache[int] = TtlCache(10, lambda _: True, lambda: now[0])
    await kept.get("a", source.load)
    now[0] = 10.0
    assert await asyncio.gather(*(kept.get("a", source.load) for _ in range(24))) == [2] * 24


async def test_time_runs_from_the_end_of_the_load() -> None:
    now, source = [0.0], Source()
    source.go_on.clear()
    kept: TtlCache[int] = TtlCache(10, lambda _: True, lambda: now[0])
    waiting = asyncio.create_task(kept.get("a", source.load))
    await asyncio.sleep(0)
    now[0] = 100.0
    source.go_on.set()
    assert await waiting == 1
    now[0] = 109.9
    assert await kept.get("a", source.load) == 1


async def test_load_outlives_the_only_caller_who_gave_up() -> None:
    source = Source()
    source.go_on.clear()
    kept: TtlCache[int] = TtlCache(10, lambda _: True)
    impatient = asyncio.create_task(kept.get("a", source.load))
    await asyncio.sleep(0)
    impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    source.go_on.set()
    assert await kept.get("a", source.load) == 1


async def test_failure_that_nobody_waits_for_is_no_unhandled_one() -> None:
    complaints: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    source = Source()
    source.go_on.clear()
    source.fails = True
    kept: TtlCache[int] = TtlCache(10, lambda _: True)
    impatient = asyncio.create_task(kept.get("a", source.load))
    await asyncio.sleep(0)
    impatient.cancel()
    source.go_on.set()
    await asyncio.gather(impatient, return_exceptions=True)
    await asyncio.sleep(0)
    del impatient
    gc.collect()
    assert complaints == []
    source.fails = False
    assert await kept.get("a", source.load) == 2


async def test_late_failure_does_not_take_its_successor_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cache, "MOST_KEPT", 1)
    slow, source = Source(), Source()
    slow.go_on.clear()
    slow.fails = True
    kept: TtlCache[int] = TtlCache(10, lambda _: True)
    failing = asyncio.create_task(kept.get("a", slow.load))
    await asyncio.sleep(0)
    await kept.get("b", source.load)
    assert await kept.get("a", source.load) == 2
    slow.go_on.set()
    with pytest.raises(ConnectionError):
        await failing
    assert await kept.get("a", source.load) == 2
