"""What was read, page by page on disk: a reading that was stopped goes on where it was.

Page tokens expire, so a page is stored and the next one asked for; it is looked at later.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from cli.ending import WrongCall

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

META = "checkpoint.json"
# What is older would be told as if it were of today.
OLDEST = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a list was read.

    Attributes:
        pages: how many are stored.
        next_path: of the page that comes next; ``None`` before the first and after the last.
        done: whether the last page is stored.
    """

    pages: int = 0
    next_path: str | None = None
    done: bool = False


class Store:
    """A folder with the pages of one reading; only this program's files are ever touched.

    Args:
        folder: made where it is missing, for its owner alone.
        plan: what is read; pages of another plan are thrown away.

    Attributes:
        began: when the reading began.
        resumed: whether pages of an earlier run are there.

    Raises:
        WrongCall: the folder holds something else.
    """

    def __init__(self, folder: Path, plan: str) -> None:
        self._folder = folder
        if folder.exists() and not folder.is_dir():
            raise WrongCall(f"--checkpoint {folder} is no folder.")
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        meta = self._meta()
        if meta is None and any(folder.iterdir()):
            raise WrongCall(f"--checkpoint {folder} holds something else: name an empty folder.")
        now = datetime.now(UTC)
        self.resumed = bool(meta and meta["plan"] == plan and now - _time(meta) < OLDEST)
        if meta and self.resumed:
            self.began = _time(meta)
            return
        self.remove()
        folder.mkdir(mode=0o700, exist_ok=True)
        self.began = now
        self._write(META, {"plan": plan, "began": now.isoformat()})

    def progress(self, name: str) -> Progress:
        """Return how far a list was read."""
        path = self._folder / f"{name}.state.json"
        return Progress(**json.loads(path.read_text())) if path.is_file() else Progress()

    def add(self, name: str, items: list[Any], next_path: str | None) -> None:
        """Store one more page, then that it is there."""
        number = self.progress(name).pages + 1
        self._write(_page(name, number), items)
        state = Progress(number, next_path, done=next_path is None)
        self._write(f"{name}.state.json", asdict(state))

    def restart(self, name: str) -> None:
        """Forget the pages of a list."""
        self._write(f"{name}.state.json", asdict(Progress()))

    def pages(self, name: str) -> Iterator[list[Any]]:
        """Read the stored pages of a list, one after another."""
        for number in range(1, self.progress(name).pages + 1):
            yield json.loads((self._folder / _page(name, number)).read_text())

    def remove(self) -> None:
        """Delete what was stored, and the folder where nothing else is in it."""
        for pattern in ("*.page.json", "*.state.json", "*.json.draft"):
            for path in self._folder.glob(pattern):
                path.unlink()
        (self._folder / META).unlink(missing_ok=True)
        if not any(self._folder.iterdir()):
            self._folder.rmdir()

    def _meta(self) -> dict[str, str] | None:
        path = self._folder / META
        try:
            found = json.loads(path.read_text()) if path.is_file() else None
        except ValueError:
            return None
        return found if isinstance(found, dict) and {"plan", "began"} <= found.keys() else None

    def _write(self, name: str, value: object) -> None:
        """Write a file whole or not at all."""
        draft = self._folder / f"{name}.draft"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as stream:
            stream.write(json.dumps(value))
        draft.replace(self._folder / name)


def _page(name: str, number: int) -> str:
    return f"{name}.{number:05}.page.json"


def _time(meta: dict[str, str]) -> datetime:
    return datetime.fromisoformat(meta["began"])
