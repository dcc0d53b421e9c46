"""Every query is understood by Microsoft's language service against the documented tables."""

from __future__ import annotations

import functools

import pytest

from tests.kql.binding import NEEDS_LANGUAGE_SERVICE, TABLES, Binding, bind
from tests.kql.logged import samples
from tests.kql.queries import queries

pytestmark = NEEDS_LANGUAGE_SERVICE
LINE = (
    'AppTraces | where Message startswith "sweep {"'
    " | extend line = parse_json(substring(Message, 6))"
)
TARGET = "AuditLogs | mv-expand target = TargetResources"
# What is wrong with each, in the language service's words.
PLANTED = {
    "Apptraces | count": "The name 'Apptraces' does not refer",
    "AppTraces | where Mesage has 'x'": "The name 'Mesage' does not refer",
    "AppTraces | where message has 'x'": "The name 'message' does not refer",
    "AppTraces | where Message startwith 'x'": "The name 'startwith' does not refer",
    "AppTraces | where Message > 5": "not defined for the operand types string and long",
    "AppTraces | where TimeGenerated > 'x'": "not defined for the operand types datetime",
    "AppTraces | extend line = parsejson2(Message)": "The name 'parsejson2' does not refer",
    "AppTraces | summarize countf() by Message": "The name 'countf' does not refer",
    "AppTraces | summarize lines = count() | where line == 0": "The name 'line' does not refer",
    "AppTraces | summarize lines = count() by": "KS006",
    "AppTraces | summarize n = countif(SeverityLevel)": "A value of type bool expected",
    f"{LINE} | where toInt(line.poison) > 0": "The name 'toInt' does not refer",
    f"{LINE} | wher toint(line.poison) > 0": "KS",
    f"{LINE} | project poison = line.poison | where line.poison > 0": "The name 'line' does not",
    f"{TARGET} | project Targets": "The name 'Targets' does not refer",
}
# Inside dynamic values everything is allowed by the language; what is there is known here.
FIELDS = {
    f"{LINE} | where toint(line.poisson) > 0": ["line.poisson"],
    f"{LINE} | where toint(line['deadletters']) > 0": ["line['deadletters']"],
    f"{LINE} | where tostring(line.status) == 'undone'": ["line.status"],
    f"{LINE} | where toint(line.poison.all) > 0": ["line.poison.all"],
    f"{LINE} | extend dead = line.dead | where dead.letters > 0": ["line.dead", "dead.letters"],
    f"{LINE} | where toint(line.poison) > 0 and toint(line['deadLetters']) > 0": [],
    f"{TARGET} | project target.ID": ["target.ID"],
    f"{TARGET} | project target.id": [],
    "AuditLogs | project TargetResources[0].id, InitiatedBy.user.id": [],
    "AuditLogs | project TargetResources.id": ["TargetResources.id"],
    "AuditLogs | project AdditionalDetails.key": ["AdditionalDetails.key"],
}


@functools.cache
def bound() -> dict[str, Binding]:
    """Return every query of the project, bound; and every planted one by its text."""
    return bind(queries() | {text: text for text in (*PLANTED, *FIELDS)})


@pytest.mark.parametrize("name", queries())
def test_query_is_understood(name: str) -> None:
    assert bound()[name].problems == []
    assert set(bound()[name].tables) <= set(TABLES)
    assert bound()[name].tables


@pytest.mark.parametrize("name", queries())
def test_query_asks_inside_dynamic_values_for_what_is_there(name: str) -> None:
    assert bound()[name].unknown_fields(samples()) == []


@pytest.mark.parametrize("text", PLANTED)
def test_query_that_is_misspelt_is_found_out(text: str) -> None:
    assert PLANTED[text] in "; ".join(bound()[text].problems)


@pytest.mark.parametrize("text", FIELDS)
def test_field_that_is_never_there_is_found_out(text: str) -> None:
    assert bound()[text].problems == []
    assert bound()[text].unknown_fields(samples()) == FIELDS[text]
