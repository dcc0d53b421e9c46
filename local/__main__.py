"""The local world's commands: ``python -m local COMMAND``."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from local.graph import command as graph_command
from local.host import command as host_command

if TYPE_CHECKING:
    from local.mailbox import Mailbox

REQUEST: dict[str, Any] = {
    "invitedUser": {"id": "00000000-0000-4000-8000-000000000001"},
    "invitedUserEmailAddress": "ada@fabrikam.example",
}
# What README's tour calls, and `start` prints.
TOUR = (
    "check ada@contoso.example",
    "bulk local/sample/partners.csv",
    "assess --html readiness.html",
)


def main() -> int:
    """Run one command; return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    host_command.add_arguments(commands.add_parser("host", help="run function_app's triggers"))
    graph_command.add_arguments(commands.add_parser("graph", help="emulate Microsoft Graph"))
    commands.add_parser("demo", help="run the sample tenant's requests and show the outcomes")
    start = commands.add_parser("start", help="start the whole world and leave it running")
    start.add_argument("--no-host", action="store_true", help="all but the function's host")
    commands.add_parser("settings", help="print local.settings.json, for Core Tools")
    enqueue = commands.add_parser("enqueue", help="put a message into the requests queue")
    enqueue.add_argument("message", help="the message, as it is to stand in the queue")
    commands.add_parser("outcomes", help="take the outcomes that wait in the results queue")
    commands.add_parser("package", help="write dist/package.zip, which is deployed")
    commands.add_parser("contract", help="write docs/contract anew from the code")
    commands.add_parser("reference", help="write the tables of docs/reference anew from the code")
    commands.add_parser("mail", help="write own mail into dist/mail, to look at")
    texts = commands.add_parser("mail-texts", help="bring the catalogues of own mail up to date")
    texts.add_argument("tag", nargs="*", help="a language to begin in mail/, as in it or pt-BR")
    return _run(parser.parse_args())


def _run(arguments: argparse.Namespace) -> int:
    match arguments.command:
        case "host":
            _provision()
            return asyncio.run(host_command.serve(arguments))
        case "graph":
            return asyncio.run(graph_command.serve(arguments)) or 0
        case "demo":
            return _demo()
        case "start":
            return _start(host=not arguments.no_host)
        case "settings":
            print(json.dumps(_settings(), indent=2))
        case "contract" | "reference" | "package" | "mail" | "mail-texts":
            _write(arguments)
        case "enqueue":
            print(_mailbox().put(arguments.message))
        case "outcomes":
            for event in _mailbox().take():
                print(json.dumps(event, indent=2))
    return 0


def _provision() -> None:
    from converters.model.errors import SettingsInvalid  # noqa: PLC0415
    from local.world import provision  # noqa: PLC0415

    # Settings that are malformed, or of another app, are for the app itself to complain of.
    if os.environ.get("CONVERSION_STORAGE"):
        with suppress(SettingsInvalid):
            provision(os.environ)


def _write(arguments: argparse.Namespace) -> None:
    from local import catalogues, contract, letters, package, reference  # noqa: PLC0415

    match arguments.command:
        case "package":
            print(package.write())
        case "contract":
            contract.write()
        case "reference":
            reference.write()
        case "mail":
            print(*letters.write(), sep="\n")
        case "mail-texts":
            for tag in arguments.tag:
                catalogues.begin(tag)
            for path, missing in catalogues.update():
                print(f"{path}: {missing or 'none'} to translate")


def _demo() -> int:
    from rich.console import Console  # noqa: PLC0415

    from local import demo  # noqa: PLC0415

    return demo.run(Console())


def _settings() -> dict[str, object]:
    """Return what Core Tools read, for the world that `start --no-host` has left running."""
    from local.demo import SAMPLE  # noqa: PLC0415

    needed = ("CONVERSION_STORAGE", "GRAPH_BASE_URL")
    if not all(name in os.environ for name in needed):
        sys.exit("Run `python -m local start --no-host` and paste its lines here first.")
    values = {
        "FUNCTIONS_WORKER_RUNTIME": "python",
        "AzureWebJobsStorage": os.environ["CONVERSION_STORAGE"],
        **json.loads(SAMPLE.read_text())["settings"],
        **{name: os.environ[name] for name in needed},
    }
    return {"IsEncrypted": False, "Values": values}


def _start(*, host: bool) -> int:
    from local.demo import SAMPLE  # noqa: PLC0415
    from local.world import World, told_where  # noqa: PLC0415

    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    given = json.loads(SAMPLE.read_text())["settings"]
    with World(given, host=host) as world, told_where(world):
        python = f"{sys.executable} -m local"
        print(f"\nThe emulated Graph is at {world.graph_url}. In another terminal, here:\n")
        print(f"  export CONVERSION_STORAGE='{world.environment['CONVERSION_STORAGE']}'")
        if not host:
            print(f"  export GRAPH_BASE_URL='{world.graph_url}'")
            print(f"  {python} settings > local.settings.json\n  func start\n")
        print(f"  {python} enqueue '{json.dumps(REQUEST)}'")
        print(f"  {python} outcomes\n\nOr, without that line:\n")
        for line in TOUR:
            print(f"  {sys.executable} -m cli {line} --local")
        print("\nCtrl+C stops it.", flush=True)
        stopped.wait()
    return 0


def _mailbox() -> Mailbox:
    if "CONVERSION_STORAGE" not in os.environ:
        sys.exit("Set CONVERSION_STORAGE first; `python -m local start` prints the line to paste.")
    from local.mailbox import Mailbox  # noqa: PLC0415

    return Mailbox.of(os.environ)


if __name__ == "__main__":
    sys.exit(main())
