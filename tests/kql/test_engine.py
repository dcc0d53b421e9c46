"""The engine means what Kusto means, in all that the queries use: worked out by hand.

Sources: the pages of the operators and functions in "Kusto Query Language"; where one of their
examples is short, it stands here.
"""

from __future__ import annotations

import functools
from datetime import datetime, timedelta
from typing import Any

import duckdb_kql
import pytest

from tests.kql.binding import NEEDS_LANGUAGE_SERVICE, bind
from tests.kql.engine import NOW, Workspace
from tests.kql.queries import queries

Rows = list[tuple[Any, ...]]
NUMBERS = "datatable(n: long, k: string) [1, 'a', 2, 'a', 3, 'b', 4, 'b', 100, 'b']"
# Scalars, each in a row of its own.
SCALARS: dict[str, Any] = {
    "'Conversion {' startswith 'conversion {'": True,
    "'a conversion {' startswith 'conversion {'": False,
    "substring('abcdefg', 2)": "cdefg",
    "substring('abc', 9)": "",
    'tostring(parse_json(\'{"a": {"b": 5}}\').a.b)': "5",
    'tostring(parse_json(\'{"a": ["x", "y"]}\').a)': '["x","y"]',
    "tostring(parse_json('{\"a\": null}').a)": "",
    "tostring(parse_json('{\"a\": 1}').b)": "",
    "tostring(parse_json('no object').a)": "",
    "toint(parse_json('{\"a\": 7}').a)": 7,
    'toint(parse_json(\'{"a": "7"}\').a)': 7,
    "toint(parse_json('{\"a\": 1}').b)": None,
    "toint('x')": None,
    "todouble(parse_json('{\"a\": 19.9}').a)": 19.9,
    "todouble(parse_json('{\"a\": null}').a)": None,
    "tobool(parse_json('{\"a\": true}').a)": True,
    "tobool(parse_json('{\"a\": 1}').b)": None,
    "array_length(parse_json('{\"a\": [1, 2]}').a)": 2,
    "7 - 5": 2,
    "5 <= 5": True,
    "6 <= 5": False,
    "datetime(2026-11-27 12:00) - datetime(2026-11-27 09:30) > 2h": True,
    "datetime(2026-11-27 12:00) - datetime(2026-11-27 10:00) > 2h": False,
    "tolower('Ab-C')": "ab-c",
    "isnotempty('')": False,
    "isnotempty('x')": True,
    # Terms are whole words, in whatever case; what stands inside a word is none.
    "'[\"factUnknown\"]' has_any ('x', 'factunknown')": True,
    "'[\"factUnknownYet\"]' has_any ('x', 'factUnknown')": False,
    "'' has_any ('x', 'y')": False,
    "'a' in ('a', 'b')": True,
    "'A' in ('a', 'b')": False,
    "'a' == 'A'": False,
    "5 > 50 / 10.0": False,
    "5 > 49 / 10.0": True,
    "5 >= 5 and 4 > 3 or 1 > 2": True,
    "bin(37, 15)": 30,
    "bin(datetime(2026-11-27 12:07:30), 15m)": datetime(2026, 11, 27, 12),  # noqa: DTZ001
    "bin(datetime(2026-11-27 12:07:30), 1h)": datetime(2026, 11, 27, 12),  # noqa: DTZ001
    "ago(2h)": NOW.replace(tzinfo=None) - timedelta(hours=2),
}
TABULAR: dict[str, Rows] = {
    f"{NUMBERS} | where k == 'a'": [(1, "a"), (2, "a")],
    f"{NUMBERS} | where toint(k) > 0": [],
    f"{NUMBERS} | extend m = n * 2 | project m | where m > 7": [(8,), (200,)],
    f"{NUMBERS} | summarize count()": [(5,)],
    f"{NUMBERS} | where n > 999 | summarize lines = count()": [(0,)],
    f"{NUMBERS} | where n > 999 | summarize lines = count() by k": [],
    f"{NUMBERS} | summarize big = countif(n > 2), all = count() by k": [("a", 0, 2), ("b", 3, 3)],
    f"{NUMBERS} | summarize least = min(n)": [(1,)],
    f"{NUMBERS} | where n > 999 | summarize least = min(n)": [(None,)],
    f"{NUMBERS} | summarize most = max(n), kinds = dcount(k)": [(100, 2)],
    f"{NUMBERS} | summarize m = max(toint(k)) by k": [("a", None), ("b", None)],
    f"{NUMBERS} | summarize p50 = percentile(n, 50), p95 = percentile(n, 95)": [(3, 100)],
    f"{NUMBERS} | summarize n = count() by k | order by n": [("b", 3), ("a", 2)],
    f"{NUMBERS} | distinct upper = tolower(k)": [("a",), ("b",)],
    # A null is one row, an empty array none.
    "datatable(d: dynamic) [dynamic([1, 'x']), dynamic([]), dynamic(null)]"
    " | mv-expand e = d to typeof(string) | project e": [("",), ("1",), ("x",)],
    "datatable(d: dynamic) [dynamic([{'id': 'A'}, {'id': 'B'}])]"
    " | mv-expand t = d | project id = tostring(t.id)": [("A",), ("B",)],
    f"let few = {NUMBERS} | where n < 3; {NUMBERS} | join kind=leftanti few on n | project n": [
        (3,), (4,), (100,),
    ],
    f"let none = {NUMBERS} | where n < 0; {NUMBERS} | join kind=leftanti none on n | count": [(5,)],
}  # fmt: skip


@functools.cache
def empty() -> Workspace:
    """Return a workspace in whose tables nothing stands."""
    return Workspace({})


def run(query: str) -> Rows:
    """Return the rows of a result as tuples."""
    return [tuple(row.values()) for row in empty().run(query)]


@pytest.mark.parametrize("expression", SCALARS)
def test_expression_has_its_value(expression: str) -> None:
    assert run(f"print value = {expression}") == [(SCALARS[expression],)]


@pytest.mark.parametrize("query", TABULAR)
def test_query_has_its_rows(query: str) -> None:
    rows, expected = run(query), TABULAR[query]
    assert sorted(rows, key=repr) == sorted(expected, key=repr)
    if "order by" in query:
        assert rows == expected


@NEEDS_LANGUAGE_SERVICE
def test_all_that_the_queries_use_is_worked_out_here() -> None:
    cases = [*(f"print value = {expression}" for expression in SCALARS), *TABULAR]
    other = "AppTraces | summarize variance(SeverityLevel)"
    bound = bind(queries() | {text: text for text in (*cases, other)})
    worked_out = set().union(*(bound[case].uses for case in cases))
    assert set().union(*(bound[name].uses for name in queries())) - worked_out == set()
    assert bound[other].uses - worked_out == {"variance()"}


@pytest.mark.parametrize(
    "query",
    [
        "AppTraces | summarize percentiles(SeverityLevel, 50, 95)",
        "AppTraces | evaluate bag_unpack(Properties)",
        "AppTraces | make-series n = count() on TimeGenerated step 1h",
    ],
)
def test_what_the_engine_does_not_know_is_refused(query: str) -> None:
    with pytest.raises(duckdb_kql.KqlUnsupportedError):
        run(query)
