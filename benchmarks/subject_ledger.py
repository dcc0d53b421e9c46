"""Measured by conversion.py: what the ledger alone takes of a conversion, its three calls."""

from __future__ import annotations

import time

STARTED, CPU_STARTED = time.perf_counter(), time.process_time()

import asyncio  # noqa: E402 - the clock starts before everything
import json  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from measuring import measured  # noqa: E402

from converters.model.request import ConversionRequest  # noqa: E402
from converters.settings.settings import Settings  # noqa: E402
from converters.storage.clock import ServiceClock  # noqa: E402
from converters.storage.ledger import Ledger  # noqa: E402

DIGEST = "0" * 64
# About as long as the record of an invitation is.
RECORD = json.dumps({"status": "invited", "text": "x" * 900})


async def keep(ledger: Ledger, number: int) -> None:
    """Write down one conversion, from its entry to its end."""
    user_id = f"10000000-0000-4000-8000-{number:012d}"
    request = ConversionRequest(f"ledger-{number}", user_id, user_id=user_id)
    entry = await ledger.enter(request, DIGEST)
    claim = await ledger.claim(user_id, request.request_id, entry, DIGEST)
    await ledger.finish(entry, RECORD)
    if not (entry.fresh and claim.fresh):
        sys.exit("the ledger knew a conversion that is new")


async def main(first: int, count: int, warm: int) -> dict[str, float]:
    """Write one conversion down, then many; return the figures."""
    settings = Settings.from_mapping(os.environ)
    ledger = Ledger(settings.storage, settings.ledger_table, None, ServiceClock())
    figures = await measured(
        lambda number: keep(ledger, number), STARTED, CPU_STARTED, first, count, warm
    )
    await ledger.close()
    return figures


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(*(int(text) for text in sys.argv[1:4])))))
