"""What is shown: data on standard output in four formats, all else on standard error.

Whatever comes from the directory or a queue is hostile until it is written so that a terminal
cannot take it for a command, rich for its markup, or a spreadsheet for a formula.
"""

from __future__ import annotations

import csv
import io
import json
import sys
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import rich.console
from rich import box
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Row = Mapping[str, Any]
Shape = Callable[[Row], Row]

_FORMULA = frozenset("=+-@\t\r\n")
_QUOTE = "'"
_GUARDED = _FORMULA | {_QUOTE}
# Controls, what turns the direction of writing, what is not seen, half characters.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Nobody's terminal: what reads a pipe wants a row to be a line.
_PIPE_WIDTH = 4000


class Format(StrEnum):
    """How data is written."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"


def escaped(text: str) -> str:
    r"""Write what a terminal would not show, or would obey, as ``\x1b``, ``\n`` or ``\u202e``."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        one.encode("unicode_escape").decode("ascii")
        if unicodedata.category(one) in _UNSEEN
        else one
        for one in text
    )


def guarded(cell: str) -> str:
    """Keep a spreadsheet from taking a cell for a formula; ``unguarded`` gives the cell back."""
    if cell[:1] not in _GUARDED:
        return cell
    return f"{_QUOTE}{cell}" if cell.lstrip(_QUOTE)[:1] in _FORMULA else cell


def unguarded(cell: str) -> str:
    """Take away what ``guarded`` has put before a cell."""
    inner = cell.lstrip(_QUOTE)
    return cell[1:] if inner and cell != inner and inner[0] in _FORMULA else cell


def cell(value: object) -> str:
    """Write a value for a cell."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case list() | tuple():
            return "; ".join(cell(each) for each in value)
        case dict():
            return json.dumps(value)
    return str(value)


@dataclass(slots=True)
class Console:
    """Where a command writes.

    Attributes:
        output: the format of data.
        began: whether the head of a csv has been written.
    """

    output: Format = Format.TABLE
    began: bool = False
    stderr: rich.console.Console = field(
        default_factory=lambda: rich.console.Console(stderr=True, highlight=False)
    )

    @property
    def is_terminal(self) -> bool:
        """Whether somebody sees what is written on standard error."""
        return self.stderr.is_terminal

    def note(self, sentence: str) -> None:
        """Tell what is no data."""
        self.stderr.print(Text(escaped(sentence)), soft_wrap=True)

    def error(self, sentence: str) -> None:
        """Tell what went wrong."""
        line = Text.assemble(("error: ", "bold red"), escaped(sentence))
        self.stderr.print(line, soft_wrap=True)

    def rows(self, rows: Iterable[Row], columns: Sequence[str], shape: Shape = dict) -> None:
        """Write all the rows there are.

        Args:
            rows: JSON has everything that is in them.
            columns: what a table and csv have of them.
            shape: makes of a row what has these columns.
        """
        match self.output:
            case Format.TABLE:
                self._table([shape(row) for row in rows], columns)
            case Format.JSON:
                self._write(json.dumps(list(rows), indent=2) + "\n")
            case Format.JSONL | Format.CSV:
                self._head(columns)
                for row in rows:
                    self.row(row, columns, shape)

    def row(self, row: Row, columns: Sequence[str], shape: Shape = dict) -> None:
        """Write one row of those that come one after another; as JSON, a line."""
        match self.output:
            case Format.JSON | Format.JSONL:
                self._write(json.dumps(row) + "\n")
            case Format.CSV:
                self._head(columns)
                self._csv([cell(shape(row).get(name)) for name in columns])
            case Format.TABLE:
                cells = [Text(escaped(cell(shape(row).get(name)))) for name in columns]
                _out().print(Text("  ").join(cells), soft_wrap=True)
        sys.stdout.flush()

    def record(self, record: Row) -> None:
        """Write one thing: as a table, a line for each of its fields."""
        if self.output is Format.TABLE:
            lines = Table(box=None, show_header=False, pad_edge=False)
            for name, value in record.items():
                if value not in (None, [], {}):
                    lines.add_row(Text(name, style="bold"), Text(escaped(cell(value))))
            _out().print(lines)
        elif self.output is Format.CSV:
            self.row(record, list(record))
        else:
            self._write(json.dumps(record, indent=2 if self.output is Format.JSON else None) + "\n")

    def text(self, lines: Iterable[str]) -> None:
        """Write lines on standard output."""
        for line in lines:
            _out().print(Text(escaped(line)), soft_wrap=True)

    def _table(self, rows: Iterable[Row], columns: Sequence[str]) -> None:
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
        for name in columns:
            table.add_column(Text(name), overflow="fold")
        for row in rows:
            table.add_row(*(Text(escaped(cell(row.get(name)))) for name in columns))
        if table.row_count:
            _out().print(table)

    def _head(self, columns: Sequence[str]) -> None:
        if self.output is Format.CSV and not self.began:
            self.began = True
            self._csv(columns)

    def _csv(self, cells: Sequence[str]) -> None:
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow([guarded(escaped(one)) for one in cells])
        self._write(line.getvalue())

    def _write(self, text: str) -> None:
        sys.stdout.write(text)


class _Out(rich.console.Console):
    """Standard output: that whoever reads has enough is for the command to hear."""

    def on_broken_pipe(self) -> None:
        """Raise it again; rich would end with exit code 1."""
        raise BrokenPipeError


def _out() -> rich.console.Console:
    """Return standard output as rich writes to it, in no narrower a terminal than there is."""
    width = None if sys.stdout.isatty() else _PIPE_WIDTH
    return _Out(highlight=False, width=width)
