"""The messages of the follow-up: what is written is read, and nothing else is."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from converters.model.completion import Completion, Step
from converters.model.follow_up import Check, FollowUp
from converters.wire.checks import read_check, written_check

GUID = "11111111-aaaa-4aaa-8aaa-111111111111"
SOURCES = st.none() | st.from_regex(r"[^\s\x00-\x1f\x7f]{1,512}", fullmatch=True)
DOMAINS = st.sampled_from([None, "partner.example", "xn--bcher-kva.example"])
LANGUAGES = st.sampled_from([None, "de", "en-US", "zh-Hant-TW"])
CHECKS = st.builds(
    Check,
    st.builds(
        FollowUp,
        key=st.from_regex(r"[0-9a-f]{32}", fullmatch=True),
        request_id=st.from_regex(r"[A-Za-z0-9._~:/=+-]{1,128}", fullmatch=True),
        source=SOURCES,
        correlation_id=st.just(GUID),
        user_id=st.just(GUID),
        invited=st.floats(0, 9e9),
        domain=DOMAINS,
        mailed=st.booleans(),
        language=LANGUAGES,
    ),
    look=st.integers(0, 10_000),
    attempts=st.integers(0, 10_000),
)
SAMPLE = Check(FollowUp("0" * 32, "R-1", None, GUID, GUID, 1.0))


def test_message_with_a_completion_is_read_as_it_was_written() -> None:
    completion = Completion((Step.REVOKE_SESSIONS, Step.MANAGER), manager=GUID)
    check = replace(SAMPLE, follow_up=replace(SAMPLE.follow_up, completion=completion))
    assert read_check(written_check(check)) == check


def test_message_that_nests_too_deep_is_none() -> None:
    assert read_check(b"[" * 200_000) is None


def test_message_is_as_short_as_json_can_be() -> None:
    assert b" " not in written_check(SAMPLE)


@pytest.mark.parametrize("number", [0, 10_000_000_000])
def test_least_and_most_number_is_read(number: int) -> None:
    body: dict[str, Any] = json.loads(written_check(SAMPLE))
    for name in ("look", "attempts", "invited"):
        assert read_check(json.dumps(body | {name: number}).encode())
        assert read_check(json.dumps(body | {name: 10_000_000_001}).encode()) is None


@given(CHECKS)
def test_message_is_read_as_it_was_written(check: Check) -> None:
    assert read_check(written_check(check)) == check


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_anything_else_is_nothing(body: bytes) -> None:
    assert read_check(body) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("key", "../" + "0" * 29), ("key", None), ("requestId", "kim@partner.example"),
        ("requestId", ""), ("userId", "kim"), ("look", -1), ("look", "0"), ("attempts", 1e11),
        ("invited", -1), ("invited", float("nan")), ("mailed", None), ("source", 7),
    ],
)  # fmt: skip
def test_message_with_a_value_that_makes_no_sense_is_none(name: str, value: Any) -> None:  # noqa: ANN401
    body: dict[str, Any] = json.loads(written_check(SAMPLE))
    assert read_check(json.dumps(body | {name: value}).encode()) is None
    del body[name]
    assert read_check(json.dumps(body).encode()) is None


@pytest.mark.parametrize("name", ["source", "domain", "language"])
def test_text_that_could_not_be_one_is_left_out(name: str) -> None:
    body: dict[str, Any] = json.loads(written_check(SAMPLE))
    for text in ("x\r\ny", "", "y" * 600, "<b>"):
        read = read_check(json.dumps(body | {name: text}).encode())
        assert read
        assert getattr(read.follow_up, name) in {None, "<b>"}
        assert name == "source" or getattr(read.follow_up, name) is None


def test_correlation_id_that_is_none_is_not_sent_to_graph() -> None:
    body: dict[str, Any] = json.loads(written_check(SAMPLE))
    read = read_check(json.dumps(body | {"correlationId": "x\r\ny"}).encode())
    assert read
    assert read.follow_up.correlation_id == "00000000-0000-0000-0000-000000000000"
