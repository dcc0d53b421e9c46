"""Sign-ins are read where they are asked for, slowly, and what is not known is no "never"."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from cli.assess.rows import COLUMNS, FIELDS, SIGN_INS
from local.graph import Fault, GraphEmulator
from tests.cli.assess.tenants import KEYS, NOW, Rest, assessed, user
from tests.cli.terminal import b2b
from tests.directory import tenant

if TYPE_CHECKING:
    from pathlib import Path

SUCCESS = "lastSuccessfulSignInDateTime"
INTERACTIVE, ALONE = "lastSignInDateTime", "lastNonInteractiveSignInDateTime"


def ago(days: int) -> str:
    """Return a time as Graph writes it."""
    return (NOW - timedelta(days=days)).isoformat().replace("+00:00", "Z")


def signed_in(number: int, **times: Any) -> dict[str, Any]:  # noqa: ANN401 - what Graph may send
    """Return one of many users, with what Graph says of sign-ins."""
    return user(number, signInActivity=times)


PEOPLE = {
    "never": (user(1), ("never", None)),
    "empty": (signed_in(2, **{SUCCESS: None, INTERACTIVE: None}), ("never", None)),
    "lately": (signed_in(3, **{SUCCESS: ago(90), INTERACTIVE: ago(1)}), ("active", 90)),
    "long ago": (signed_in(4, **{SUCCESS: ago(91)}), ("inactive", 91)),
    "attempts": (signed_in(5, **{INTERACTIVE: ago(400), ALONE: ago(300)}), ("inactive", 300)),
    "nonsense": (signed_in(6, **{SUCCESS: "yesterday"}), (None, None)),
    "no zone": (signed_in(7, **{SUCCESS: "2026-01-01T00:00:00"}), (None, None)),
}


async def test_last_sign_in_is_told_and_counted(tmp_path: Path) -> None:
    async with GraphEmulator(tenant(*(one for one, _ in PEOPLE.values()))) as graph:
        found = await assessed(graph, tmp_path / "x", sign_ins=True)
    rows = list(found.rows.values())
    assert {frozenset(row) for row in rows} == {frozenset((*FIELDS, *SIGN_INS))}
    assert [(row["signIn"], row["signInDays"]) for row in rows] == [
        expected for _, expected in PEOPLE.values()
    ]
    assert found.told["complete"]
    assert "AuditLog.Read.All" in found.told["permissions"]
    assert found.told["signIns"] == {
        "inactiveAfterDays": 90,
        "byState": {"never": 2, "inactive": 2, "unknown": 2, "active": 1},
    }


async def test_nothing_of_it_is_asked_unless_wanted(tmp_path: Path) -> None:
    async with GraphEmulator(tenant(user(1))) as graph:
        found = await assessed(graph, tmp_path / "x")
        assert not any("signInActivity" in record.query for record in graph.requests)
    assert (found.told["signIns"], set(*found.rows.values())) == (None, set(FIELDS))


async def test_pages_keep_the_reporting_limit(tmp_path: Path) -> None:
    clock = Rest()
    async with GraphEmulator(tenant(*(user(n) for n in range(1, 1102)))) as graph:
        found = await assessed(graph, tmp_path / "x", sign_ins=True, clock=clock)
        asked = [one.query for one in graph.requests if "signInActivity" in one.query]
    assert len(found.rows) == 1101
    assert ["top=500" in query.replace("%24", "") for query in asked] == [True] * 3
    # Five in ten seconds; nothing else is held back.
    assert clock.waits == [2, 2]


async def test_smaller_pages_are_asked_for_where_graph_wants_them(tmp_path: Path) -> None:
    message = "Cannot query data for more than 120 users at a time."
    async with GraphEmulator(tenant(*(user(n) for n in range(1, 200)))) as graph:
        graph.faults.add(Fault(path="top=500", status=400, message=message, times=None))
        found = await assessed(graph, tmp_path / "x", sign_ins=True)
    assert (found.told["complete"], found.told["signIns"]["byState"]) == (True, {"never": 199})


@pytest.mark.parametrize(
    ("changes", "needed"),
    [
        ({"permissions": ["User.Read.All"]}, "AuditLog.Read.All"),
        ({"p1": False}, "a licence for Microsoft Entra ID P1"),
    ],
)
async def test_what_cannot_be_read_is_unknown_and_the_report_incomplete(
    tmp_path: Path, changes: dict[str, Any], needed: str
) -> None:
    async with GraphEmulator({**tenant(user(1)), **changes}) as graph:
        found = await assessed(graph, tmp_path / "x", sign_ins=True)
    (row,) = found.rows.values()
    assert [row[name] for name in SIGN_INS] == [None] * 3
    unread = {one["what"]: one for one in found.told["unread"]}["when the users last signed in"]
    assert (unread["permission"], unread["status"]) == (needed, 403)
    assert not found.told["complete"]
    assert found.told["signIns"]["byState"] == {"unknown": 1}


async def test_verb_says_that_it_is_slow_and_shows_the_columns(tmp_path: Path) -> None:
    async with GraphEmulator(tenant(user(1, mail="u1@partner.example"))) as graph:
        keys = {**KEYS, "GRAPH_BASE_URL": graph.url}
        ended = await b2b(tmp_path, "assess", "--sign-ins", "-o", "csv", **keys)
    head, row = ended.out.splitlines()
    assert (ended.code, head) == (0, ",".join((*COLUMNS, *SIGN_INS)))
    assert row.endswith(",never,,")
    assert ended.err.startswith("Sign-ins are slow to read: ")
    assert "Of those to look at, 1 never signed in, 0 not for 90 days." in ended.err
