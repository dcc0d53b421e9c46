"""A queue on Azurite, a folder with the probe, hosts that come and go: what scenarios play on."""

from __future__ import annotations

import json
import uuid
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copytree
from time import time
from typing import TYPE_CHECKING, Any, NamedTuple

from azure.core.exceptions import ResourceNotFoundError
from azure.core.utils import parse_connection_string
from azure.storage.queue import ResourceTypes, generate_account_sas
from azure.storage.queue.aio import QueueServiceClient

from tests.hosts.process import until
from tests.hosts.trace import Poisoned, Seen, Trace

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping

    from azure.storage.queue.aio import QueueClient

    from tests.hosts.process import HostProcess

PROBE = Path(__file__).parent / "probe"
# A host takes a message for ten minutes, which the real one lets nobody set. Azurite lets them be
# these seconds, longer than any other delay with its tolerance. And it fails on order, for queues
# whose names say at what.
LEASE_SECONDS = 30
BUSY_CALLS = 8
PRELUDE = f"""
const messages = require(folder + "/queue/handlers/MessagesHandler.js").default.prototype;
const single = require(folder + "/queue/handlers/MessageIdHandler.js").default.prototype;
const StorageError = require(folder + "/queue/errors/StorageError.js").default;
const dequeue = messages.dequeue, remove = single.delete, busy = {{}};
const refuse = (status, code, context) => {{
  throw new StorageError(status, code, code, context.contextID || "");
}};
messages.dequeue = function (options, context) {{
  const queue = context.context.queue || "";
  if (options.visibilitytimeout === 600) {{
    options.visibilitytimeout = {LEASE_SECONDS};
    busy[queue] = (busy[queue] || 0) + 1;
    if (queue.startsWith("busy") && busy[queue] <= {BUSY_CALLS})
      refuse(503, "ServerBusy", context);
  }}
  return dequeue.call(this, options, context);
}};
single.delete = function (receipt, options, context) {{
  if ((context.context.queue || "").startsWith("kept"))
    refuse(403, "AuthorizationFailure", context);
  return remove.call(this, receipt, options, context);
}};
"""
HOST_JSON: dict[str, Any] = {
    "version": "2.0",
    "extensionBundle": {
        "id": "Microsoft.Azure.Functions.ExtensionBundle",
        "version": "[4.*, 5.0.0)",
    },
    "functionTimeout": "00:05:00",
    "extensions": {
        "queues": {
            "messageEncoding": "none",
            "batchSize": 16,
            "newBatchThreshold": 8,
            "maxPollingInterval": "00:00:00.2",
            "visibilityTimeout": "00:00:02",
            "maxDequeueCount": 3,
        }
    },
}


class Ground(NamedTuple):
    """Where a kind of host runs.

    Attributes:
        start: returns a host, to be entered, for the app's folder and some settings.
        azurite: the connection string of an Azurite with ``PRELUDE``.
    """

    start: Callable[[Path, Mapping[str, str]], HostProcess]
    azurite: str


