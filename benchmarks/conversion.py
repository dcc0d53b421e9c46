"""What a conversion costs, beside a plain typed msgraph-sdk client doing GET user and POST.

Prints figures and ratios, measured in one run on one machine; judges nothing. Every program that
is measured is a fresh process; Graph (emulated) and the queues (Azurite) are processes of their
own, so that CPU and memory are the measured program's alone. Usage: ``make bench``.
"""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from local.mailbox import Mailbox  # noqa: E402 - the project is no installed package
from local.storage import Azurite  # noqa: E402
from local.world import World, emulated_graph, provision  # noqa: E402

COLD_RUNS = 5
WARM = 50
COUNT = 400
THROUGHPUT = 400
PACED, PACE = 200, 20
LATENCY_MS = 150
LINE = re.compile(r'conversion (\{.*"milliseconds".*\})')


def main() -> None:
    """Measure and print; ``throughput`` as an argument leaves the rest out."""
    with tempfile.TemporaryDirectory() as folder:
        tenant = Path(folder) / "tenant.json"
        tenant.write_text(json.dumps(tenant_of(20_000)))
        if "throughput" not in sys.argv[1:]:
            _cold_and_cpu(tenant)
        _throughput(tenant)


def _cold_and_cpu(tenant: Path) -> None:
    figures: dict[str, list[dict[str, float]]] = {"ours": [], "typed": []}
    with Azurite() as azurite, emulated_graph(tenant) as graph_url:
        environment = {
            "CONVERSION_STORAGE": azurite.connection_string,
            "GRAPH_BASE_URL": graph_url,
            "ALLOWED_EMAIL_DOMAINS": "partner.example",
        }
        provision(environment)
        used = 0
        for run in range(COLD_RUNS):
            # The two in turn, so that a machine that drifts drifts under both.
            for subject, taken in figures.items():
                count = COUNT if run == COLD_RUNS - 1 else 0
                taken.append(measure(subject, environment, used, count))
                used += 1 + (WARM + count if count else 0)
        ledger = measure("ledger", environment, 0, COUNT)
    ours, typed = figures["ours"], figures["typed"]
    _compare("import and first conversion, ms", "first_ms", ours, typed, "0.5 of it")
    _compare("CPU of that, ms", "first_cpu_ms", ours, typed)
    _compare("peak memory after it, MB", "first_mb", ours, typed)
    bound = "6.5 and 0.55 of it, which keeps no ledger"
    _compare("CPU per conversion, 16 in flight, ms", "cpu_ms", ours[-1:], typed[-1:], bound)
    alone = ledger["cpu_ms"]
    print(f"  of that, the ledger's calls alone      ours {alone:8.1f}")
    _compare("peak memory after those, MB", "peak_mb", ours[-1:], typed[-1:], "110")


def measure(subject: str, environment: dict[str, str], first: int, count: int) -> dict[str, float]:
    """Run a subject in a process of its own; return the figures that it prints."""
    script = ROOT / "benchmarks" / f"subject_{subject}.py"
    done = subprocess.run(
        [sys.executable, str(script), str(first), str(count), str(WARM)],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{script.name} failed:\n{done.stderr}")
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def _throughput(tenant: Path) -> None:
    settings = {"ALLOWED_EMAIL_DOMAINS": "partner.example"}
    with World(settings, tenant, graph_options=("--latency", str(LATENCY_MS))) as world:
        mailbox = Mailbox.of(world.environment)
        for number in range(THROUGHPUT):
            mailbox.put(json.dumps(request_body(10_000 + number)))
        full = arrivals(mailbox, THROUGHPUT)
        crowded = _median(world, skip=0)
        started = time.perf_counter()
        for number in range(PACED):
            due = started + number / PACE
            time.sleep(max(0.0, due - time.perf_counter()))
            mailbox.put(json.dumps(request_body(15_000 + number)))
        arrivals(mailbox, PACED)
        calm = _median(world, skip=THROUGHPUT)
    rate = (len(full) - 1) / (full[-1] - full[0])
    print(f"\nOne host process, Graph answering after {LATENCY_MS} ms:")
    print(f"  conversions a second, all waiting at once       {rate:6.1f}   (wanted: at least 20)")
    print(f"  median time of one meanwhile, 24 in flight, ms  {crowded:6.0f}")
    wanted = f"(wanted: at most {2 * LATENCY_MS + 30})"
    print(f"  median time of one, {PACE} arriving a second, ms    {calm:6.0f}   {wanted}")


def arrivals(mailbox: Mailbox, count: int) -> list[float]:
    """Take so many outcomes; return when each came."""
    arrivals: list[float] = []
    while len(arrivals) < count:
        arrivals += [time.perf_counter() for _ in mailbox.take()]
        # Whoever reads outcomes shares this machine with what is measured.
        time.sleep(0.2)
    return arrivals


def _median(world: World, skip: int) -> float:
    lines = [json.loads(match[1]) for match in LINE.finditer(world.host_log.read_text())]
    return statistics.median(float(line["milliseconds"]["all"]) for line in lines[skip:])


def _compare(
    what: str,
    key: str,
    ours: list[dict[str, float]],
    typed: list[dict[str, float]],
    wanted: str = "",
) -> None:
    mine = statistics.median(figures[key] for figures in ours)
    theirs = statistics.median(figures[key] for figures in typed)
    bound = f"   (wanted: at most {wanted})" if wanted else ""
    ratio = f"ratio {mine / theirs:5.2f}"
    print(f"{what:40} ours {mine:8.1f}   typed SDK {theirs:8.1f}   {ratio}{bound}")


def request_body(number: int) -> dict[str, Any]:
    """Return the request for one user of the benchmark's tenant."""
    return {
        "requestId": f"bench-{number}",
        "invitedUser": {"id": user_id(number)},
        "invitedUserEmailAddress": f"user{number}@partner.example",
    }


def user_id(number: int) -> str:
    """Return the object id of one user of the benchmark's tenant."""
    return f"00000000-0000-4000-8000-{number:012d}"


def tenant_of(users: int) -> dict[str, Any]:
    """Return the benchmark's tenant, with so many users."""
    return {
        "domains": [{"id": "contoso.example", "isVerified": True}],
        "homeTenants": {
            "partner.example": {
                "tenantId": "eeeeeeee-0000-4000-8000-000000000000",
                "displayName": "Partner",
                "defaultDomainName": "partner.example",
            }
        },
        "users": [
            {
                "id": user_id(number),
                "userPrincipalName": f"user{number}@contoso.example",
                "otherMails": [f"user{number}@partner.example"],
            }
            for number in range(users)
        ],
    }


if __name__ == "__main__":
    main()
