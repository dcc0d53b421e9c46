"""What `b2b bulk` takes for a file: rate, seconds, processor and memory, on Azurite and emulator.

Usage: ``make bench-bulk``, or ``bulk.py ROWS``. Enqueuing is measured apart from checking; the
users are nobody's, so that each check is one round trip to Graph. Azurite and the emulator share
this machine's cores: what they take is in the seconds, and not in the CPU.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from local.storage import Azurite  # noqa: E402
from local.world import LOCAL_WORLD, SAMPLE_TENANT, emulated_graph, provision  # noqa: E402

FIRST = 1 << 80


def main() -> None:
    """Print a line for each of the two."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with Azurite() as azurite, emulated_graph(SAMPLE_TENANT) as graph:
        environment = {
            "CONVERSION_STORAGE": azurite.connection_string,
            "GRAPH_BASE_URL": graph,
            "ALLOWED_EMAIL_DOMAINS": "fabrikam.example",
        }
        provision(environment)
        for what, options in (("checked", []), ("enqueued", ["--no-check"])):
            with tempfile.TemporaryDirectory() as folder:
                (Path(folder) / LOCAL_WORLD).write_text(json.dumps(environment))
                _measure(what, rows, Path(folder), options)


def _measure(what: str, rows: int, folder: Path, options: list[str]) -> None:
    with (folder / "users.csv").open("w") as stream:
        stream.write("invitedUser.id,invitedUserEmailAddress,requestedBy\n")
        stream.writelines(
            f"{uuid.UUID(int=FIRST + number)},user{number}@fabrikam.example,RITM{number:07}\n"
            for number in range(rows)
        )
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "cli", "bulk", "users.csv", "--yes", "--local", *options],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, _, used = os.wait4(process.pid, 0)
    seconds, megabytes = time.perf_counter() - started, used.ru_maxrss / 1024
    processor = used.ru_utime + used.ru_stime
    print(
        f"{rows} rows {what}: {seconds:.1f} s, {rows / seconds:,.0f} rows/s"
        f" ({processor:.1f} s CPU), {megabytes:.0f} MB",
        flush=True,
    )


if __name__ == "__main__":
    main()
