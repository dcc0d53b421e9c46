"""The whole world on this machine: Azurite, the Graph emulator and the queue host, as processes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from azure.core.exceptions import ResourceExistsError
from azure.data.tables import TableServiceClient
from azure.storage.queue import QueueServiceClient

from converters.settings.settings import Settings
from local.storage import Azurite

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import TracebackType
    from typing import Self

ROOT = Path(__file__).resolve().parent.parent
LOGS = ROOT / ".logs"
# As cli.configuring has it.
LOCAL_WORLD = ".local-world.json"
SAMPLE_TENANT = ROOT / "local" / "sample" / "tenant.json"
STOP_SECONDS = 15


class Program:
    """One of this project's commands, running; what it prints goes to a file under ``.logs``.

    Args:
        name: the file's name.
        arguments: what follows ``python -m local``.
        environment: added to this process's own.
        ready: what it prints once it is ready.
    """

    def __init__(
        self, name: str, arguments: Sequence[str], environment: Mapping[str, str], ready: str
    ) -> None:
        self.log = LOGS / f"{name}.log"
        self._ready_pattern, self._ready = re.compile(ready), threading.Event()
        self.ready_line = ""
        LOGS.mkdir(exist_ok=True)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "local", *arguments],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # Its own group: an interrupt at the terminal is for this process, which stops the rest.
            start_new_session=True,
        )
        self._copier = threading.Thread(target=self._copy, daemon=True)
        self._copier.start()

    def wait_until_ready(self) -> str:
        """Return the line that says it is ready.

        Raises:
            RuntimeError: it ended before, with the end of what it printed.
        """
        self._ready.wait()
        if not self.ready_line:
            raise RuntimeError(f"it did not start; {self.log}:\n{self.log.read_text()[-2000:]}")
        return self.ready_line

    def stop(self) -> None:
        """End it: SIGTERM, and SIGKILL where that is not enough."""
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._copier.join()

    def _copy(self) -> None:
        output = self.process.stdout
        if output is None:  # pragma: no cover - it is a pipe
            return
        with self.log.open("w") as log, output:
            for line in output:
                log.write(line)
                log.flush()
                if not self.ready_line and self._ready_pattern.search(line):
                    self.ready_line = line.strip()
                    self._ready.set()
        self._ready.set()


@contextmanager
def emulated_graph(tenant: Path, options: Sequence[str] = ()) -> Iterator[str]:
    """Run the Graph emulator with a tenant's file; give its URL."""
    arguments = ["graph", "--port", "0", "--tenant", str(tenant), *options]
    program = Program("graph", arguments, {}, r"http://\S+")
    try:
        address = re.search(r"http://[^\s/]+", program.wait_until_ready())
        yield address[0] if address else ""
    finally:
        program.stop()


class World:
    """Azurite, the Graph emulator with a tenant, and the host with the function.

    Args:
        settings: environment for the function, over what the world sets itself.
        tenant: the emulator's tenant.
        graph_options: more options for the emulator's command.
        host: whether the function runs too; else its queues and table are made, for another host.
    """

    host_log = LOGS / "host.log"

    def __init__(
        self,
        settings: Mapping[str, str],
        tenant: Path = SAMPLE_TENANT,
        graph_options: Sequence[str] = (),
        *,
        host: bool = True,
    ) -> None:
        self._host = host
        self._settings, self._tenant, self._stack = settings, tenant, ExitStack()
        self._graph_options = graph_options
        self.environment: dict[str, str] = {}
        self.graph_url = ""

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            azurite = stack.enter_context(Azurite())
            emulator = emulated_graph(self._tenant, self._graph_options)
            self.graph_url = stack.enter_context(emulator)
            self.environment = {
                "CONVERSION_STORAGE": azurite.connection_string,
                "REQUESTS_QUEUE": "conversion-requests",
                "RESULTS_QUEUE": "conversion-results",
                "GRAPH_BASE_URL": self.graph_url,
                **self._settings,
            }
            if self._host:
                host = Program("host", ["host"], self.environment, r"Host ready")
                stack.callback(host.stop)
                host.wait_until_ready()
            else:
                provision(self.environment)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()


@contextmanager
def told_where(world: World, folder: Path = ROOT) -> Iterator[None]:
    """Leave a file that says where the world is, as long as it runs: ``b2b --local`` reads it."""
    path = folder / LOCAL_WORLD
    path.write_text(json.dumps(world.environment, indent=2))
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def provision(environment: Mapping[str, str]) -> None:
    """Create every queue and the table that the settings name, unless they exist.

    In Azure, Bicep does.
    """
    settings = Settings.from_mapping(environment)
    storage = settings.storage.connection_string or ""
    with QueueServiceClient.from_connection_string(storage) as queues:
        for name in settings.queues:
            with suppress(ResourceExistsError):
                queues.create_queue(name)
    with TableServiceClient.from_connection_string(storage) as tables:
        tables.create_table_if_not_exists(settings.ledger_table)
