"""An operator at a terminal: the genuine Azure CLI, signed in to a cloud of its own."""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp.test_utils import TestServer

from tests.certificates import tls_with
from tests.infra.arm import TENANT, ResourceManager
from tests.infra.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

AZURE_CLI = ROOT / ".tools" / "azure-cli" / "bin"
# What the CLI asks of any cloud.
ENDPOINTS = (
    "management",
    "resource_manager",
    "active_directory",
    "active_directory_resource_id",
    "microsoft_graph_resource_id",
    "app_service_resource_id",
)
CONFIG = """
[cloud]
name = Local
[core]
collect_telemetry = no
instance_discovery = no
[bicep]
use_binary_from_path = yes
"""
# The CLI waits a minute for Azure after each package; nothing here needs time.
AT_ONCE = "import time\nwait, time.sleep = time.sleep, lambda seconds: wait(min(seconds, 0.01))\n"
LOGIN = f"az login --service-principal --username operator --password x --tenant {TENANT}"


@dataclass(frozen=True, slots=True)
class Operator:
    """Somebody who is signed in.

    Attributes:
        azure: what is asked.
        environment: the terminal's.
    """

    azure: ResourceManager
    environment: dict[str, str]

    async def runs(self, script: str, **more: str) -> tuple[int | None, str, str]:
        """Run lines of a shell in the repository; return exit code, output and errors."""
        process = await asyncio.create_subprocess_exec(
            *("bash", "-e", "-c", script),
            cwd=ROOT,
            env={**self.environment, **more},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        output, errors = await process.communicate()
        return process.returncode, output.decode(), errors.decode()


@asynccontextmanager
async def signed_in(folder: Path) -> AsyncIterator[Operator]:
    """Sign somebody in, with a configuration and commands that lie in this folder."""
    azure, certificate = ResourceManager(), folder / "certificate.pem"
    server = TestServer(azure.app, host="127.0.0.1")
    await server.start_server(ssl=tls_with(certificate))
    url = f"https://127.0.0.1:{server.port}"
    endpoints = "\n".join(f"endpoint_{name} = {url}" for name in ENDPOINTS)
    (folder / "clouds.config").write_text(f"[Local]\n{endpoints}\n")
    (folder / "config").write_text(CONFIG)
    (folder / "sitecustomize.py").write_text(AT_ONCE)
    commands = folder / "commands"
    commands.mkdir()
    (commands / "sleep").symlink_to("/bin/true")
    environment = {
        **os.environ,
        "PATH": os.pathsep.join([str(commands), str(AZURE_CLI), os.environ["PATH"]]),
        "PYTHONPATH": str(folder),
        "AZURE_CONFIG_DIR": str(folder),
        "REQUESTS_CA_BUNDLE": str(certificate),
    }
    operator = Operator(azure, environment)
    try:
        code, _, errors = await operator.runs(LOGIN)
        assert code == 0, errors
        yield operator
    finally:
        await server.close()
