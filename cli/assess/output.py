"""Writes a report as it comes: rows on standard output, then what they add up to."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

from cli.assess.report.columns import Columns
from cli.assess.report.page import page
from cli.assess.rows import COLUMNS, SIGN_INS, shown
from cli.printing import Format, cell

if TYPE_CHECKING:
    from pathlib import Path

    from cli.assess.rows import Row
    from cli.printing import Console

# A terminal is no place for more; csv, json and the page have all of them.
MOST_SHOWN, MOST_REMEDIES = 40, 5


class Output:
    """Where rows go.

    Args:
        console: its format says how.
        html: the page to write, if any.
        sign_ins: whether rows say when users signed in.
    """

    def __init__(self, console: Console, html: Path | None, *, sign_ins: bool = False) -> None:
        self._console, self._html = console, html
        self._shown = (*COLUMNS, *SIGN_INS) if sign_ins else COLUMNS
        self._few: list[Row] = []
        self._began = False
        self._columns = Columns() if html else None

    def row(self, row: Row) -> None:
        """Write one row, or keep it for the table."""
        if self._columns:
            self._columns.add(row)
        match self._console.output:
            case Format.TABLE:
                if len(self._few) < MOST_SHOWN:
                    self._few.append(row)
            case Format.JSON:
                head = ",\n" if self._began else '{"rows": [\n'
                self._began = True
                sys.stdout.write(head + json.dumps(row))
            case _:
                self._console.row(row, self._shown, shown)

    def end(self, told: dict[str, Any]) -> None:
        """Write what the rows add up to."""
        self._write_page(told)
        console = self._console
        if console.output is Format.JSON:
            head = "\n]" if self._began else '{"rows": []'
            rest = json.dumps(told, indent=2).removeprefix("{")
            sys.stdout.write(f"{head},{rest}\n")
        elif console.output is Format.CSV:
            console.rows([], self._shown)
        elif console.output is Format.TABLE:
            console.rows(self._few, self._shown, shown)
            if (more := told["candidates"] - len(self._few)) > 0:
                console.note(f"… and {more} more: -o csv, -o json or --html has all of them.")
        for line in _sentences(told):
            console.note(line)

    def _write_page(self, told: dict[str, Any]) -> None:
        """Write the page, for its owner alone."""
        if self._html is None or self._columns is None:
            return
        descriptor = os.open(self._html, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(page(self._columns.written(), told))
        self._console.note(f"{self._html} is written: personal data, for whom it concerns alone.")


def _sentences(told: dict[str, Any]) -> list[str]:
    """Say what the rows add up to, for a person."""
    counted = ", ".join(f"{count} {status}" for status, count in told["byStatus"].items())
    first = (
        f"{told['users']} users: {told['candidates']} to look at ({counted or 'nobody'}), "
        f"{told['alreadyExternal']} external already, {told['notLookedAt']} found by no rule."
    )
    lines = [first]
    lines += [
        f"{one['code']} stops {one['blocks']}, and alone {one['frees']}:"
        f" {one['remediation']} ({one['owner']})"
        for one in told["remedies"][:MOST_REMEDIES]
    ]
    if told["signIns"]:
        counts, days = told["signIns"]["byState"], told["signIns"]["inactiveAfterDays"]
        lines.append(
            f"Of those to look at, {counts.get('never', 0)} never signed in,"
            f" {counts.get('inactive', 0)} not for {days} days."
        )
    if told["unread"]:
        lines.append("INCOMPLETE: what follows could not be read; unknown means no.")
    lines += [
        f"  {one['what']}: HTTP {cell(one['status'])}; it needs {one['permission']}"
        for one in told["unread"]
    ]
    return lines
