"""What a request that waits carries along is read where it makes sense, and only there."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from converters.model.errors import RequestInvalid
from converters.model.request import GraphFailure, Waits
from converters.wire.envelopes import deferred
from converters.wire.waits import read_waits, written_waits
from tests.parsing import parse
from tests.samples import request

MOST = 10_000_000_000
FAILURE = GraphFailure(2, 400, "c", "t", "g-1")
WAITS = Waits(1, 2, 3, ("isGuest",), FAILURE)


@pytest.mark.parametrize("value", [0, MOST])
def test_number_that_can_be_is_read(value: int) -> None:
    failure = replace(FAILURE, times=value, status=value)
    waits = Waits(value, value, value, (), failure)
    assert read_waits(written_waits(waits)) == waits


@pytest.mark.parametrize("value", [-1, MOST + 1, "1", None])
@pytest.mark.parametrize("name", ["times", "attempts", "since"])
def test_number_that_cannot_be_makes_no_sense_of_all(name: str, value: Any) -> None:  # noqa: ANN401
    read = read_waits({**written_waits(WAITS), name: value})
    assert read == (replace(WAITS, since=None) if (name, value) == ("since", None) else None)


@pytest.mark.parametrize("value", [-1, MOST + 1, "1", None])
@pytest.mark.parametrize("name", ["times", "status"])
def test_failure_that_cannot_be_is_forgotten(name: str, value: Any) -> None:  # noqa: ANN401
    written = written_waits(WAITS)
    read = read_waits({**written, "failure": {**written["failure"], name: value}})
    assert read == replace(WAITS, failure=None)


@pytest.mark.parametrize("code", ["", "a b", "x" * 65, "ab1", "\u00e9"])
def test_code_that_is_none_makes_no_sense_of_all(code: str) -> None:
    assert read_waits({**written_waits(WAITS), "announced": [code]}) is None
    longest = {**written_waits(WAITS), "announced": ["x" * 64]}
    assert read_waits(longest) == replace(WAITS, announced=("x" * 64,))


@pytest.mark.parametrize(
    "changes",
    [{"request": 7}, {"request": None}, {"waits": 7}, {"waits": None}, {"correlationId": None}],
    ids=str,
)
def test_message_of_ours_that_is_not_as_we_write_it_is_no_request(changes: dict[str, Any]) -> None:
    event: dict[str, Any] = json.loads(deferred(request()))
    assert parse(json.dumps(event).encode(), None).user_id
    event["data"] |= changes
    with pytest.raises(RequestInvalid) as caught:
        parse(json.dumps(event).encode(), None)
    (fault,) = caught.value.faults
    assert (fault.code, fault.where) == ("notARequest", "data")
    assert caught.value.request_id == "R-1"