@dataclass(slots=True)
class Stage:
    """What a scenario plays on.

    Attributes:
        queue: to put messages into.
        host: the one that was started last.
    """

    ground: Ground
    folder: Path
    settings: dict[str, str]
    queue: QueueClient
    poison: QueueClient
    stack: AsyncExitStack
    hosts: list[HostProcess] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    put: dict[str, float] = field(default_factory=dict)

    @property
    def host(self) -> HostProcess:
        """The host that was started last."""
        return self.hosts[-1]

    async def start(self, **changes: str) -> HostProcess:
        """Start one more host, with some settings changed."""
        host = self.ground.start(self.folder, self.settings | changes)
        self.hosts.append(await self.stack.enter_async_context(host))
        return host

    async def send(self, *texts: str) -> None:
        """Put messages into the queue."""
        for text in texts:
            self.put[text.split()[0]] = time()
            await self.queue.send_message(text)

    async def seen(self, name: str, count: int, what: str, seconds: float = 60) -> None:
        """Return once a try of a message was seen to come so far."""

        async def there() -> bool:
            return any(
                (n["name"], n["count"], n["what"]) == (name, count, what) for n in self._notes()
            )

        await until(there, f"{name}, try {count}: {what}", seconds)

    @contextmanager
    def timed(self, what: str) -> Iterator[None]:
        """Note how many seconds something takes."""
        began = time()
        yield
        self.seconds[what] = time() - began

    async def settled(self, seconds: float = 60) -> None:
        """Return once no message is left."""

        async def empty() -> bool:
            return not await self._left()

        await until(empty, "an empty queue", seconds)

    async def trace(self) -> Trace:
        """Return what has happened."""
        return Trace(
            tries=self._tries(),
            poison=await self._poisoned(),
            left=await self._left(),
            exits=[host.exit_code for host in self.hosts],
            seconds=self.seconds,
        )

    def _notes(self) -> list[dict[str, Any]]:
        path = Path(self.settings["TRACE"])
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def _tries(self) -> dict[str, list[Seen]]:
        tries: dict[str, list[Seen]] = {}
        before = dict(self.put)
        for it in self._notes():
            known = tries.setdefault(it["name"], [])
            if it["what"] == "began":
                known.append(Seen(it["count"], "", it["at"] - before[it["name"]]))
                before[it["name"]] = it["at"]
            else:
                # Two tries of one message may overlap.
                number = max(n for n, one in enumerate(known) if one.number == it["count"])
                known[number] = known[number]._replace(how=it["what"])
        return tries

    async def _poisoned(self) -> list[Poisoned]:
        try:
            peeked = await self.poison.peek_messages(32)
        except ResourceNotFoundError:
            return []
        return [
            Poisoned(it.content, it.dequeue_count or 0, (it.expires_on - it.inserted_on).days)
            for it in peeked
            if it.expires_on and it.inserted_on
        ]

    async def _left(self) -> int:
        return (await self.queue.get_queue_properties()).approximate_message_count or 0


def limited(azurite: str, rights: str) -> str:
    """Return a connection with certain rights alone, as ``generate_account_sas`` names them."""
    parts = parse_connection_string(azurite)
    signature = generate_account_sas(
        parts["accountname"],
        parts["accountkey"],
        ResourceTypes(container=True, object=True, service=True),
        rights,
        datetime.now(UTC) + timedelta(hours=1),
        services="q",
    )
    return f"QueueEndpoint={parts['queueendpoint']};SharedAccessSignature={signature}"


@asynccontextmanager
async def staged(
    ground: Ground, folder: Path, prefix: str, host_json: Mapping[str, Any]
) -> AsyncIterator[Stage]:
    """Make a stage; its hosts end with it.

    Args:
        ground: where its hosts run.
        folder: for the app and the trace.
        prefix: of the queue's name.
        host_json: what differs from ``HOST_JSON`` in its settings of queues; ``functionTimeout``.
    """
    name, app = f"{prefix}-{uuid.uuid4().hex}", folder / "app"
    copytree(PROBE, app)
    whole = json.loads(json.dumps(HOST_JSON))
    for key, value in host_json.items():
        (whole if key in whole else whole["extensions"]["queues"])[key] = value
    (app / "host.json").write_text(json.dumps(whole))
    settings = {
        # The host looks for one with AzureWebJobs before it first, whatever the case: no "STORAGE".
        "PROBED_STORAGE": ground.azurite,
        "AzureWebJobsStorage": ground.azurite,
        "PROBED": name,
        "TRACE": str(folder / "trace.jsonl"),
    }
    async with (
        QueueServiceClient.from_connection_string(ground.azurite) as service,
        AsyncExitStack() as stack,
    ):
        queue = await service.create_queue(name)
        poison = service.get_queue_client(f"{name}-poison")
        yield Stage(ground, app, settings, queue, poison, stack)
