"""The queries are found, so that none is left out of the other tests here."""

from __future__ import annotations

from tests.kql.queries import pages, queries, rules, unmarked


def test_queries_are_found_wherever_they_stand() -> None:
    kinds = [name.partition(":")[0] for name in queries()]
    assert kinds.count("scheduledQueryRules") == len(rules()) >= 6
    assert kinds.count("workbooks") >= 4
    assert sum(kind.endswith(".md") for kind in kinds) >= 2


def test_no_page_has_a_query_that_is_not_marked_as_one() -> None:
    assert {page: lines for page, text in pages().items() if (lines := unmarked(text))} == {}
    assert unmarked("```sql\nAppTraces\n| where x\n```\n| a | where |\n") == ["| where x"]
    assert unmarked("```kql\nAppTraces\n| where x\n```\n") == []
