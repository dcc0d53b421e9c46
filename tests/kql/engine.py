"""Queries run: Kusto's meaning on DuckDB, over tables with the documented columns.

The engine refuses what it does not know; ``test_engine.py`` holds what the queries use of it.
"""

from __future__ import annotations

import functools
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import duckdb_kql

from tests.kql.binding import TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# What ``now()`` is.
NOW = datetime(2026, 11, 27, 12, 7, 30, tzinfo=UTC)
_TYPES = {
    "string": "VARCHAR",
    "int": "INTEGER",
    "long": "BIGINT",
    "real": "DOUBLE",
    "datetime": "TIMESTAMP",
    "dynamic": "JSON",
}


class Workspace:
    """The tables of a workspace.

    Args:
        rows: by table; columns that a row leaves out are null.
    """

    def __init__(self, rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        # Small tables: other threads would only be waited for, and stay as long as the process.
        self._connection = duckdb_kql.connect(config={"threads": 1, "async_threads": 0})
        for table, described in TABLES.items():
            columns: dict[str, str] = described["columns"]
            declared = ", ".join(f'"{name}" {_TYPES[kind]}' for name, kind in columns.items())
            self._connection.execute(f'CREATE TABLE "{table}" ({declared})')
            self._insert(table, rows.get(table, ()))

    def replace(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Put rows in the place of those that a table has."""
        self._connection.execute(f'DELETE FROM "{table}"')  # noqa: S608
        self._insert(table, rows)

    def run(self, query: str) -> list[dict[str, Any]]:
        """Return the rows of a query's result; times are UTC's, without a zone."""
        sql, parameters = _translated(query)
        result = self._connection.execute(sql, parameters)
        names = [column[0] for column in result.description or ()]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def _insert(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        if not rows:
            return
        columns = list(dict.fromkeys(name for row in rows for name in row))
        names = ", ".join(f'"{name}"' for name in columns)
        marks = ", ".join(f"({', '.join('?' for _ in columns)})" for _ in rows)
        values = [_stored(row.get(name)) for row in rows for name in columns]
        self._connection.execute(f'INSERT INTO "{table}" ({names}) VALUES {marks}', values)  # noqa: S608


@functools.cache
def _translated(query: str) -> tuple[str, dict[str, Any] | None]:
    """Return what DuckDB is asked; the same query is asked over many workspaces."""
    columns = {table: list(described["columns"]) for table, described in TABLES.items()}
    sql = duckdb_kql.to_sql(query, schema=columns, query_now=NOW)
    return str(sql), dict(sql.parameters) or None


def _stored(value: Any) -> Any:  # noqa: ANN401 - any value of a column
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None)
    return json.dumps(value) if isinstance(value, dict | list) else value
