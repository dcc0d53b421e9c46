"""Alerts raised by lines of the log, as Azure Monitor does it with the deployed rules.

Source: "Create or edit a log search alert rule": the query looks at the window alone, and the
number of its rows is compared with the threshold.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.kql.engine import NOW, Workspace

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.kql.queries import Rule

ONCE = {"numberOfEvaluationPeriods": 1, "minFailingPeriodsToAlert": 1}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the log, and how many minutes ago it was written."""

    message: str
    minutes: float = 1


def logged(lines: Iterable[Line]) -> Workspace:
    """Return a workspace with the lines, as Application Insights stores them."""
    return Workspace(
        {
            "AppTraces": [
                {"TimeGenerated": NOW - timedelta(minutes=line.minutes), "Message": line.message}
                for line in lines
            ]
        }
    )


@functools.cache
def _window(lines: tuple[Line, ...], minutes: int) -> Workspace:
    return logged(line for line in lines if line.minutes < minutes)


def is_raised(rule: Rule, lines: tuple[Line, ...]) -> bool:
    """Return whether the rule raises its alert over these lines."""
    criterion = rule.criterion
    compared = (criterion["timeAggregation"], criterion["operator"], criterion["failingPeriods"])
    if compared != ("Count", "GreaterThan", ONCE):
        raise NotImplementedError(f"an alert that compares by {compared}")
    rows = _window(lines, rule.minutes).run(rule.query)
    return len(rows) > int(criterion["threshold"])
