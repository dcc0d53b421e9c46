"""The command, as a process where signals matter."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from local.host import command

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.local.conftest import Patience, Stage

ROOT = Path(__file__).parents[2]
RUN = """
import argparse, asyncio, sys
from local.host import command
parser = argparse.ArgumentParser()
command.add_arguments(parser)
sys.exit(asyncio.run(command.serve(parser.parse_args())))
"""
# Says what it got, and ends when the test has made the file.
APP = """
import asyncio
from pathlib import Path
import azure.functions as func

app = func.FunctionApp()

@app.queue_trigger(arg_name="msg", queue_name="%QUEUE%", connection="STORAGE")
async def echo(msg: func.QueueMessage) -> None:
    print("got", msg.get_body().decode(), flush=True)
    while not Path(__file__).with_name("go").exists():
        await asyncio.sleep(0.01)
    if msg.dequeue_count == 1 and msg.get_body() == b"twice":
        raise ValueError
"""
# One at a time: while one runs, no fetch is under way that could take another.
QUEUES = {"messageEncoding": "none", "batchSize": 1, "newBatchThreshold": 0}
HOST_JSON = json.dumps({"version": "2.0", "extensions": {"queues": QUEUES}})


def serve(folder: Path, *options: str) -> int:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return asyncio.run(command.serve(parser.parse_args(["--app", str(folder), *options])))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder of an app."""
    (tmp_path / "function_app.py").write_text(APP)
    (tmp_path / "host.json").write_text(HOST_JSON)
    return tmp_path


@asynccontextmanager
async def running(
    folder: Path, stage: Stage, **environment: str
) -> AsyncIterator[tuple[asyncio.subprocess.Process, asyncio.StreamReader]]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", RUN, "--app", str(folder)),
        cwd=ROOT,
        env={
            **os.environ,
            "QUEUE": stage.queue.queue_name,
            "STORAGE": stage.connection_string,
            **environment,
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        assert process.stdout
        yield process, process.stdout
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_signal_stops_it_after_what_runs_has_ended(
    folder: Path, stage: Stage, patience: type[Patience], number: signal.Signals
) -> None:
    async with running(folder, stage) as (process, output):
        ready = await patience.line(output, "Host ready")
        assert ready.strip() == f"Host ready: echo on {stage.queue.queue_name}"
        await stage.send("one")
        await patience.line(output, "got one")
        process.send_signal(number)
        await patience.line(output, "stopping: messages in flight have 10 s")
        (folder / "go").touch()
        await patience.line(output, "echo succeeded in")
        async with asyncio.timeout(30):
            assert await process.wait() == 0
    assert await stage.left() == 0


async def test_second_signal_ends_it_at_once(
    folder: Path, stage: Stage, patience: type[Patience]
) -> None:
    async with running(folder, stage) as (process, output):
        await stage.send("one")
        await patience.line(output, "got one")
        process.send_signal(signal.SIGINT)
        await patience.line(output, "stopping")
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(30):
            assert await process.wait() == -signal.SIGINT
    assert await stage.left() == 1


async def test_variable_overrides_host_json_in_the_process(
    folder: Path, stage: Stage, patience: type[Patience]
) -> None:
    (folder / "go").touch()
    name = "AzureFunctionsJobHost__extensions__queues__maxDequeueCount"
    async with running(folder, stage, **{name: "1"}) as (_, output):
        await stage.send("twice")
        await patience.line(output, "moved to")
    assert await stage.poisoned() == ["twice"]


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("function_app.py", "import no_such_thing", "No job functions found: ModuleNotFoundError"),
        ("host.json", "{", "host.json is not JSON"),
        ("host.json", "[]", "host.json is not a JSON object."),
        ("host.json", '{"extensions": {"queues": {"batchSize": 99}}}', "batchSize must be from 1"),
        ("host.json", None, "host.json cannot be read"),
    ],
)
def test_app_that_cannot_start_ends_with_one_message(
    folder: Path, capsys: pytest.CaptureFixture[str], name: str, content: str | None, complaint: str
) -> None:
    if content is None:
        (folder / name).unlink()
    else:
        (folder / name).write_text(content)
    assert serve(folder) == 1
    said = capsys.readouterr().err
    assert complaint in said
    assert said.count("\n") == 1
