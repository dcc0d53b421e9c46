"""What is called wrongly or cannot be reached is told on standard error, with its exit code."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import pytest

from tests.cli.terminal import PROGRAM, b2b, environment, world
from tests.directory import USER_ID, request

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("check", "kim"), "neither an object id nor a user principal name"),
        (("check", USER_ID, "no address"), "invitedUserEmailAddress is the text"),
        (("request", USER_ID, "--language", "??", "--cc", "x y"), "messageLanguage"),
        (("watch", "R-1", "--take"), "name no requests"),
        (("dead-letters", "drop"), "--all"),
        (("bulk", "none.csv"), "none.csv cannot be read: No such file"),
        (("status",), "REQUEST_ID"),
    ],
)
async def test_wrong_call_says_what_is_wrong(
    azurite: str, queue_names: Iterator[str], tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    async with world(azurite, queue_names, tmp_path) as here:
        ended = await here.b2b(*arguments)
        assert await here.waiting() == []
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err


async def test_graph_that_does_not_answer_is_unavailable(
    azurite: str, queue_names: Iterator[str], tmp_path: Path
) -> None:
    away = "http://127.0.0.1:1"
    async with world(azurite, queue_names, tmp_path, GRAPH_BASE_URL=away) as here:
        ended = await here.b2b("check", USER_ID)
    assert (ended.code, ended.out) == (3, "")
    assert ended.err.startswith("error: Graph unavailable")


async def test_no_world_and_no_settings_are_named(tmp_path: Path) -> None:
    nowhere = await b2b(tmp_path, "status", "R-1", "--local")
    unset = await b2b(tmp_path, "status", "R-1", TENANT_ID="x", PATH="/nowhere")
    assert (nowhere.code, unset.code) == (2, 2)
    assert "make start" in nowhere.err
    assert "CONVERSION_STORAGE" in unset.err
    assert "TENANT_ID" in unset.err


async def test_help_has_examples_and_no_command_is_a_wrong_call(tmp_path: Path) -> None:
    shown, none = await b2b(tmp_path, "bulk", "--help"), await b2b(tmp_path)
    assert (shown.code, none.code) == (0, 2)
    assert "      b2b bulk partners.csv --yes --watch\n" in shown.out
    for shell in ("bash", "zsh", "fish", "powershell"):
        completion = await b2b(tmp_path, "status", _B2B_COMPLETE=f"source_{shell}")
        assert f"complete_{shell}" in completion.out


@pytest.mark.parametrize("output", ["table", "csv"])
async def test_reader_that_has_enough_is_no_error(
    azurite: str, queue_names: Iterator[str], tmp_path: Path, output: str
) -> None:
    async with world(azurite, queue_names, tmp_path) as here:
        await here.service.handle(request())
        reads, writes = os.pipe()
        os.close(reads)
        process = await asyncio.create_subprocess_exec(
            *(*PROGRAM, "watch", "--once", "--since", "5", "--local", "-o", output),
            cwd=tmp_path,
            env=environment(),
            stdout=writes,
            stderr=asyncio.subprocess.PIPE,
        )
        os.close(writes)
        _, said = await process.communicate()
    assert (process.returncode, said) == (0, b"")
