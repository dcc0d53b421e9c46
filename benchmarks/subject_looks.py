"""Measured by looks.py: one look at a user who is still pending, from message to next message."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import aiohttp
from azure.functions.queue import QueueMessage

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from measuring import IN_FLIGHT, measured
from pending import follow_up

import function_app
from converters.model.follow_up import Check, FollowUp
from converters.wire.checks import written_check

HOUR = 3600


async def main(first: int, count: int, warm: int) -> dict[str, float]:
    """Begin the follow-ups, then look at each user once; return the figures."""
    converter, calls = function_app.converter(), Counter[str]()
    look = function_app.follow_up.build().get_user_function()
    # Between the first look and the second, so that one is due and another comes.
    begun = [follow_up(first + n, time.time() - HOUR) for n in range(1 + warm + count)]
    slots = asyncio.Semaphore(IN_FLIGHT)

    async def begin(each: FollowUp) -> None:
        async with slots:
            await converter.follower.begin(each, fresh=True)

    await asyncio.gather(*(begin(each) for each in begun))
    _count(calls)
    bodies = [written_check(Check(each)) for each in begun]
    figures = await measured(
        lambda number: look(_message(bodies[number - first])),
        time.perf_counter(), time.process_time(), first, count, warm,
    )  # fmt: skip
    await converter.close()
    looks = len(begun)
    return {**figures, **{f"{kind}_calls": calls[kind] / looks for kind in ("graph", "storage")}}


def _message(body: bytes) -> QueueMessage:
    return QueueMessage(body=body)  # type: ignore[no-untyped-call]


def _count(calls: Counter[str]) -> None:
    """Count every HTTP request that leaves this process from now on."""
    send = aiohttp.ClientSession._request  # noqa: SLF001 - the one way out, for both clients

    async def counted(session: Any, method: str, url: Any, **options: Any) -> Any:  # noqa: ANN401
        at_graph = str(url).startswith(function_app.settings.graph_base_url)
        calls["graph" if at_graph else "storage"] += 1
        return await send(session, method, url, **options)

    aiohttp.ClientSession._request = counted  # type: ignore[assignment,method-assign] # noqa: SLF001


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(*(int(text) for text in sys.argv[1:4])))))
