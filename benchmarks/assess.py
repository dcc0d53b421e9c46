"""What `b2b assess` takes for a tenant: calls, seconds, rate and memory, and how both grow.

Prints figures; judges nothing. The emulator holds Graph's limits and shares this machine's cores.
Usage: ``make bench-assess``, or ``assess.py USERS...`` for tenants of other sizes. The last of
them is measured with the page (``--html``) too, the first with ``--sign-ins``.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from local.world import emulated_graph  # noqa: E402 - the project is no installed package

SIZES = (5_000, 50_000)
PARTNERS, GROUPS, CONTACTS = 60, 400, 500
PLANS = [str(uuid.UUID(int=700 + n)) for n in range(12)]
MAILBOX = "efb87545-963c-4e0d-99df-69c6916d9eb0"


def tenant_of(users: int) -> dict[str, Any]:
    """Return a tenant in which half of the users are somebody else's, in every state."""
    chance = random.Random(1)
    found = [_user(number, chance) for number in range(users)]
    ids = [user["id"] for user in found]
    groups = [
        {
            "id": str(uuid.UUID(int=10**9 + number)),
            "displayName": f"Group {number}",
            "isAssignableToRole": number < 20 or None,
            "members": chance.sample(ids, 20),
        }
        for number in range(GROUPS)
    ]
    return {
        "domains": [{"id": "contoso.example"}, {"id": "contoso.onmicrosoft.com"}],
        "users": found,
        "groups": groups,
        "contacts": [{"mail": f"contact{n}@partner{n % 60}.example"} for n in range(CONTACTS)],
        "directoryRoles": [{"displayName": "Reader", "members": chance.sample(ids, 40)}],
        "roleEligibility": [{"principalId": id_, "roleDefinitionId": "r"} for id_ in ids[:40]],
        "homeTenants": {
            f"partner{n}.example": {"displayName": f"Partner {n}"} for n in range(PARTNERS - 6)
        },
    }


def _user(number: int, chance: random.Random) -> dict[str, Any]:
    address = f"person{number}@partner{chance.randrange(PARTNERS)}.example"
    external, state = chance.random() < 0.5, chance.random()
    plans = [*PLANS, *([MAILBOX] if chance.random() < 0.2 else [])]
    return {
        "id": str(uuid.UUID(int=10**6 + number)),
        "userPrincipalName": f"person{number}@contoso.example",
        "displayName": f"Person {number} of somewhere",
        "mail": address if external else f"person{number}@contoso.example",
        "otherMails": [address] if external else [],
        "proxyAddresses": [f"SMTP:person{number}@contoso.example"],
        "companyName": f"Company {number % 300}",
        "department": f"Department {number % 40}",
        "accountEnabled": chance.random() < 0.9,
        "onPremisesSyncEnabled": True if chance.random() < 0.1 else None,
        "userType": "Guest" if external and state < 0.1 else "Member",
        "signInActivity": {"lastSuccessfulSignInDateTime": f"2026-0{number % 9 + 1}-01T00:00:00Z"},
        "assignedLicenses": [{"skuId": PLANS[0], "disabledPlans": []}],
        "assignedPlans": [{"servicePlanId": p, "capabilityStatus": "Enabled"} for p in plans],
        **(
            {
                "externalUserState": "PendingAcceptance",
                "externalUserStateChangeDateTime": f"2026-0{chance.randrange(1, 9)}-01T00:00:00Z",
            }
            if external and 0.1 < state < 0.2
            else {}
        ),
    }


def main() -> None:
    """Print a line for each size, and how it grew."""
    if sys.argv[1:2] == ["--write"]:
        Path(sys.argv[3]).write_text(json.dumps(tenant_of(int(sys.argv[2]))))
        return
    sizes = [int(text) for text in sys.argv[1:]] or list(SIZES)
    figures = [_measure(size) for size in sizes]
    if len(figures) > 1:
        (first, last), times = (figures[0], figures[-1]), sizes[-1] / sizes[0]
        print(
            f"{times:.0f} times the users: {last[0] / first[0]:.1f} times the seconds,"
            f" {last[1] / first[1]:.2f} times the memory, {last[2] / first[2]:.1f} times the calls"
        )
    _measure(sizes[-1], "--html", "x.html")
    _measure(sizes[0], "--sign-ins")


def _measure(users: int, *options: str) -> tuple[float, float, int]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tenant = folder / "tenant.json"
        # In a process of its own: what is started from here begins with this one's memory.
        subprocess.run([sys.executable, __file__, "--write", str(users), tenant], check=True)
        with emulated_graph(tenant, ("--throttle",)) as graph:
            seconds, megabytes, processor = _run(graph, folder, options)
            calls = _calls(graph)
        told = (folder / "out.json").read_text().rpartition("\n]")[2]
        summary = json.loads("{" + told.removeprefix(","))
        page = folder / "x.html"
        size = f", page {page.stat().st_size / 1e6:.1f} MB" if page.is_file() else ""
    print(
        f"{users} users{f' with {options[0]}' if options else ''}: {seconds:.1f} s"
        f" ({processor:.1f} s CPU), {users / seconds:,.0f} users/s, {megabytes:.0f} MB,"
        f" {calls} calls, {summary['candidates']} rows, complete {summary['complete']}{size}",
        flush=True,
    )
    return seconds, megabytes, calls


def _run(graph: str, folder: Path, more: tuple[str, ...]) -> tuple[float, float, float]:
    keys = {
        "GRAPH_BASE_URL": graph,
        "CONVERSION_STORAGE": "UseDevelopmentStorage=true",
        "ALLOWED_EMAIL_DOMAINS": "*",
        "PYTHONPATH": str(ROOT),
    }
    started = time.perf_counter()
    with (folder / "out.json").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "cli", "assess", "-o", "json", *more],
            cwd=folder,
            env={**os.environ, **keys},
            stdout=output,
            stderr=subprocess.DEVNULL,
        )
        _, _, used = os.wait4(process.pid, 0)
    return time.perf_counter() - started, used.ru_maxrss / 1024, used.ru_utime + used.ru_stime


def _calls(graph: str) -> int:
    with urllib.request.urlopen(f"{graph}/_emulator/counts") as answer:  # noqa: S310
        counts: dict[str, dict[str, int]] = json.load(answer)
    return sum(sum(by_status.values()) for by_status in counts.values())


if __name__ == "__main__":
    main()
