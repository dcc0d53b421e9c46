"""The evaluator knows what the connectors use, and nothing else passes it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.connectors.expressions import PURE, ExpressionError, evaluated
from tests.infra.paths import INFRA

DEFINITIONS = sorted((INFRA / "connectors").glob("*.json"))
DATA = {"a": {"b": ["x", None]}, "text": "It's", "number": 7}
HERE = {"data": lambda: DATA}


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("plain", "plain"),
        (7, 7),
        ("@@data()", "@data()"),
        ("@data()['number']", 7),
        ("@data()?['a']?['b']?[0]", "x"),
        ("@data()?['none']?['b']", None),
        ("a @{data()['number']} b @{data()?['none']}!", "a 7 b !"),
        ("@{data()['a']}", '{"b":["x",null]}'),
        ("@concat(data()['text'], '''s', string(1))", "It's's1"),
        ("@substring('http:R', 5)", "R"),
        ("@startsWith('HTTPS://x', 'https://')", True),
        ("@base64('ä')", "w6Q="),
        ("@uriComponent('a/b c')", "a%2Fb%20c"),
        ("@contains(createArray(1, 2), 2)", True),
        ("@contains(createArray(1, 2), '2')", False),
        ("@contains('text', 'ex')", True),
        ("@toLower('%2E')", "%2e"),
        ("@if(contains(createArray(), 1), 'a', 'b')", "b"),
        ("@xpath(xml('<a><b>1 &amp; 2</b></a>'), 'string(/a/b)')", "1 & 2"),
        ("@length(xpath(xml('<a><b/><b/></a>'), '/a/b'))", 2),
        ("@xpath(xml('<c/>'), '/a/b')", []),
        ({"@{concat('k')}": ["@length('ab')"]}, {"k": [2]}),
        ("@setProperty(removeProperty(json('{\"a\":1,\"b\":2}'), 'a'), 'c', 3)", {"b": 2, "c": 3}),
    ],
)
def test_expression_is_evaluated(written: Any, wanted: Any) -> None:  # noqa: ANN401
    assert evaluated(written, HERE) == wanted


@pytest.mark.parametrize(
    "written",
    [
        "@unknown()", "@data", "@data(", "@data()['none']", "@data()?['a']['none']", "@data() x",
        "@{data()", "@data().a", "@length(7)", "@split(data()?['none'], ':')", "@json('{')",
        "@int('x')", "@xml('<a>')", "@xpath(xml('<a/>'), '//a')", "@substring('a', 5)",
        "@if('true', 1, 2)", "@data()?['a']?['b'][5]", "@concat('a', 1)", "@base64(7)",
        "@contains('text', 7)", "@setProperty('a', 'b', 1)", "@createArray(1 2)",
    ],
)  # fmt: skip
def test_what_is_not_known_or_not_fitting_is_an_error(written: str) -> None:
    with pytest.raises(ExpressionError):
        evaluated(written, HERE)


def test_every_function_that_is_here_is_one_that_a_connector_uses() -> None:
    texts = "".join(path.read_text() for path in DEFINITIONS)
    used = set(re.findall(r"\b([A-Za-z0-9]+)\(", texts))
    assert len(DEFINITIONS) == 4
    assert {*PURE} <= used


def test_definitions_are_written_as_json_writes_them() -> None:
    for path in DEFINITIONS:
        assert path.read_text() == json.dumps(json.loads(path.read_text()), indent=2) + "\n"
