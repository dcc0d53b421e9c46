"""The package is what runs, and runs from where it was opened, with what it asks for alone."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import sys
import uuid
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from azure.storage.queue.aio import QueueClient

from local.graph import GraphEmulator
from local.package import write
from local.world import provision
from tests.directory import request, tenant
from tests.infra.paths import ROOT
from tests.installing import installed
from tests.service import taken

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM = ROOT / "tests" / "worker_program.py"
WORKER = ("azure_functions_runtime", "azurefunctions")


def test_package_holds_what_runs_and_nothing_else(tmp_path: Path) -> None:
    with zipfile.ZipFile(write(tmp_path / "package.zip")) as package:
        names = set(package.namelist())
    assert names >= {
        "host.json",
        "requirements.txt",
        "function_app.py",
        "converters/graph/client.py",
    }
    assert {name.partition("/")[0] for name in names} == {
        "host.json", "requirements.txt", "function_app.py", "converters",
    }  # fmt: skip
    assert not [name for name in names if "__pycache__" in name]


def test_package_has_the_same_bytes_each_time(tmp_path: Path) -> None:
    one, other = (write(tmp_path / name).read_bytes() for name in ("one.zip", "other.zip"))
    assert one == other


# The first run on a machine installs the package's requirements.
@pytest.mark.timeout(600)
@pytest.mark.skipif(
    importlib.util.find_spec("azure_functions_runtime") is None,
    reason="the worker's library needs Python 3.13",
)
async def test_opened_package_converts_with_what_it_asks_for_alone(
    azurite: str, queue_names: Iterator[str], tmp_path: Path
) -> None:
    app = tmp_path / "app"
    with zipfile.ZipFile(write(tmp_path / "package.zip")) as package:
        package.extractall(app)
    libraries = await asyncio.to_thread(installed, app / "requirements.txt", "package")
    name = next(queue_names)
    async with GraphEmulator(tenant()) as graph:
        environment = {
            "CONVERSION_STORAGE": azurite,
            "REQUESTS_QUEUE": next(queue_names),
            "RESULTS_QUEUE": name,
            "QUOTA_QUEUE": next(queue_names),
            "DEAD_LETTERS_QUEUE": next(queue_names),
            "LEDGER_TABLE": f"t{uuid.uuid4().hex}",
            "GRAPH_BASE_URL": graph.url,
            "ALLOWED_EMAIL_DOMAINS": "partner.example",
        }
        await asyncio.to_thread(provision, environment)
        paths = [str(app), str(libraries), str(worker_alone(tmp_path))]
        answer = await invoked(environment, paths, app)
        assert answer == {
            "functions": ["convert", "follow_up", "sweep"],
            "results": [{"ok": True, "error": None}],
        }
        assert len(graph.invitations) == 1
    async with QueueClient.from_connection_string(azurite, name) as results:
        (outcome,) = [json.loads(text)["data"] for text in await taken(results)]
    assert outcome["status"] == "invited"


def worker_alone(folder: Path) -> Path:
    """Return a folder with the worker's library and nothing else of this environment."""
    alone = folder / "worker"
    alone.mkdir()
    for name in WORKER:
        spec = importlib.util.find_spec(name)
        assert spec
        assert spec.submodule_search_locations
        (alone / name).symlink_to(Path(next(iter(spec.submodule_search_locations))))
    return alone


async def invoked(environment: dict[str, str], paths: list[str], app: Path) -> dict[str, Any]:
    """Run the worker's program on one request, with these folders to import from."""
    delivery = {"body": json.dumps(request()), "metadata": {"Id": "queue-id", "DequeueCount": 1}}
    process = await asyncio.create_subprocess_exec(
        # Without this environment's own packages.
        *(sys.executable, "-S", str(PROGRAM)),
        cwd=app,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={
            **{name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
            **environment,
            "PYTHONPATH": os.pathsep.join(paths),
            "APP_FOLDER": str(app),
        },
    )
    output, errors = await process.communicate(json.dumps([delivery]).encode())
    assert process.returncode == 0, errors.decode()
    answer: dict[str, Any] = json.loads(output.splitlines()[-1])
    return answer
