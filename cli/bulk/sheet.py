"""A file's rows as requests: each read by the service's own parser, every fault of all at once."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cli.bulk.columns import ADDRESS, REQUEST_ID, RESULTS, WHO, Columns, understood
from cli.bulk.table import Problem, read
from cli.parsing import parse_request
from converters.model.errors import RequestInvalid
from converters.model.outcome import Status

if TYPE_CHECKING:
    from cli.bulk.table import Line
    from converters.model.request import ConversionRequest

# A row's status beside those of outcomes: sent, and perhaps sent.
ENQUEUED, UNKNOWN = "enqueued", "unknown"
STATUSES = frozenset({*Status, ENQUEUED, UNKNOWN, ""})
_EXAMPLE = re.compile(r"example:", re.IGNORECASE)
_WANTED = re.compile(r", where (.+?),? is wanted$")
_LONGEST_ID = 120


@dataclass(slots=True)
class Item:
    """One row, and how far it is.

    Attributes:
        line: where it stands in the file.
        cells: as the file has them.
        content: digest of what is asked for, whatever the request is called.
        request_id: its own, or made of the file's and the row's content.
        status: an outcome's, ``enqueued``, ``unknown`` (perhaps sent), or empty: not sent.
        reasons, remedy, owner: of that status.
        known: whether the ledger knows the request.
    """

    line: int
    cells: tuple[str, ...]
    content: str
    request_id: str
    status: str = ""
    reasons: str = ""
    remedy: str = ""
    owner: str = ""
    known: bool = False

    def again(self) -> None:
        """Give it a new id: one that has ended is told its old outcome under the old one."""
        base, _, number = self.request_id.rpartition(".r")
        count = int(number) if base and number.isdecimal() else 1
        self.request_id = f"{(base if count > 1 else self.request_id)[:_LONGEST_ID]}.r{count + 1}"


@dataclass(slots=True)
class Sheet:
    """A file as requests."""

    headings: tuple[str, ...] = ()
    columns: Columns = field(default_factory=Columns)
    items: list[Item] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def body(self, item: Item) -> dict[str, object]:
        """Return an item's request as it is sent."""
        return {**self.columns.body(item.cells), REQUEST_ID: item.request_id}

    def message(self, item: Item) -> bytes:
        """Return an item's request as bytes; ASCII, since a queue message travels inside XML."""
        return json.dumps(self.body(item), separators=(",", ":")).encode("ascii")

    def request(self, item: Item) -> ConversionRequest:
        """Return an item's request."""
        return parse_request(self.message(item), None)


def sheet(data: bytes, ignored: list[str]) -> Sheet:
    """Read a file; whatever is wrong is in ``problems``."""
    table = read(data)
    columns = understood(table, ignored)
    made = Sheet(table.headings, columns, problems=table.problems)
    if not columns.heading.keys() & WHO:
        return made
    seen: dict[str, int] = {}
    for line in table.lines:
        if not (table.is_portals and _EXAMPLE.match(line.cells[0])):
            _add(made, line, seen)
    _name(made.items)
    made.problems.sort(key=lambda problem: problem.line)
    return made


def _add(made: Sheet, line: Line, seen: dict[str, int]) -> None:
    """Add a row, or what is wrong with it."""
    body = made.columns.body(line.cells)
    try:
        request = parse_request(json.dumps(body).encode(), "row")
    except RequestInvalid as invalid:
        for fault in invalid.faults:
            column = made.columns.of_fault(fault.where)
            named = fault.where if fault.where != column else ""
            told = f"{named} {fault.problem}".strip()
            made.problems.append(Problem(line.number, column, told, _remedy(fault.problem)))
        return
    own_id = str(body.pop(REQUEST_ID, ""))
    who = request.user_id or request.user_principal_name or request.email_address or ""
    for key, what in ((f"user {who.lower()}", "user"), (f"id {own_id}" if own_id else "", "id")):
        earlier = seen.setdefault(key, line.number) if key else line.number
        if earlier != line.number:
            told = f"is about the same {what} as line {earlier}"
            column = made.columns.of_fault(REQUEST_ID if what == "id" else ADDRESS)
            made.problems.append(Problem(line.number, column, told, "Remove one of the two."))
    content = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    status, reasons, remedy, owner = (_cell(made.columns, line, name) for name in RESULTS)
    if status not in STATUSES:
        told = f"is {status[:40]!r}, which is no status"
        remedy = "Empty the cell, and the row is sent; leave statuses as they were written."
        made.problems.append(Problem(line.number, "status", told, remedy))
    item = Item(line.number, line.cells, content, own_id, status, reasons, remedy, owner)
    made.items.append(item)


def _name(items: list[Item]) -> None:
    """Give ids of the file's and the row's content to those that have none."""
    whole = hashlib.sha256("".join(sorted(item.content for item in items)).encode()).hexdigest()
    for item in items:
        if not item.request_id:
            made = hashlib.sha256(f"{whole} {item.content}".encode()).hexdigest()
            item.request_id = f"bulk-{made[:32]}"


def _cell(columns: Columns, line: Line, path: str) -> str:
    if path not in columns.paths or not columns.is_results:
        return ""
    return line.cells[columns.paths.index(path)]


def _remedy(problem: str) -> str:
    """Turn the end of a fault's sentence into what to do."""
    wanted = _WANTED.search(problem)
    return f"Give {wanted[1]}." if wanted else "Correct the cell, or empty it."
