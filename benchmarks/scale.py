"""One to eight hosts that share Graph's limits, and a host's memory over 20,000 messages.

Prints figures; writes ``docs/scale.json`` and ``docs/scale.png``. Judges nothing but that no
message was lost or poisoned. Everything shares this machine's cores: the emulator, Azurite, the
hosts. Usage: ``make bench-scale``, or ``scale.py [SECONDS [MESSAGES]]`` for how long each number of
hosts is measured and over how many messages memory is watched; nothing is written to docs then.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
import urllib.request
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Self

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from azure.storage.queue import QueueServiceClient  # noqa: E402
from conversion import LATENCY_MS, request_body, tenant_of  # noqa: E402
from scale_report import LIMIT, Size, print_bill, print_size, write  # noqa: E402

from local.mailbox import Mailbox  # noqa: E402 - the project is no installed package
from local.storage import Azurite  # noqa: E402
from local.world import Program, emulated_graph, provision  # noqa: E402

HOSTS = (1, 2, 4, 8)
SECONDS, WARM_SECONDS = 60, 25
MESSAGES, MARKS = 20_000, (1_000, 5_000, 10_000, 20_000)
# Azurite slows down with depth; eight hosts hold 192 in flight.
MOST_WAITING, MOST_TAKEN = 700, 64
USERS = 45_000


@dataclass
class Scene:
    """Hosts at work on queues of their own, fed as they drain."""

    azurite: str
    graph_url: str
    name: str
    hosts: int
    next_user: int
    settled: int = 0
    sent: int = 0
    stack: ExitStack = field(default_factory=ExitStack)
    programs: list[Program] = field(default_factory=list)

    def __enter__(self) -> Self:
        self.environment = {
            "CONVERSION_STORAGE": self.azurite,
            "GRAPH_BASE_URL": self.graph_url,
            "ALLOWED_EMAIL_DOMAINS": "partner.example",
            "REQUESTS_QUEUE": self.name,
            "RESULTS_QUEUE": f"{self.name}-results",
            "LEDGER_TABLE": self.name.replace("-", ""),
        }
        provision(self.environment)
        self.mailbox = Mailbox.of(self.environment)
        for number in range(self.hosts):
            program = Program(f"{self.name}-{number}", ["host"], self.environment, "Host ready")
            self.stack.callback(program.stop)
            self.programs.append(program)
        for program in self.programs:
            program.wait_until_ready()
        return self

    def __exit__(self, *_: object) -> None:
        self.stack.close()

    def work(self, seconds: float, most: int = USERS) -> None:
        """Feed and drain for some seconds, or until so many messages have ended."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and self.settled < most:
            # As many as have ended, so that the hosts never run dry.
            for _ in range(min(MOST_WAITING - (self.sent - self.settled), most - self.sent)):
                self.mailbox.put(json.dumps(request_body(self.next_user)))
                self.next_user, self.sent = self.next_user + 1, self.sent + 1
            # Bounded: as long as outcomes arrive there is always another one to take.
            self.settled += sum(1 for _ in islice(self.mailbox.take(), MOST_TAKEN))
            time.sleep(0.02)

    def memory(self, what: str = "VmRSS") -> float:
        """Return the memory of the largest host, MB."""
        return max(_memory(program.process.pid, what) for program in self.programs)

    def deferred(self) -> int:
        """Return how often a request had to wait."""
        return sum(p.log.read_text().count('"status":"deferred"') for p in self.programs)

    def poisoned(self) -> int:
        """Return the messages in the poison queue."""
        with QueueServiceClient.from_connection_string(self.azurite) as storage:
            queue = storage.get_queue_client(f"{self.name}-poison")
            return queue.get_queue_properties().approximate_message_count or 0


def main() -> int:
    """Measure and print; return the exit code."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
    messages = int(sys.argv[2]) if len(sys.argv) > 2 else MESSAGES
    with tempfile.TemporaryDirectory() as folder, Azurite() as azurite:
        tenant = Path(folder) / "tenant.json"
        tenant.write_text(json.dumps(tenant_of(USERS)))
        options = ("--throttle", "--latency", str(LATENCY_MS))
        with emulated_graph(tenant, options) as graph_url:
            sizes, used = [], 0
            for hosts in HOSTS:
                size, used = _measure(azurite.connection_string, graph_url, hosts, used, seconds)
                sizes.append(size)
                print_size(size)
            bill = print_bill(sizes)
        with emulated_graph(tenant) as graph_url:
            memory, lost = _watch_memory(azurite.connection_string, graph_url, messages)
    if len(sys.argv) == 1:
        write(sizes, memory, bill)
    return 1 if lost or any(size.poisoned for size in sizes) else 0


def _measure(
    azurite: str, graph_url: str, hosts: int, first_user: int, seconds: float
) -> tuple[Size, int]:
    with Scene(azurite, graph_url, f"scale-{hosts}", hosts, first_user) as scene:
        scene.work(WARM_SECONDS)
        before, began = _counts(graph_url), time.monotonic()
        scene.work(seconds)
        after, lasted = _counts(graph_url), time.monotonic() - began
        made, refused = (_difference(before, after, "invitations", s) for s in ("201", "429"))
        batches = _difference(before, after, "$batch", None)
        size = Size(hosts, made / lasted, made / lasted / LIMIT)
        size.throttled = refused / max(1, made + refused)
        size.all_throttled = refused / max(1, made + refused + batches)
        size.poisoned, size.deferred = scene.poisoned(), scene.deferred()
        size.executions = 1 + size.deferred / max(1, scene.settled)
        size.peak_mb = scene.memory("VmHWM")
        return size, scene.next_user


def _watch_memory(azurite: str, graph_url: str, messages: int) -> tuple[dict[int, float], int]:
    memory: dict[int, float] = {}
    print(f"\nOne host without limits, up to its {messages:,}th message:")
    with Scene(azurite, graph_url, "memory", 1, 0) as scene:
        for mark in (mark for mark in MARKS if mark <= messages):
            scene.work(3600, mark)
            memory[mark] = scene.memory()
            print(f"  memory after {mark:6,} messages   {memory[mark]:6.1f} MB", flush=True)
        return memory, scene.sent - scene.settled


def _counts(graph_url: str) -> dict[str, dict[str, int]]:
    with urllib.request.urlopen(f"{graph_url}/_emulator/counts") as answer:  # noqa: S310
        counts: dict[str, dict[str, int]] = json.load(answer)
    return counts


def _difference(
    before: dict[str, dict[str, int]],
    after: dict[str, dict[str, int]],
    path: str,
    status: str | None,
) -> int:
    def total(counts: dict[str, dict[str, int]]) -> int:
        by_status = counts.get(path, {})
        return by_status.get(status, 0) if status else sum(by_status.values())

    return total(after) - total(before)


def _memory(pid: int, what: str) -> float:
    """Return the memory of a host and its worker, MB."""
    process = Path(f"/proc/{pid}")
    lines = (process / "status").read_text().splitlines()
    own = next(int(line.split()[1]) for line in lines if line.startswith(what)) / 1024
    children = (process / "task" / str(pid) / "children").read_text().split()
    return own + sum(_memory(int(child), what) for child in children)


if __name__ == "__main__":
    sys.exit(main())
