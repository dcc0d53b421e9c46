"""``python -m local graph``: the emulator as a process of its own."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import TYPE_CHECKING

from local.graph.emulator import GraphEmulator
from local.graph.tenant import Tenant

if TYPE_CHECKING:
    import argparse

    from local.graph.state import Options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options to a parser."""
    parser.add_argument("--port", type=int, default=8085, help="0 for a free one (%(default)s)")
    parser.add_argument("--tenant", type=Path, metavar="FILE", help="the directory, as JSON")
    parser.add_argument(
        "--latency", type=float, default=0, metavar="MS", help="how long each request takes"
    )
    parser.add_argument(
        "--jitter", type=float, default=0, metavar="MS", help="how much longer, by chance"
    )
    parser.add_argument(
        "--lag", type=int, default=0, metavar="MS", help="how long reads do not show a write"
    )
    parser.add_argument("--throttle", action="store_true", help="hold Graph's own limits")
    parser.add_argument(
        "--no-retry-after", action="store_true", help="leave Retry-After out of a 429"
    )
    parser.add_argument("--seed", type=int, default=1, help="of what is left to chance")


async def serve(arguments: argparse.Namespace) -> int:
    """Run the emulator as the options say until SIGINT or SIGTERM; return the exit code."""
    return await run(
        arguments.port,
        arguments.tenant,
        {
            "latency_ms": arguments.latency,
            "jitter_ms": arguments.jitter,
            "lag_ms": arguments.lag,
            "throttle": arguments.throttle,
            "retry_after": not arguments.no_retry_after,
            "seed": arguments.seed,
        },
    )


async def run(port: int, tenant_path: Path | None, options: Options) -> int:
    """Run the emulator until SIGINT or SIGTERM; print its URL once it is ready."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    tenant = Tenant.load(tenant_path) if tenant_path else Tenant({})
    async with GraphEmulator(tenant, port=port, **options) as graph:
        print(f"Graph emulator ready: {graph.url}", flush=True)
        await stopped.wait()
    return 0
