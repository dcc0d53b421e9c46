"""What every verb of ``b2b`` has: a format, its settings, one place where errors end."""

from __future__ import annotations

import asyncio
import inspect
import signal
import sys
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from cli import configuring
from cli.ending import Boundary, Code, WrongCall
from cli.printing import Console, Format
from converters.settings.identity import credential
from converters.settings.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping

    from azure.core.credentials_async import AsyncTokenCredential

OutputOption = Annotated[
    Format, typer.Option("--output", "-o", help="How data is written on standard output.")
]
LocalOption = Annotated[bool, typer.Option("--local", help="Use the world that `make start` runs.")]
EnvFileOption = Annotated[
    Path | None,
    typer.Option("--env-file", help="Read settings from this file too.", show_default="./.env"),
]
DebugOption = Annotated[bool, typer.Option("--debug", help="Show where an error came from.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
_COMMON: dict[str, tuple[Any, Any]] = {
    "output": (OutputOption, Format.TABLE),
    "local": (LocalOption, False),
    "env_file": (EnvFileOption, None),
    "debug": (DebugOption, False),
}


@dataclass(frozen=True, slots=True)
class Session:
    """What a verb works with.

    Attributes:
        console: where it writes.
        environment: the settings' keys.
    """

    console: Console
    environment: Mapping[str, str]

    @asynccontextmanager
    async def signed_in(self) -> AsyncIterator[tuple[Settings, AsyncTokenCredential | None]]:
        """Give the settings, and the credential where one is needed.

        Raises:
            SettingsInvalid: naming every key that is missing or malformed.
        """
        settings = Settings.from_mapping(self.environment)
        held = credential(settings)
        try:
            yield settings, held
        finally:
            if held:
                await held.close()

    def confirm(self, question: str, *, yes: bool, name: str | None = None) -> bool:
        """Ask, unless there is nothing to ask; tell whether to go on.

        Args:
            question: what is about to be done.
            yes: whether the call has said so.
            name: what has to be typed where it cannot be undone.

        Raises:
            WrongCall: nobody can be asked.
        """
        if yes:
            return True
        if not sys.stdin.isatty():
            raise WrongCall("Nothing was done: without a terminal to ask at, --yes is needed.")
        with _interruptible():
            wanted = f"Type {name} to go on:" if name else "[y/N]"
            self.console.stderr.print(f"{question} {wanted} ", end="", markup=False)
            answer = sys.stdin.readline().strip()
        if answer == name if name else answer.lower() in {"y", "yes"}:
            return True
        self.console.note("Nothing was done.")
        return False


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let Ctrl+C end a read at once, where the event loop would wait for the line."""
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)


def verb(function: Callable[..., Awaitable[Code]]) -> Callable[..., None]:
    """Make a command of a coroutine that takes a session first: the options of all are added."""
    hints = get_type_hints(function, include_extras=True)
    own = list(inspect.signature(function).parameters.values())[1:]
    added = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default)
        for name, (_, default) in _COMMON.items()
    ]
    kinds = {one.name: hints[one.name] for one in own} | {
        name: kind for name, (kind, _) in _COMMON.items()
    }

    def command(**given: Any) -> None:  # noqa: ANN401 - each verb's own
        output, local, env_file, debug = (given.pop(name) for name in _COMMON)
        console = Console(output)
        with Boundary(console, debug):
            session = Session(console, configuring.environment(local=local, env_file=env_file))
            code = asyncio.run(_awaited(function(session, **given)))
            sys.stdout.flush()
        raise SystemExit(code)

    command.__name__ = function.__name__
    # The mark before a paragraph whose lines stay as they are.
    command.__doc__ = (function.__doc__ or "").replace("Examples:\n", "\b\nExamples:\n")
    parameters = [
        one.replace(annotation=kinds[one.name], kind=inspect.Parameter.KEYWORD_ONLY)
        for one in [*own, *added]
    ]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = kinds
    return command


async def _awaited(work: Awaitable[Code]) -> Code:
    return await work
