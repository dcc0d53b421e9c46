"""Decoding: one JSON object out of any encoding, or one sentence on what the bytes hold (R8)."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from converters.wire.decoding import NOT_A_REQUEST, Undecodable, json_object

if TYPE_CHECKING:
    from collections.abc import Callable

DEEPEST = 32
DEEP = "is nested more than 32 levels deep"
BROKEN, BEFORE = "is not valid JSON: the mistake is at line 1,", ", or just before"
ENCODINGS: dict[str, Callable[[bytes], bytes]] = {
    "plain": lambda text: text,
    "byte order mark": lambda text: b"\xef\xbb\xbf" + text,
    "white space around": lambda text: b"\r\n\t " + text + b" \n",
    "base64": base64.b64encode,
    "base64 in lines": base64.encodebytes,
    "base64 in lines of Windows": lambda text: base64.encodebytes(text).replace(b"\n", b"\r\n"),
    "base64 after a byte order mark": lambda text: b"\xef\xbb\xbf" + base64.b64encode(text),
    "base64 of a byte order mark": lambda text: base64.b64encode(b"\xef\xbb\xbf" + text),
}
OBJECTS = st.dictionaries(
    # What begins with a dollar sign can be another service's wrapping.
    st.text().filter(lambda name: not name.startswith("$")),
    st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text()),
)


def problem(body: bytes) -> str:
    """Return what is said to be wrong with a message; what is wanted always follows it."""
    with pytest.raises(Undecodable) as caught:
        json_object(body)
    fault = caught.value.fault
    assert (fault.code, fault.where) == (NOT_A_REQUEST, "")
    found, comma, wanted = fault.problem.partition(", where ")
    assert comma
    assert wanted
    return found


def nested(depth: int) -> bytes:
    """Return an object with this many levels, the object itself and its innermost value too."""
    return b'{"a":' + b"[" * (depth - 2) + b"1" + b"]" * (depth - 2) + b"}"


@pytest.mark.parametrize("encoding", sorted(ENCODINGS))
@given(value=OBJECTS)
def test_object_comes_out_of_any_encoding_as_it_went_in(
    encoding: str, value: dict[str, Any]
) -> None:
    assert json_object(ENCODINGS[encoding](json.dumps(value).encode())) == value


@given(OBJECTS)
def test_text_outside_ascii_comes_out_as_it_went_in(value: dict[str, Any]) -> None:
    text = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
    assert json_object(text) == json.loads(text)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", "is empty"),
        (b" \r\n\t", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b'{"a":"\xe9"', "is not UTF-8 text"),
        (base64.b64encode(b"\xfa\xfb"), "is neither JSON nor base64 of UTF-8 text"),
        (b"\x00", "is neither JSON nor base64"),
        (b"\x00" * 65_536, "is neither JSON nor base64"),
        (b"hello world!", "is neither JSON nor base64"),
        (b"e3=0", "is neither JSON nor base64"),
        (b"_-8=", "is neither JSON nor base64"),
        ("\N{BULLET}".encode(), "is neither JSON nor base64"),
        (b"{", f"{BROKEN} column 2{BEFORE}"),
        (b'{"a":"\x00"}', f"{BROKEN} column 7{BEFORE}"),
        (b'{"a": 1\n "b": 2}', f"is not valid JSON: the mistake is at line 2, column 2{BEFORE}"),
        (b'{"a":' + b"9" * 5000 + b"}", "has a number of thousands of digits"),
        (b'{"a":NaN}', "has NaN or Infinity"),
        (b'{"a":Infinity}', "has NaN or Infinity"),
        (b'{"a":[-Infinity]}', "has NaN or Infinity"),
        (
            base64.b64encode(b"plain text"),
            f"{BROKEN.replace('is', 'is base64 of what is', 1)} column 1{BEFORE}",
        ),
        (b"[]", "is a list in JSON"),
        (b"null", "is null in JSON"),
        (b"true", "is true or false in JSON"),
        (b"1234", "is a number in JSON"),
        (b'"dHJ1ZQ=="', "is a text in JSON"),
        (base64.b64encode(b"null"), "is null in JSON"),
        (base64.b64encode(b'"text"'), "is a text in JSON"),
        (b'{"a":1,"a":1}', "names a property twice in one object"),
        (b'{"a":[{"b":1,"b":2}]}', "names a property twice in one object"),
        (b'{"a":1,"\\u0061":2}', "names a property twice in one object"),
        (nested(DEEPEST + 1), DEEP),
        (b"[" * 65_536, DEEP),
        (b'{"a":' * 13_000, DEEP),
        (base64.b64encode(b"[" * 49_152), DEEP),
    ],
)
def test_r8_what_the_bytes_hold_is_said(body: bytes, expected: str) -> None:
    assert problem(body) == expected


def test_deepest_nesting_that_is_taken_is_taken() -> None:
    assert list(json_object(nested(DEEPEST))) == ["a"]


def test_lone_surrogate_is_left_to_the_properties_to_refuse() -> None:
    assert json_object(b'{"a":"\\ud800"}') == {"a": "\ud800"}


@pytest.mark.parametrize("body", [b'{"canary":', b"canary!", b'{"canary":1,"canary":2}'])
def test_s8_nothing_of_the_content_is_repeated(body: bytes) -> None:
    assert "canary" not in problem(body)


@given(st.binary() | st.binary().map(base64.b64encode) | st.text().map(str.encode))
def test_any_bytes_are_an_object_or_undecodable(body: bytes) -> None:
    try:
        value = json_object(body)
    except Undecodable:
        return
    assert isinstance(value, dict)
