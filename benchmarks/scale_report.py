"""What ``scale.py`` measured: printed, reckoned up, written to ``docs`` as numbers and a plot."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parent.parent / "docs"
# Graph's, for invitations: a second.
LIMIT = 150 / 5
# What a bill is reckoned with: instances of the smallest size, enough for Graph's whole limit.
INSTANCES, INSTANCE_GB = 4, 0.5
BILLED = (1_000, 100_000)


@dataclass(slots=True)
class Size:
    """What was measured with a number of hosts.

    Attributes:
        per_second: invitations that were made.
        of_limit: their share of Graph's limit.
        throttled: the share of invitation calls that met a 429; ``all_throttled`` of all calls.
        poisoned, deferred: messages.
        executions: of the function, for one conversion.
        peak_mb: of the host that took most memory.
    """

    hosts: int
    per_second: float = 0
    of_limit: float = 0
    throttled: float = 0
    all_throttled: float = 0
    poisoned: int = 0
    deferred: int = 0
    executions: float = 1
    peak_mb: float = 0


def print_size(size: Size) -> None:
    """Print what was measured with a number of hosts."""
    print(
        f"{size.hosts} hosts: {size.per_second:5.1f} invitations/s, {size.of_limit:4.0%} of the"
        f" limit; 429: {size.throttled:5.1%} of invitations, {size.all_throttled:5.1%} of calls;"
        f" poisoned {size.poisoned}, deferred {size.deferred}; peak {size.peak_mb:.0f} MB",
        flush=True,
    )


def print_bill(sizes: list[Size]) -> list[dict[str, int]]:
    """Reckon what Flex Consumption bills: executions, and memory for as long as it takes."""
    size = next(size for size in sizes if size.hosts == INSTANCES)
    bill = []
    print(f"\nOn {INSTANCES} instances of {INSTANCE_GB:.1f} GB, at the pace measured above:")
    for conversions in BILLED:
        seconds = conversions / size.per_second
        row = {
            "conversions": conversions,
            "executions": round(conversions * size.executions),
            "seconds": round(seconds),
            "gbSeconds": round(seconds * INSTANCES * INSTANCE_GB),
        }
        print("  " + ", ".join(f"{what} {value:,}" for what, value in row.items()), flush=True)
        bill.append(row)
    return bill


def write(sizes: list[Size], memory: dict[int, float], bill: list[dict[str, int]]) -> None:
    """Write the numbers and the plot."""
    numbers: dict[str, Any] = {
        "limitPerSecond": LIMIT,
        "sizes": [asdict(size) for size in sizes],
        "memoryMb": memory,
        "bill": bill,
    }
    (DOCS / "scale.json").write_text(json.dumps(numbers, indent=2) + "\n")
    _plot(sizes, DOCS / "scale.png")


def _plot(sizes: list[Size], path: Path) -> None:
    # Imported only here: it takes a second, and memory.
    from matplotlib import pyplot as plt  # noqa: PLC0415

    figure, (rate, refused) = plt.subplots(2, 1, sharex=True, figsize=(7, 6), height_ratios=(2, 1))
    hosts = [size.hosts for size in sizes]
    rate.plot(hosts, [size.per_second for size in sizes], "o-", label="measured")
    rate.axhline(LIMIT, color="tab:red", label="Graph's limit: 150 in 5 s")
    rate.axhline(0.9 * LIMIT, color="tab:red", linestyle=":", label="90 % of it")
    rate.set(ylabel="invitations a second", ylim=(0, LIMIT * 1.15), xticks=hosts)
    rate.legend(loc="lower right")
    refused.bar(hosts, [100 * size.throttled for size in sizes], width=0.5)
    refused.axhline(5, color="tab:red", linestyle=":")
    refused.set(xlabel="host processes", ylabel="% answered 429", ylim=(0, 6))
    figure.suptitle("Hosts that share Graph's limit for invitations")
    figure.tight_layout()
    figure.savefig(path, dpi=120)
