"""``b2b`` as a person runs it: a process of its own, in a folder that says where the world is."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import pty
import re
import subprocess
import sys
import termios
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from local.world import LOCAL_WORLD, ROOT
from tests.cli.warm import running
from tests.service import service, taken

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

    from tests.service import Service

PROGRAM = (sys.executable, "-m", "cli")
# Makes the terminal the program's own, so that Ctrl+C reaches it.
_AT_TERMINAL = (
    "import fcntl, os, sys, termios\n"
    "fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
    "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])\n"
)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended: its exit code, and what it wrote where."""

    code: int
    out: str
    err: str

    def json(self) -> Any:  # noqa: ANN401
        """Read standard output as JSON."""
        return json.loads(self.out)


def environment(**keys: str) -> dict[str, str]:
    """Return an environment in which nothing is set but what a program needs."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**kept, "PYTHONPATH": str(ROOT), **keys}


async def b2b(folder: Path, *arguments: str, **keys: str) -> Ended:
    """Run a command in a folder, without a terminal."""
    with TemporaryDirectory() as name:
        out, err = Path(name) / "out", Path(name) / "err"
        run = running().run
        code = await asyncio.to_thread(run, folder, arguments, environment(**keys), out, err)
        ended = Ended(code, out.read_bytes().decode(), err.read_bytes().decode())
    assert "Traceback" not in ended.err, ended.err
    return ended


@dataclass(frozen=True, slots=True)
class World:
    """The service on real parts, and a folder in which ``b2b --local`` finds it."""

    service: Service
    folder: Path

    async def b2b(self, *arguments: str) -> Ended:
        """Run a command against the world."""
        return await b2b(self.folder, *arguments, "--local")

    async def convert(self) -> None:
        """Let the service take every request that waits to its outcome."""
        for number, text in enumerate(await taken(self.service.requests)):
            await self.service.converter.handle(text.encode(), f"message-{number}")

    async def waiting(self) -> list[dict[str, Any]]:
        """Take the requests that wait."""
        return [json.loads(text) for text in await taken(self.service.requests)]


def leave(folder: Path, keys: Mapping[str, str]) -> None:
    """Tell a folder where the world is."""
    (folder / LOCAL_WORLD).write_text(json.dumps(keys))


@asynccontextmanager
async def world(
    azurite: str,
    queue_names: Iterator[str],
    folder: Path,
    of_tenant: dict[str, Any] | None = None,
    **keys: str,
) -> AsyncIterator[World]:
    """Start the service, and tell a folder where it is."""
    async with service(azurite, queue_names, of_tenant, **keys) as running:
        leave(folder, running.keys)
        yield World(running, folder)


class Terminal:
    """A program at a terminal: what it shows is read, and keys are typed."""

    def __init__(self, process: subprocess.Popen[bytes], master: int) -> None:
        self.process, self._master, self.shown = process, master, ""

    def until(self, pattern: str) -> str:
        """Read until something is shown."""
        while not re.search(pattern, self.shown):
            text = self._read()
            assert text, f"no {pattern!r} in:\n{self.shown}"
            self.shown += text
        return self.shown

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self._master, keys.encode())

    def end(self) -> int:
        """Read to the end; return the exit code."""
        while text := self._read():
            self.shown += text
        return self.process.wait()

    def _read(self) -> str:
        try:
            return os.read(self._master, 4096).decode(errors="replace")
        except OSError:
            # Linux's way to say that the other side has closed.
            return ""


@contextmanager
def at_terminal(folder: Path, keys: Mapping[str, str], *arguments: str) -> Iterator[Terminal]:
    """Run a command at a terminal of 100 columns."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, b"\x18\x00\x64\x00\x00\x00\x00\x00")
    process = subprocess.Popen(
        [sys.executable, "-c", _AT_TERMINAL, *PROGRAM[1:], *arguments],
        cwd=folder,
        env=environment(**keys, TERM="xterm"),
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
    )
    os.close(slave)
    try:
        yield Terminal(process, master)
    finally:
        process.kill()
        process.wait()
        os.close(master)
