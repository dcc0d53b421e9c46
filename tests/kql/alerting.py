"""Alerts raised by lines of the log, as Azure Monitor does it with the deployed rules.

Source: "Create or edit a log search alert rule": the query looks at the window alone, and the
number of its rows is compared with the threshold.
"""

from __future__ import annotations

import functools
import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tests.kql.engine import NOW, Workspace

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.kql.queries import Rule

TRACES = "AppTraces"
# A query up to the end of its first condition; a pipe may stand in quotes.
_CONDITION = re.compile(rf'{TRACES} \| where [^|"]+("[^"]*"[^|"]*)*(?= \|)')
# By condition: the lines that it was asked about, and whether it lets them by.
_known: defaultdict[str, dict[Line, bool]] = defaultdict(dict)
ONCE = {"numberOfEvaluationPeriods": 1, "minFailingPeriodsToAlert": 1}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the log, and how many minutes ago it was written."""

    message: str
    minutes: float = 1


def logged(lines: Iterable[Line]) -> Workspace:
    """Return a workspace with the lines, as Application Insights stores them."""
    return Workspace({TRACES: [_row(line) for line in lines]})


def is_raised(rule: Rule, lines: tuple[Line, ...]) -> bool:
    """Return whether the rule raises its alert over these lines."""
    criterion = rule.criterion
    compared = (criterion["timeAggregation"], criterion["operator"], criterion["failingPeriods"])
    if compared != ("Count", "GreaterThan", ONCE):
        raise NotImplementedError(f"an alert that compares by {compared}")
    window = tuple(line for line in lines if line.minutes < rule.minutes)
    seen = _let_by(rule.query, window)
    return len(_result(rule.query, seen)) > int(criterion["threshold"])


def _let_by(query: str, lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """Return the lines that a query's first condition lets by: what comes after it sees no other.

    So a query runs once over each kind of lines that it tells apart, and not over every scenario.
    """
    condition = _CONDITION.match(query)
    if condition is None:
        return lines
    known = _known[condition[0]]
    if new := {line: _row(line) for line in lines if line not in known}:
        found = {
            (row["TimeGenerated"], row["Message"]) for row in _rows(condition[0], new.values())
        }
        known |= {
            line: (row["TimeGenerated"].replace(tzinfo=None), row["Message"]) in found
            for line, row in new.items()
        }
    return tuple(line for line in lines if known[line])


@functools.cache
def _result(query: str, lines: tuple[Line, ...]) -> list[dict[str, Any]]:
    return _rows(query, [_row(line) for line in lines])


def _rows(query: str, rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    workspace = _workspace()
    workspace.replace(TRACES, list(rows))
    return workspace.run(query)


@functools.cache
def _workspace() -> Workspace:
    return logged(())


def _row(line: Line) -> dict[str, Any]:
    return {"TimeGenerated": NOW - timedelta(minutes=line.minutes), "Message": line.message}
