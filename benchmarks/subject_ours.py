"""Measured by conversion.py: the function, called as the worker calls it."""

from __future__ import annotations

import time

STARTED, CPU_STARTED = time.perf_counter(), time.process_time()

import asyncio  # noqa: E402 - the clock starts before everything
import json  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from azure.functions.queue import QueueMessage  # noqa: E402
from measuring import measured  # noqa: E402

import function_app  # noqa: E402


def message(number: int) -> QueueMessage:
    """Return the queue message that asks for one user's conversion."""
    body = {
        "requestId": f"bench-{number}",
        "invitedUser": {"id": f"00000000-0000-4000-8000-{number:012d}"},
        "invitedUserEmailAddress": f"user{number}@partner.example",
    }
    return QueueMessage(id=str(number), body=json.dumps(body).encode())  # type: ignore[no-untyped-call]


async def main(first: int, count: int, warm: int) -> dict[str, float]:
    """Convert one user, then many; return the figures."""
    function = function_app.convert.build().get_user_function()
    figures = await measured(
        lambda number: function(message(number)), STARTED, CPU_STARTED, first, count, warm
    )
    await function_app.converter().close()
    return figures


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(*(int(text) for text in sys.argv[1:4])))))
