"""The operator's commands: ``python -m cli COMMAND``."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from typing import TYPE_CHECKING

from cli.doctor import examine
from cli.replay import look, printed, replay
from converters.errors import SettingsInvalid
from converters.settings import Settings

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential


def main() -> int:
    """Run one command; return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m cli", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("doctor", help="look whether the set-up of this environment can work")
    again = commands.add_parser("replay", help="put dead letters back into the requests queue")
    again.add_argument("--look", action="store_true", help="only print the first 32 of them")
    asked = parser.parse_args()
    logging.disable(logging.WARNING)
    return asyncio.run(_doctor() if asked.command == "doctor" else _replay(look_only=asked.look))


async def _doctor() -> int:
    ill = 0
    async for finding in examine(os.environ, _credential):
        print(finding, flush=True)
        ill += not finding.is_well
    print(f"{ill} to mend" if ill else "All is well.")
    return 1 if ill else 0


async def _replay(*, look_only: bool) -> int:
    try:
        settings = Settings.from_mapping(os.environ)
    except SettingsInvalid as invalid:
        print(invalid)
        return 1
    held = _credential(settings)
    try:
        if look_only:
            return await printed(look(settings, held), "dead letters, left where they are")
        return await printed(replay(settings, held), "put back")
    finally:
        if held:
            await held.close()


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
