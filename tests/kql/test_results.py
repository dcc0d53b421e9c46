"""What the workbook and the queries of the documentation show, worked out by hand."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from converters.model.outcome import Status
from tests.kql.alerting import Line, logged
from tests.kql.engine import NOW, Workspace
from tests.kql.logged import deferred, ended, swept, undone, unfinished
from tests.kql.queries import RULES, queries
from tests.samples import OTHER_ID, USER_ID

INVITED = "Invite internal user to B2B collaboration"
THIRD_ID = "99999999-cccc-4ccc-8ccc-999999999999"
# The hour of the first line, and that of all others but one; now is 12:07:30.
BEFORE, THIS = datetime(2026, 11, 27, 11), datetime(2026, 11, 27, 12)  # noqa: DTZ001 - as stored
LINES = (
    Line(ended(Status.INVITED, request_id="A", milliseconds=100), 27.5),
    Line(ended(Status.INVITED, request_id="B", milliseconds=200), 3),
    Line(ended(Status.INVITED, request_id="C", milliseconds=300), 3),
    Line(ended(Status.INVITED, request_id="D", milliseconds=900), 2),
    Line(ended(Status.INELIGIBLE, "isGuest", "mailEmpty", request_id="E", milliseconds=5), 2),
    # Two deliveries of one request.
    Line(deferred("isGuest", request_id="F"), 2),
    Line(deferred("isGuest", request_id="F"), 1),
    Line(undone(), 1),
    Line(unfinished(), 1),
    Line(swept(waiting=7, oldest=1, dead=1), 12),
    Line(swept(waiting=4, oldest=1), 7),
    Line(swept(waiting=9, oldest=1), 2),
    Line("Host started", 1),
)
STATUSES = {
    (BEFORE, "invited"): 1, (THIS, "invited"): 3, (THIS, "ineligible"): 1,
    (THIS, "deferred"): 2, (THIS, "undone"): 1,
}  # fmt: skip
QUARTERS = {
    (datetime(2026, 11, 27, 11, 30) if at == BEFORE else at, status): count  # noqa: DTZ001
    for (at, status), count in STATUSES.items()
}


def by_time(found: dict[tuple[datetime, str], int]) -> list[dict[str, Any]]:
    """Return the rows of a count by status and time."""
    return [
        {"line_status": status, "TimeGenerated": at, "count_": n}
        for (at, status), n in found.items()
    ]


# By the query: what it shows over the lines; rows in any order but where it orders them.
EXPECTED: dict[str, list[dict[str, Any]]] = {
    "workbooks: Outcomes": by_time(STATUSES),
    "docs/operations.md: block 1": by_time(QUARTERS),
    # E and F; no row for lines without reasons.
    "workbooks: Reasons": [
        {"reason": "isGuest", "requests": 2},
        {"reason": "mailEmpty", "requests": 1},
    ],
    "workbooks: Time of a conversion, milliseconds": [
        {"TimeGenerated": BEFORE, "p50": 100, "p95": 100},
        {"TimeGenerated": THIS, "p50": 300, "p95": 900},
    ],
    "workbooks: What waits": [
        {"TimeGenerated": THIS - timedelta(minutes=15), "waiting": 7, "deadLetters": 1},
        {"TimeGenerated": THIS, "waiting": 9, "deadLetters": 0},
    ],
}
ALERTS = {name for name in queries() if name.startswith(RULES.rpartition("/")[2])}
FOREIGN = "docs/security.md: block 1"


def unordered(rows: list[dict[str, Any]]) -> list[str]:
    return sorted(str(sorted(row.items())) for row in rows)


@pytest.mark.parametrize("name", EXPECTED)
def test_query_shows_what_the_lines_say(name: str) -> None:
    rows = logged(LINES).run(queries()[name])
    assert unordered(rows) == unordered(EXPECTED[name])
    if "order by" in queries()[name]:
        assert rows == EXPECTED[name]


def test_query_that_nothing_is_expected_of_is_found_out() -> None:
    assert set(queries()) == {*ALERTS, *EXPECTED, FOREIGN}


def audited(*ids: str, hours: float = 1, activity: str = INVITED) -> dict[str, Any]:
    """Return a row of Entra's audit log about these users."""
    return {
        "TimeGenerated": NOW - timedelta(hours=hours),
        "ActivityDisplayName": activity,
        "TargetResources": [{"id": one, "type": "User"} for one in ids],
        "InitiatedBy": {"user": {"id": OTHER_ID}},
        "CorrelationId": "c",
        "Result": "success",
    }


@pytest.mark.parametrize(
    ("audit", "status", "hours", "told"),
    [
        (audited(USER_ID), Status.INVITED, 1, []),
        (audited(USER_ID.upper()), Status.INVITED, 1, []),
        (audited(USER_ID), Status.INVITED, 2.9, []),
        (audited(USER_ID), Status.INVITED, 3.1, [USER_ID]),
        (audited(USER_ID), Status.ALREADY_INVITED, 1, []),
        (audited(USER_ID), Status.FAILED, 1, []),
        # It was looked at here, and converted by somebody else.
        (audited(USER_ID), Status.INELIGIBLE, 1, [USER_ID]),
        (audited(THIRD_ID), Status.INVITED, 1, [THIRD_ID]),
        (audited(USER_ID, THIRD_ID), Status.INVITED, 1, [THIRD_ID]),
        (audited(THIRD_ID, hours=2.1), Status.INVITED, 1, []),
        (audited(THIRD_ID, activity="Invite external user"), Status.INVITED, 1, []),
    ],
)
def test_conversion_that_this_service_did_not_make_is_told(
    audit: dict[str, Any], status: Status, hours: float, told: list[str]
) -> None:
    line = {"TimeGenerated": NOW - timedelta(hours=hours), "Message": ended(status)}
    rows = Workspace({"AppTraces": [line], "AuditLogs": [audit]}).run(queries()[FOREIGN])
    assert [row["userId"] for row in rows] == told
    for row in rows:
        assert json.loads(row["InitiatedBy"]) == audit["InitiatedBy"]
        assert (row["CorrelationId"], row["Result"]) == ("c", "success")


def test_nothing_is_told_where_nothing_happened() -> None:
    assert Workspace({}).run(queries()[FOREIGN]) == []
