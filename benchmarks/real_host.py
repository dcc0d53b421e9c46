"""The package on Microsoft's Functions host: seconds to start, memory, messages a second.

Prints figures; judges nothing. Usage: ``benchmarks/real_host.py [MESSAGES]``.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from local.package import write  # noqa: E402 - the project is no installed package
from local.storage import Azurite  # noqa: E402
from tests.installing import installed  # noqa: E402
from tests.real_host.deployment import Deployment, Site, deployed  # noqa: E402
from tests.real_host.finding import REASON, find  # noqa: E402
from tests.real_host.host import Host, until  # noqa: E402

STARTS = 3
MESSAGES = 300
DRAINED_SECONDS = 600


def resident_mb(pid: int) -> float:
    """Return the resident memory of a process."""
    command = ("ps", "-o", "rss=", "-p", str(pid))
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout) / 1024


def print_memory(host: Host, when: str) -> None:
    """Print what the host and its worker hold."""
    worker = resident_mb(host.worker())
    print(f"memory {when}: host {resident_mb(host.pid):.0f} MB, worker {worker:.0f} MB")


async def measure(deployment: Deployment, messages: int) -> None:
    """Start it some times; let the last one work."""
    starts = []
    for _ in range(STARTS - 1):
        async with deployment.host() as host:
            starts.append(host.started_seconds)
    async with deployment.host() as host:
        starts.append(host.started_seconds)
        slowest = max(starts)
        print(
            f"start: {statistics.median(starts):.1f} s (of {STARTS}, the slowest {slowest:.1f} s)"
        )
        print_memory(host, "after the start")
        began = time.monotonic()
        for number in range(messages):
            await deployment.put(deployment.newcomer(f"R-{number}"))

        async def drained() -> bool:
            return await deployment.count("results") >= messages

        await until(drained, "all outcomes", DRAINED_SECONDS)
        seconds = time.monotonic() - began
        print(f"throughput: {messages / seconds:.1f} a second, sending {messages} included")
        print_memory(host, f"after {messages} messages")


async def main() -> None:
    """Open the package, deploy it, measure."""
    program = find()
    if program is None:
        sys.exit(REASON)
    messages = int(sys.argv[1]) if sys.argv[1:] else MESSAGES
    with tempfile.TemporaryDirectory() as folder:
        app = Path(folder) / "app"
        with zipfile.ZipFile(write(Path(folder) / "package.zip")) as package:
            package.extractall(app)
        packages = installed(app / "requirements.txt", "package")
        site = Site(program, app, program.worker(packages))
        async with (
            Azurite() as azurite,
            deployed(site, azurite.connection_string) as deployment,
        ):
            await measure(deployment, messages)


if __name__ == "__main__":
    asyncio.run(main())
