"""Asked at a terminal, interrupted or killed: nothing is lost, and it goes on where it was."""

from __future__ import annotations

import asyncio
import json
import signal
import uuid
from typing import TYPE_CHECKING

from tests.cli.terminal import PROGRAM, at_terminal, environment, world
from tests.cli.test_bulk import put, results, statuses
from tests.directory import USER_ID

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from azure.storage.queue.aio import QueueClient

# More than are sent before anybody can interrupt it.
COUNT = 1500


def many(folder: Path, count: int) -> Path:
    """Write an input of that many users whom nobody knows."""
    rows = "".join(f"{uuid.UUID(int=number)}\n" for number in range(1 << 80, (1 << 80) + count))
    return put(folder, f"invitedUser.id\n{rows}")


async def ids_in(queue: QueueClient) -> list[str]:
    """Return the request ids in a queue, whose messages stay."""
    messages = queue.receive_messages(messages_per_page=32, visibility_timeout=600)
    return [json.loads(message.content)["requestId"] async for message in messages]


async def test_killed_anywhere_it_loses_nothing_and_goes_on(
    azurite: str, queue_names: Iterator[str], tmp_path: Path
) -> None:
    path = many(tmp_path, COUNT)
    arguments = ("bulk", "users.csv", "--yes", "--no-check")
    async with world(azurite, queue_names, tmp_path) as here:
        process = await asyncio.create_subprocess_exec(
            *(*PROGRAM, *arguments, "--local"),
            cwd=tmp_path,
            env=environment(),
            stderr=asyncio.subprocess.DEVNULL,
        )
        while not (await here.service.requests.get_queue_properties()).approximate_message_count:
            assert process.returncode is None
        process.send_signal(signal.SIGKILL)
        await process.wait()
        stopped = statuses(path)
        ended = await here.b2b(*arguments)
        ids = await ids_in(here.service.requests)
    assert "unknown" in stopped
    assert (ended.code, set(statuses(path))) == (0, {"enqueued"})
    assert set(ids) == {row["requestId"] for row in results(path)}
    # Twice, under the same ids, is at most what was in doubt.
    assert len(ids) - COUNT <= stopped.count("unknown")


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
    arguments = ("bulk", "users.csv", "--yes", "--no-check", "--local")

    def interrupted() -> tuple[int, str]:
        with at_terminal(tmp_path, {"NO_COLOR": "1"}, *arguments) as terminal:
            terminal.until(rf"Enqueuing.* [1-9]\d*/{COUNT}")
            terminal.press("\x03")
            return terminal.end(), terminal.shown

    async with world(azurite, queue_names, tmp_path) as here:
        code, shown = await asyncio.to_thread(interrupted)
        stopped = statuses(path)
        ended = await here.b2b(*arguments[:-1])
        ids = await ids_in(here.service.requests)
    assert code == 130
    assert "Interrupted." in shown
    assert "Traceback" not in shown
    # Colours are what NO_COLOR is about; a bar moves the cursor all the same.
    assert "\x1b[3" not in shown
    assert "enqueued" in stopped
    assert (ended.code, set(statuses(path))) == (0, {"enqueued"})
    assert set(ids) == {row["requestId"] for row in results(path)}
    assert len(ids) - COUNT <= stopped.count("unknown")
