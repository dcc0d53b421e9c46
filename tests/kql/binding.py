"""Queries as Microsoft's language service understands them, against the documented tables."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from local.storage import node
from tests.infra.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping

TABLES: dict[str, dict[str, Any]] = json.loads(
    (ROOT / "tests" / "data" / "kql-tables.json").read_text()
)
_FOLDER = Path(__file__).parent / "node"
NEEDS_LANGUAGE_SERVICE = pytest.mark.skipif(
    not (_FOLDER / "node_modules" / "@kusto" / "language-service-next").is_dir(),
    reason="no language service of KQL here: `make kql` installs it",
)
# The column that a query parses a line into, and the word that its lines begin with.
_PARSED = "parse_json("
_WORD = re.compile(r'startswith "(\w+) \{"')


@dataclass(frozen=True, slots=True)
class Binding:
    """What the language service says of a query.

    Attributes:
        text: the query.
        problems: errors and warnings, with their codes.
        tables: those that it reads.
        columns: names and types of the result.
        uses: kinds of its syntax, and functions by ``name()``.
        paths: the values inside dynamic ones that it asks for.
        definitions: by the names that it gives, from what.
    """

    text: str
    problems: list[str]
    tables: list[str]
    columns: list[tuple[str, str]]
    uses: set[str]
    paths: list[dict[str, Any]]
    definitions: dict[str, dict[str, Any]]

    def unknown_fields(self, lines: Mapping[str, Any]) -> list[str]:
        """Return what it asks for inside dynamic values that is never there.

        Args:
            lines: by the word that a line begins with, all that such lines have.
        """
        return [path["text"] for path in self.paths if not self._is_there(path["path"], lines)]

    def _is_there(self, path: dict[str, Any] | None, lines: Mapping[str, Any]) -> bool:
        try:
            self._value(path, lines)
        except (LookupError, TypeError):
            # No such name, no such position; or no object, no array.
            return False
        return True

    def _value(self, path: dict[str, Any] | None, lines: Mapping[str, Any]) -> Any:  # noqa: ANN401
        if path is None:
            raise LookupError("neither a column nor a path that begins with one")
        value = self._root(path["root"], lines)
        for step in path["steps"]:
            value = value[step]
        return value

    def _root(self, name: str, lines: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
        definition = self.definitions.get(name)
        if definition is None:
            shapes = [TABLES[table]["dynamic"] for table in self.tables]
            return {key: value for shape in shapes for key, value in shape.items()}[name]
        if definition["text"].startswith(_PARSED):
            # Of several kinds of lines in one query, any may have it.
            words = _WORD.findall(self.text)
            return {key: value for word in words for key, value in lines[word].items()}
        value = self._value(definition["path"], lines)
        return value[0] if definition["expanded"] else value


def bind(queries: Mapping[str, str]) -> dict[str, Binding]:
    """Return what the language service says of each query."""
    told = json.dumps({"tables": TABLES, "queries": queries})
    done = subprocess.run(
        [node(), "analyse.js"], cwd=_FOLDER, input=told, capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout)
    return {
        name: Binding(
            text=text,
            problems=found[name]["problems"],
            tables=found[name]["tables"],
            columns=[(column, kind) for column, kind in found[name]["columns"]],
            uses=set(found[name]["uses"]),
            paths=found[name]["paths"],
            definitions=found[name]["definitions"],
        )
        for name, text in queries.items()
    }
