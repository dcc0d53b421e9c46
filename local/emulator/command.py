"""The command ``python -m local graph``: the emulator as a process of its own."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import TYPE_CHECKING

from local.emulator.emulator import GraphEmulator
from local.emulator.tenant import Tenant

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options to a parser."""
    parser.add_argument("--port", type=int, default=8085, help="0 for a free one (%(default)s)")
    parser.add_argument("--tenant", type=Path, metavar="FILE", help="a tenant's JSON")
    parser.add_argument("--latency", type=int, default=0, metavar="MS", help="of every request")
    parser.add_argument("--lag", type=int, default=0, metavar="MS", help="reads lag behind writes")
    parser.add_argument("--throttle", action="store_true", help="hold Graph's limits")


async def serve(arguments: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM; print the URL once ready."""
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    tenant = Tenant.load(arguments.tenant) if arguments.tenant else Tenant({})
    async with GraphEmulator(
        tenant,
        latency_ms=arguments.latency,
        port=arguments.port,
        lag_ms=arguments.lag,
        throttle=arguments.throttle,
    ) as emulator:
        print(f"Graph emulator ready: {emulator.url}", flush=True)
        await stopped.wait()
    return 0
