"""Dead letters go back as they were, and none is lost; what is dangerous is asked for."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from tests.cli.terminal import at_terminal, world
from tests.directory import request
from tests.service import taken

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def letters(count: int) -> list[str]:
    """Return that many requests, as they stand in a queue."""
    return [json.dumps(request(requestId=f"R-{number}"), indent=1) for number in range(count)]


async def test_every_dead_letter_goes_back_as_it_was(
    azurite: str, queue_names: Iterator[str], tmp_path: Path
) -> None:
    texts = [*letters(40), "<no & request>"]
    async with world(azurite, queue_names, tmp_path) as here:
        for text in texts:
            await here.service.dead_letters.send_message(text)
        ended = await here.b2b("dead-letters", "replay", "--yes", "-o", "jsonl")
        assert sorted(await taken(here.service.requests)) == sorted(texts)
        assert await taken(here.service.dead_letters) == []
    rows = [json.loads(line) for line in ended.out.splitlines()]
    assert (ended.code, ended.err.splitlines()[-1]) == (0, "41 put back")
    assert {f"R-{number}" for number in range(40)} < {row["requestId"] for row in rows}
    assert sum(not row["valid"] for row in rows) == 1


async def test_listing_leaves_them_where_they_are(
    azurite: str, queue_names: Iterator[str], tmp_path: Path
) -> None:
    async with world(azurite, queue_names, tmp_path) as here:
        none = await here.b2b("dead-letters", "list", "-o", "json")
        await here.service.dead_letters.send_message(letters(1)[0])
        one = await here.b2b("dead-letters", "list", "-o", "json")
        assert await taken(here.service.requests) == []
        assert len(await taken(here.service.dead_letters)) == 1
    assert (none.code, none.json()) == (0, [])
    assert (one.code, [each["requestId"] for each in one.json()]) == (0, ["R-0"])
    assert one.err == "1 of 1 dead letters, left where they are\n"


async def test_without_a_terminal_yes_is_demanded_and_the_plan_is_shown(
    azurite: str, queue_names: Iterator[str], tmp_path: Path
) -> None:
    async with world(azurite, queue_names, tmp_path) as here:
        await here.service.dead_letters.send_message(letters(1)[0])
        ends = [
            await here.b2b("dead-letters", *arguments)
            for arguments in (("replay",), ("drop", "--all"))
        ]
        assert len(await taken(here.service.dead_letters)) == 1
    assert [(ended.code, ended.out) for ended in ends] == [(2, ""), (2, "")]
    assert all("R-0" in ended.err and "--yes is needed" in ended.err for ended in ends)


async def test_only_what_is_named_is_dropped(
    azurite: str, queue_names: Iterator[str], tmp_path: Path
) -> None:
    async with world(azurite, queue_names, tmp_path) as here:
        for text in letters(3):
            await here.service.dead_letters.send_message(text)
        ended = await here.b2b("dead-letters", "drop", "R-1", "R-9", "--yes", "-o", "csv")
        # What was looked at and kept shows again at once.
        left = [json.loads(text)["requestId"] for text in await taken(here.service.dead_letters)]
        assert await taken(here.service.requests) == []
    assert sorted(left) == ["R-0", "R-2"]
    assert [line.split(",")[0] for line in ended.out.splitlines()] == ["requestId", "R-1"]
    assert (ended.code, ended.err.splitlines()[-2:]) == (
        1,
        ["1 deleted", "error: not among the dead letters: R-9"],
    )


async def test_what_cannot_be_put_back_stays(
    azurite: str, queue_names: Iterator[str], tmp_path: Path
) -> None:
    async with world(azurite, queue_names, tmp_path) as here:
        await here.service.dead_letters.send_message(letters(1)[0])
        await here.service.requests.delete_queue()
        ended = await here.b2b("dead-letters", "replay", "--yes")
        left = await here.service.dead_letters.get_queue_properties()
        assert left.approximate_message_count == 1
    assert (ended.code, ended.out) == (3, "")
    assert "QueueNotFound" in ended.err


async def test_what_cannot_be_undone_is_asked_for_by_name(
    azurite: str, queue_names: Iterator[str], tmp_path: Path
) -> None:
    def answered(*typed: str) -> list[tuple[int, str]]:
        ends = []
        for keys in typed:
            with at_terminal(tmp_path, {}, "dead-letters", "drop", "--all", "--local") as terminal:
                terminal.until(r"Delete for good all 1 of 1 dead letters\? Type \S+ to go on: ")
                terminal.press(keys)
                ends.append((terminal.end(), terminal.shown))
        return ends

    async with world(azurite, queue_names, tmp_path) as here:
        await here.service.dead_letters.send_message(letters(1)[0])
        name = here.service.dead_letters.queue_name
        refused = await asyncio.to_thread(answered, "y\r", "\x03")
        assert (await here.service.dead_letters.get_queue_properties()).approximate_message_count
        ((code, shown),) = await asyncio.to_thread(answered, f"{name}\r")
        assert await taken(here.service.dead_letters) == []
    assert [ended for ended, _ in refused] == [0, 130]
    assert "Nothing was done." in refused[0][1]
    assert (code, "1 deleted" in shown) == (0, True)
    assert "  R-0" in shown
