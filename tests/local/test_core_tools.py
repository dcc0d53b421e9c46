"""The settings that Core Tools run this project with, on the local world."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

from azure.storage.queue import QueueServiceClient

from converters.settings.settings import Settings
from local import world
from local.package import ROOT
from local.world import World

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

COMMAND = (sys.executable, "-m", "local", "settings")
NEEDED = ("CONVERSION_STORAGE", "GRAPH_BASE_URL")


def test_world_without_a_host_is_what_core_tools_need(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world, "LOGS", tmp_path)
    with World({}, host=False) as running:
        environment = {name: running.environment[name] for name in NEEDED}
        printed = subprocess.run(
            COMMAND, env={**os.environ, **environment}, cwd=ROOT, capture_output=True, check=True
        ).stdout
        values = json.loads(printed)["Values"]
        settings = Settings.from_mapping(values)
        with QueueServiceClient.from_connection_string(values["AzureWebJobsStorage"]) as queues:
            assert set(settings.queues) <= {queue.name for queue in queues.list_queues()}
    assert not (tmp_path / "host.log").exists()
    assert values["FUNCTIONS_WORKER_RUNTIME"] == "python"
    assert settings.allowed_email_domains


def test_settings_without_a_world_say_what_to_run() -> None:
    environment = {name: text for name, text in os.environ.items() if name not in NEEDED}
    done = subprocess.run(
        COMMAND, env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "start --no-host" in done.stderr


def test_settings_are_never_committed() -> None:
    assert "local.settings.json" in (ROOT / ".gitignore").read_text().split()
