"""Asked at a terminal, interrupted or killed: nothing is lost, and it goes on where it was."""

from __future__ import annotations

import asyncio
import signal
import uuid
from collections import Counter
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from cli.bulk import working
from cli.bulk.sheet import sheet
from cli.printing import Console
from converters.settings.settings import Settings
from tests.cli.terminal import PROGRAM, at_terminal, environment, leave, world
from tests.cli.test_bulk import put, results, statuses
from tests.directory import USER_ID
from tests.faults.wiretap import Point, Wiretap

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    import pytest

    from tests.cli.terminal import World


# At this call, with others under way, it is stopped.
COUNT, MIDST = 100, Point(40, after=True)


def many(folder: Path, count: int) -> Path:
    """Write an input of that many users whom nobody knows."""
    rows = "".join(f"{uuid.UUID(int=number)}\n" for number in range(1 << 80, (1 << 80) + count))
    return put(folder, f"invitedUser.id\n{rows}")


@asynccontextmanager
async def tapped(
    azurite: str, queue_names: Iterator[str], folder: Path
) -> AsyncIterator[tuple[World, Wiretap]]:
    """Start a world that ``b2b`` reaches by a wire that counts its calls."""
    async with world(azurite, queue_names, folder) as here:
        keys = here.service.keys
        async with Wiretap(azurite, here.service.graph.url, {}) as tap:
            tap.counts_all = True
            leave(folder, {**keys, **tap.environment})
            yield here, tap


async def test_killed_anywhere_it_loses_nothing_and_goes_on(
    azurite: str, queue_names: Iterator[str], tmp_path: Path
) -> None:
    path = many(tmp_path, COUNT)
    arguments = ("bulk", "users.csv", "--yes", "--no-check")
    async with tapped(azurite, queue_names, tmp_path) as (here, tap):
        process = await asyncio.create_subprocess_exec(
            *(*PROGRAM, *arguments, "--local"),
            cwd=tmp_path,
            env=environment(),
            stderr=asyncio.subprocess.DEVNULL,
        )
        tap.plan(MIDST, process.kill)
        assert await process.wait() == -signal.SIGKILL
        stopped = statuses(path)
        leave(tmp_path, here.service.keys)
        ended = await here.b2b(*arguments)
        ids = [message["requestId"] for message in await here.waiting()]
    assert set(stopped) == {"unknown"}
    assert (ended.code, set(statuses(path))) == (0, {"enqueued"})
    assert set(ids) == {row["requestId"] for row in results(path)}
    # Twice, under the same ids, is at most what had been sent.
    assert len(ids) - COUNT <= len(tap.calls) < COUNT


async def test_rows_are_written_down_as_perhaps_sent_some_at_a_time_and_all_are_sent(
    azurite: str, queue_names: Iterator[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working, "_CHUNK", 3)
    path = many(tmp_path, 8)
    rows = sheet((tmp_path / "users.csv").read_bytes(), [])
    stopped = []
    async with tapped(azurite, queue_names, tmp_path) as (here, tap):
        tap.plan(Point(5, after=False), lambda: stopped.extend(statuses(path)))
        settings = Settings.from_mapping({**here.service.keys, **tap.environment})
        await working.Work(rows, path, Console()).send(rows.items, settings, None)
        ids = [message["requestId"] for message in await here.waiting()]
    # What a kill at the fifth call would have left.
    assert stopped == ["enqueued"] * 3 + ["unknown"] * 3 + [""] * 2
    assert sorted(ids) == sorted(item.request_id for item in rows.items)
    assert {item.status for item in rows.items} == {"enqueued"}


async def test_person_at_a_terminal_is_asked(
    azurite: str, queue_names: Iterator[str], tmp_path: Path
) -> None:
    path = put(tmp_path, f"user\n{USER_ID}\n")

    def answered(keys: str) -> tuple[int, str]:
        with at_terminal(tmp_path, {}, "bulk", "users.csv", "--local") as terminal:
            terminal.until(r"Enqueue 1 requests\? \[y/N\] ")
            terminal.press(keys)
            return terminal.end(), terminal.shown

    async with world(azurite, queue_names, tmp_path) as here:
        no, shown_no = await asyncio.to_thread(answered, "\r")
        stopped, shown_stopped = await asyncio.to_thread(answered, "\x03")
        assert await here.waiting() == []
        yes, shown_yes = await asyncio.to_thread(answered, "y\r")
        assert [message["invitedUser"]["id"] for message in await here.waiting()] == [USER_ID]
    assert (no, stopped, yes) == (0, 130, 0)
    assert "Nothing was done." in shown_no
    assert "Interrupted." in shown_stopped
    assert "Traceback" not in shown_stopped
    assert "Checking" in shown_yes
    assert "1 enqueued." in shown_yes
    assert statuses(path) == ["enqueued"]


async def test_interrupted_at_a_terminal_it_keeps_what_it_did(
    azurite: str, queue_names: Iterator[str], tmp_path: Path
) -> None:
    path = many(tmp_path, COUNT)
    arguments = ("bulk", "users.csv", "--yes", "--no-check")
    async with tapped(azurite, queue_names, tmp_path) as (here, tap):

        def interrupted() -> tuple[int, str]:
            with at_terminal(tmp_path, {"NO_COLOR": "1"}, *arguments, "--local") as terminal:
                tap.plan(MIDST, lambda: terminal.press("\x03"))
                return terminal.end(), terminal.shown

        code, shown = await asyncio.to_thread(interrupted)
        stopped = Counter(statuses(path))
        leave(tmp_path, here.service.keys)
        ended = await here.b2b(*arguments)
        ids = [message["requestId"] for message in await here.waiting()]
    assert code == 130
    assert "Enqueuing" in shown
    assert "Interrupted." in shown
    assert "Traceback" not in shown
    # Colours are what NO_COLOR is about; a bar moves the cursor all the same.
    assert "\x1b[3" not in shown
    assert stopped["enqueued"] > 0
    assert stopped["unknown"] > 0
    assert stopped.total() == COUNT
    assert (ended.code, set(statuses(path))) == (0, {"enqueued"})
    assert set(ids) == {row["requestId"] for row in results(path)}
    # What is known to be enqueued is not sent again.
    assert len(ids) - COUNT <= stopped["unknown"]
