"""From a file's bytes to lines of cells: encodings, separators, quotes, as spreadsheets save them.

Pure. What is wrong is listed and never raised: all of it is told at once.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cli.printing import unguarded

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_BYTES = 50_000_000
_SEPARATORS = ",;\t"
_SEP_LINE = re.compile(r"sep=([,;\t|])")
# The first line of every template of the Entra portal's.
_VERSION = re.compile(r"version:\s*v?[\d.]+", re.IGNORECASE)
_BOMS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a file.

    Attributes:
        line: where, from 1; 0 for the file as a whole.
        column: the heading; empty for the line as a whole.
        problem: what is so.
        remedy: what to do.
    """

    line: int
    column: str
    problem: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Line:
    """One record; ``number`` is the first line that it stands in."""

    number: int
    cells: tuple[str, ...]


@dataclass(slots=True)
class Table:
    """A file's headings and records, and what is wrong with it so far."""

    headings: tuple[str, ...] = ()
    lines: list[Line] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    is_portals: bool = False


def read(data: bytes) -> Table:
    """Read a file's bytes."""
    table = Table()
    text = _decoded(data, table)
    records = [] if text is None else list(_records(text, table))
    if text is not None and records and _VERSION.fullmatch(records[0].cells[0]):
        table.is_portals = True
        records = records[1:]
    if not records:
        if not table.problems:
            told = "the file has no headings", "Begin it with a line of column headings."
            table.problems.append(Problem(0, "", *told))
        return table
    table.headings = _trimmed(records[0].cells)
    table.lines = [_fitted(line, table) for line in records[1:]]
    if not table.lines and not table.problems:
        told = "the file has headings and no rows", "Add a row for each user."
        table.problems.append(Problem(0, "", *told))
    return table


def _decoded(data: bytes, table: Table) -> str | None:
    if len(data) > MOST_BYTES:
        told = f"the file has more than {MOST_BYTES // 1_000_000} MB", "Split it."
        table.problems.append(Problem(0, "", *told))
        return None
    encoding, mark = next(((name, bom) for bom, name in _BOMS if data.startswith(bom)), ("", b""))
    encoding = encoding or _guessed(data)
    try:
        return data[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        told = f"the text is not {encoding.upper()}", "Save it as CSV UTF-8."
        table.problems.append(Problem(line, "", *told))
        return None


def _guessed(data: bytes) -> str:
    """Tell UTF-16 without its mark by the zeros beside the first letters."""
    zeros = [not byte for byte in data[:2]]
    if zeros == [True, False]:
        return "utf-16-be"
    return "utf-16-le" if zeros == [False, True] else "utf-8"


def _records(text: str, table: Table) -> Iterator[Line]:
    """Take the text apart; blank lines are none."""
    first, separator = 1, None
    head, _, rest = text.partition("\n")
    if match := _SEP_LINE.fullmatch(head.strip("\r")):
        text, first, separator = rest, 2, match[1]
    source = io.StringIO(text, newline="")
    reader = csv.reader(source, delimiter=separator or _separator(text), strict=True)
    while True:
        number = reader.line_num + first
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            remedy = 'Write a quote within quotes twice (""), and close every quote.'
            table.problems.append(Problem(number, "", f"cannot be read: {error}", remedy))
            return
        if any(each.strip() for each in cells):
            yield Line(number, tuple(unguarded(each.strip()) for each in cells))


def _separator(text: str) -> str:
    """Return what stands most often between the headings, quotes left out of it."""
    for line in text.splitlines()[:3]:
        bare = re.sub(r'"[^"]*"', "x", line)
        if not _VERSION.match(bare.strip()) and bare.strip(_SEPARATORS + " "):
            return max(_SEPARATORS, key=bare.count)
    return ","


def _trimmed(cells: tuple[str, ...]) -> tuple[str, ...]:
    """Leave out the empty headings at the end."""
    count = len(cells)
    while count and not cells[count - 1]:
        count -= 1
    return cells[:count]


def _fitted(line: Line, table: Table) -> Line:
    """Make a line as wide as the headings; say so where it has more."""
    width = len(table.headings)
    surplus = [each for each in line.cells[width:] if each]
    if surplus:
        told = f"has {len(line.cells)} cells, and there are {width} headings"
        remedy = "Quote what holds a separator, or remove the cells that are too many."
        table.problems.append(Problem(line.number, "", told, remedy))
    cells = (*line.cells[:width], *[""] * (width - len(line.cells)))
    return Line(line.number, cells)
