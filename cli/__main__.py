"""The operator's commands: ``python -m cli COMMAND``."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys

from cli.doctor import examine
from cli.replay import look, replay
from cli.smoke import NOBODY, SECONDS, smoke
from converters.model.errors import SettingsInvalid, Unavailable
from converters.settings.identity import credential
from converters.settings.settings import Settings


def main() -> int:
    """Run one command; return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m cli", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("doctor", help="look whether the set-up of this environment can work")
    again = commands.add_parser("replay", help="put dead letters back into the requests queue")
    again.add_argument("--look", action="store_true", help="only print the first 32 of them")
    once = commands.add_parser("smoke", help="send one check and wait for its outcome")
    once.add_argument("--user", default=NOBODY, help="object id of the user to check")
    once.add_argument("--seconds", type=float, default=SECONDS, help="how long to wait")
    asked = parser.parse_args()
    logging.disable(logging.WARNING)
    if asked.command == "smoke":
        return asyncio.run(_smoke(asked.user, asked.seconds))
    return asyncio.run(_doctor() if asked.command == "doctor" else _replay(look_only=asked.look))


async def _doctor() -> int:
    ill = 0
    async for finding in examine(os.environ, credential):
        print(finding, flush=True)
        ill += not finding.is_well
    print(f"{ill} to mend" if ill else "All is well.")
    return 1 if ill else 0


async def _smoke(user_id: str, seconds: float) -> int:
    try:
        settings = Settings.from_mapping(os.environ)
    except SettingsInvalid as invalid:
        print(invalid)
        return 1
    held = credential(settings)
    try:
        code, line = await smoke(settings, held, user_id, seconds)
    except Unavailable as error:
        print(f"{error} `make doctor` tells more.")
        return 1
    finally:
        if held:
            await held.close()
    print(line)
    return code


async def _replay(*, look_only: bool) -> int:
    try:
        settings = Settings.from_mapping(os.environ)
    except SettingsInvalid as invalid:
        print(invalid)
        return 1
    held = credential(settings)
    try:
        async for line in look(settings, held) if look_only else replay(settings, held):
            print(line, flush=True)
    except Unavailable as error:
        print(f"{error} `make doctor` tells more.")
        return 1
    finally:
        if held:
            await held.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
