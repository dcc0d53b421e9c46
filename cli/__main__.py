"""The operator's commands: ``python -m cli COMMAND``."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from typing import TYPE_CHECKING

from cli.doctor import examine

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

    from converters.settings import Settings


def main() -> int:
    """Run one command; return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m cli", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("doctor", help="look whether the set-up of this environment can work")
    parser.parse_args()
    logging.disable(logging.WARNING)
    return asyncio.run(_doctor())


async def _doctor() -> int:
    ill = 0
    async for finding in examine(os.environ, _credential):
        print(finding, flush=True)
        ill += not finding.is_well
    print(f"{ill} to mend" if ill else "All is well.")
    return 1 if ill else 0


def _credential(settings: Settings) -> AsyncTokenCredential | None:
    if not settings.graph_needs_credential and settings.storage.connection_string:
        return None
    # Imported only where there is a token to get: it costs a third of a second.
    from azure.identity.aio import DefaultAzureCredential  # noqa: PLC0415

    client_id = settings.storage.client_id
    named = {"managed_identity_client_id": client_id} if client_id else {}
    return DefaultAzureCredential(**named)


if __name__ == "__main__":
    sys.exit(main())
