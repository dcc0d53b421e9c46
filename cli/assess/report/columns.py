"""Rows turned into columns, each as small as it can be. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cli.assess.rows import FIELDS
from cli.printing import cell

if TYPE_CHECKING:
    from cli.assess.rows import Row

_LISTS = frozenset({"foundBy", "reasons", "warnings", "owners", "otherMails", "groupsWithAddress"})
_NUMBERS = frozenset({"licences", "pendingDays", "signInDays"})
# What is told of reasons in words, beside their codes.
WHY = "why"
Value = str | int | None | tuple[str, ...]


@dataclass(slots=True)
class Column:
    """One column: every value once, and for each row which of them it has."""

    name: str
    kind: str
    numbers: dict[Value, int] = field(default_factory=dict)
    index: list[int] = field(default_factory=list)

    def add(self, value: Value) -> None:
        """Add a row's value."""
        self.index.append(self.numbers.setdefault(value, len(self.numbers)))

    def written(self) -> dict[str, Any]:
        """Write the column down; where no two rows are alike, without an index."""
        values = list(self.numbers)
        column = {"name": self.name, "kind": self.kind, "values": values}
        return column if len(values) == len(self.index) else {**column, "index": self.index}


class Columns:
    """The rows of a report, as they come."""

    def __init__(self) -> None:
        self._columns: dict[str, Column] = {}
        self.rows = 0

    def add(self, row: Row) -> None:
        """Add a row; each has the same properties."""
        values = {**row, WHY: [reason["message"] for reason in row["reasons"]]}
        for name in (*FIELDS, WHY, *(each for each in row if each not in FIELDS)):
            column = self._columns.get(name)
            if column is None:
                column = self._columns[name] = Column(name, _kind(name))
            column.add(_value(column.kind, values.get(name)))
        self.rows += 1

    def written(self) -> dict[str, Any]:
        """Write everything down."""
        columns = [column.written() for column in self._columns.values()]
        return {"count": self.rows, "columns": columns}


def _kind(name: str) -> str:
    if name in _LISTS or name == WHY:
        return "list"
    return "number" if name in _NUMBERS else "text"


def _value(kind: str, value: object) -> Value:
    if kind == "list":
        items = value if isinstance(value, list) else []
        return tuple(one["code"] if isinstance(one, dict) else cell(one) for one in items)
    if kind == "number":
        return value if isinstance(value, int) else None
    return cell(value)
