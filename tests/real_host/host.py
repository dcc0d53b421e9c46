"""Microsoft's Functions host as a process: started for a folder, read, asked, stopped, killed."""

from __future__ import annotations

import socket
import subprocess
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import aiohttp

from tests.hosts.process import HostProcess, until

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.real_host.finding import Program

__all__ = ["Host", "until"]
READY = r"Job host started"
KEY = "key-of-the-tests"


class Host(HostProcess):
    """One run of the host: ``async with Host(program, app, settings) as host``.

    Args:
        program: the host that was found.
        app: the folder of the app.
        settings: its environment, over this process's own.
    """

    def __init__(self, program: Program, app: Path, settings: Mapping[str, str]) -> None:
        self._port = _free_port()
        own = {
            "ASPNETCORE_URLS": f"http://127.0.0.1:{self._port}",
            "AzureFunctionsWebHost__hostid": f"host{uuid.uuid4().hex[:24]}",
            "AzureFunctionsJobHost__logging__console__isEnabled": "true",
            "FUNCTIONS_WORKER_RUNTIME": "python",
            "HOST_MASTER_KEY": KEY,
        }
        super().__init__(program.arguments(app, self._port), app, {**own, **settings}, READY)

    async def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Call an address below ``/admin``; return status and answer."""
        url = f"http://127.0.0.1:{self._port}/admin/{path}"
        headers = {"x-functions-key": KEY}
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, url, json=body or {}, headers=headers) as answer,
        ):
            is_json = answer.content_type == "application/json"
            return answer.status, await (answer.json() if is_json else answer.text())

    async def fire(self, function: str) -> None:
        """Let a function run now."""
        status, answer = await self.ask("POST", f"functions/{function}", {"input": ""})
        assert status == 202, answer

    async def drain(self) -> None:
        """Let it take no more messages from now on."""
        status, _ = await self.ask("POST", "host/drain")
        assert status == 202

    async def drained(self) -> None:
        """Return once those in flight have ended."""

        async def completed() -> bool:
            return bool((await self.ask("GET", "host/drain/status"))[1]["state"] == "Completed")

        await until(completed, "drained")

    def worker(self) -> int:
        """Return the process id of the one Python worker."""
        (pid,) = _workers_of(self.pid)
        return pid

    async def next_worker(self, than: int) -> int:
        """Return the process id of the worker that was started after another one had died."""

        async def there() -> int:
            return next((pid for pid in _workers_of(self.pid) if pid != than), 0)

        return int(await until(there, "another worker"))

    async def _answers(self) -> bool:
        # One that gives up at its start answers nobody.
        if self.exit_code is not None:
            return True
        with suppress(aiohttp.ClientConnectionError):
            return (await self.ask("GET", "host/ping"))[0] == 200
        return False


def _workers_of(pid: int) -> list[int]:
    """Return the processes below a host's that run a Python worker."""
    listed = subprocess.run(
        ["ps", "-A", "-ww", "-o", "pid=,ppid=,args="],  # noqa: S607 - wherever it is
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    rows = [line.split(None, 2) for line in listed.splitlines()]
    below, found = [pid], []
    for parent in below:
        children = [(int(row[0]), row[2]) for row in rows if int(row[1]) == parent]
        below += [child for child, _ in children]
        found += [child for child, command in children if "worker.py" in command]
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
