"""A bar with rate and time left, where somebody sees it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.progress import Task

    from cli.printing import Console


class _Rate(ProgressColumn):
    """How many rows a second."""

    def render(self, task: Task) -> Text:
        """Write the rate; nothing before it is known."""
        return Text(f"{task.speed:.0f}/s" if task.speed else "")


@contextmanager
def progress(console: Console, what: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show how far something is; give what tells it of another so many."""
    if not console.is_terminal:
        yield lambda _: None
        return
    parts = (BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
    with Progress(TextColumn("{task.description}"), *parts, console=console.stderr) as bar:
        task = bar.add_task(what, total=total)
        yield lambda count: bar.advance(task, count)
