"""The figures in the docs are those that the benchmark wrote."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

DOCS = Path(__file__).parent.parent / "docs"
SCALE = json.loads((DOCS / "scale.json").read_text())
LOOKS = json.loads((DOCS / "looks.json").read_text())


def rows(page: str, heading: str) -> list[list[str]]:
    """Return the rows of the table whose first line begins so, without heading and rule."""
    found = re.search(rf"^\| {heading}.*\n\|[-|]+\n((?:\|.*\n)+)", page, re.MULTILINE)
    assert found, heading
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in found[1].splitlines()]


def test_table_of_hosts_is_the_measured_one() -> None:
    told = rows((DOCS / "reliability.md").read_text(), "hosts")
    assert told == [
        [
            str(size["hosts"]),
            f"{size['per_second']:.1f}",
            f"{size['of_limit']:.0%}".replace("%", " %"),
            f"{size['throttled']:.1%}".replace("%", " %"),
            str(size["poisoned"]),
            f"{size['peak_mb']:.0f} MB",
        ]
        for size in SCALE["sizes"]
    ]


def test_memory_is_the_measured_one() -> None:
    page = " ".join((DOCS / "reliability.md").read_text().split())
    for messages in ("1000", "10000", "20000"):
        assert f"{SCALE['memoryMb'][messages]:.1f} MB after {int(messages):,}" in page


def test_bill_is_the_one_reckoned_from_what_was_measured() -> None:
    told = rows((DOCS / "operations.md").read_text(), "conversions")
    assert told == [
        [
            f"{row['conversions']:,}",
            f"{row['executions']:,}",
            str(timedelta(seconds=row["seconds"])),
            f"{row['gbSeconds']:,}",
        ]
        for row in SCALE["bill"]
    ]


def test_cost_of_the_follow_up_is_the_one_reckoned_from_what_was_measured() -> None:
    told = [row[1] for row in rows((DOCS / "operations.md").read_text(), "looks")]
    assert told == [
        f"{LOOKS['cpuMs']:.1f} ms",
        f"{LOOKS['graphRequests']:.2f}",
        f"{LOOKS['storageRequests']:.0f}",
        f"{LOOKS['looksPerSecond']}",
        *(f"{number:,}" for number in LOOKS["bill"].values()),
    ]
