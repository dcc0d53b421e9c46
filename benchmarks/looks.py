"""What following up costs: one look at a pending user, and 100,000 pending for thirty days.

A look is measured in a process of its own, with Graph (emulated) and Azurite beside it; the rate is
one host's, with Graph answering after 150 ms. The rest is reckoned from these and from the
default schedule. Prints the figures and writes ``docs/looks.json``. Usage: ``make bench-looks``.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from azure.storage.queue.aio import QueueClient  # noqa: E402
from conversion import arrivals, measure, tenant_of  # noqa: E402
from pending import follow_up  # noqa: E402

from converters.model.follow_up import Check  # noqa: E402
from converters.settings.follow_up import DAY  # noqa: E402
from converters.settings.settings import Settings  # noqa: E402
from converters.wire.checks import written_check  # noqa: E402
from local.mailbox import Mailbox  # noqa: E402
from local.storage import Azurite  # noqa: E402
from local.world import World, emulated_graph, provision  # noqa: E402

COUNT, THROUGHPUT = 400, 800
LATENCY_MS = 150
PENDING = 100_000
# The host takes a message and deletes it.
HOST_CALLS = 2
# Flex Consumption bills a second at least for an execution that nothing shares an instance with.
INSTANCE_GB, LEAST_SECONDS = 0.5, 1.0
SENDERS = 16


def main() -> None:
    """Measure, print, write."""
    with tempfile.TemporaryDirectory() as folder:
        look = _look(Path(folder) / "pending.json")
        rate = _rate(Path(folder) / "redeemed.json")
    print(f"A look at a pending user: {look['cpu_ms']:.1f} ms CPU (wanted: at most 3.0),")
    print(
        f"  {look['graph_calls']:.2f} requests to Graph (wanted: at most 1),"
        f" {look['storage_calls']:.1f} to storage, {HOST_CALLS} more by the host"
    )
    print(f"One host, redeemed users, Graph after {LATENCY_MS} ms: {rate:.0f} looks a second")
    bill = reckoned(look, rate)
    print(f"{PENDING:,} who never redeem, at the default schedule, for 30 days:")
    for what, value in bill.items():
        print(f"  {what:28} {value:>14,}")
    figures = {
        "cpuMs": round(look["cpu_ms"], 1),
        "graphRequests": round(look["graph_calls"], 2),
        "storageRequests": round(look["storage_calls"], 1) + HOST_CALLS,
        "looksPerSecond": round(rate),
        "pending": PENDING,
        "bill": bill,
    }
    (ROOT / "docs" / "looks.json").write_text(json.dumps(figures, indent=2) + "\n")


def reckoned(look: dict[str, float], rate: float) -> dict[str, int]:
    """Reckon what so many cost who stay pending until they are stale."""
    looks = PENDING * looks_of_one()
    storage = looks * (look["storage_calls"] + HOST_CALLS)
    return {
        "executions": looks,
        "graphRequestsAtMost": round(looks * look["graph_calls"]),
        "storageTransactions": round(storage),
        "gbSecondsAtLeast": round(looks / rate * INSTANCE_GB),
        "gbSecondsAtMost": round(looks * LEAST_SECONDS * INSTANCE_GB),
    }


def looks_of_one() -> int:
    """Return how many looks the default schedule takes at somebody who never redeems."""
    follow_up = Settings.from_mapping(
        {"CONVERSION_STORAGE": "UseDevelopmentStorage=true"}
    ).follow_up
    age, looks = 0.0, 0
    while age < follow_up.stale_days * DAY:
        age, looks = follow_up.next_age(age), looks + 1
    return looks


def _look(tenant: Path) -> dict[str, float]:
    _write(tenant, "PendingAcceptance")
    with Azurite() as azurite, emulated_graph(tenant) as graph:
        environment = {"CONVERSION_STORAGE": azurite.connection_string, "GRAPH_BASE_URL": graph}
        provision(environment)
        return measure("looks", environment, 0, COUNT)


def _rate(tenant: Path) -> float:
    _write(tenant, "Accepted")
    options = ("--latency", str(LATENCY_MS))
    with World({}, tenant, graph_options=options) as world:
        asyncio.run(_enqueue(world.environment))
        times = arrivals(Mailbox.of(world.environment), THROUGHPUT)
    # Half of them at most were looked at while the others were still being enqueued.
    late = times[len(times) // 2 :]
    return (len(late) - 1) / (late[-1] - late[0])


async def _enqueue(environment: dict[str, str]) -> None:
    settings, slots = Settings.from_mapping(environment), asyncio.Semaphore(SENDERS)
    storage, invited = settings.storage.connection_string or "", time.time() - DAY
    async with QueueClient.from_connection_string(storage, settings.follow_up.queue) as queue:

        async def put(number: int) -> None:
            async with slots:
                text = written_check(Check(follow_up(number, invited))).decode()
                await queue.send_message(text)

        await asyncio.gather(*(put(number) for number in range(THROUGHPUT)))


def _write(path: Path, state: str) -> None:
    tenant: dict[str, Any] = tenant_of(2_000)
    for user in tenant["users"]:
        user["externalUserState"] = state
        if state == "Accepted":
            user["identities"] = [
                {"signInType": "federated", "issuer": "mail", "issuerAssignedId": None}
            ]
    path.write_text(json.dumps(tenant))


if __name__ == "__main__":
    main()
