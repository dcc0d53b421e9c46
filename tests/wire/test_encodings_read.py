"""What is read of texts and bytes that are written in some other way."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from converters.wire import almost_json, encodings
from tests.wire.test_encodings import PLAIN, TEXT, b64


@pytest.mark.parametrize("sign", ["-", "_"])
def test_base64_with_either_sign_of_urls_is_read(sign: str) -> None:
    for number in range(0x80, 0x2000):
        value = {"requestId": "R-1", "x": chr(number)}
        written = base64.urlsafe_b64encode(json.dumps(value, ensure_ascii=False).encode())
        if set(written.decode()) & {"-", "_"} == {sign}:
            found = encodings.recognised(written)
            assert (found.layers, found.value) == (("URL-safe base64",), value)
            return
    raise AssertionError("no text has that sign alone")


def test_backslashes_before_quotes_are_taken_away_once() -> None:
    value = {"requestId": "R-1", "x": 'a\\b"c'}
    written = json.dumps(json.dumps(value))[1:-1]
    assert encodings.recognised(written).value == value


@pytest.mark.parametrize(
    "body", ['x{"requestId":"R-1"}', b"{\x00\x00\x00}\x00", b"{\x00\x00\x00}\x00 \x00"], ids=ascii
)
def test_what_only_looks_like_an_encoding_is_none(body: bytes | str) -> None:
    found = encodings.recognised(body)
    assert (found.layers, found.value) == ((), None)


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-16", "utf-32"])
def test_half_a_character_at_the_end_makes_no_encoding_another(codec: str) -> None:
    half = "\ud800".encode(codec, "surrogatepass")
    assert encodings.recognised(TEXT.encode(codec) + half[-4:]).layers[0].startswith("UTF-")


def test_list_in_single_quotes_is_read() -> None:
    assert encodings.recognised("[{'requestId': 'R-1'}]").value == {"requestId": "R-1"}


def test_f17_request_in_more_layers_than_anybody_makes_is_not_looked_for() -> None:
    body, layers = PLAIN, 0
    while encodings.recognised(body).value and layers < 20:
        body, layers = b64(body), layers + 1
    assert 4 <= layers <= 12


@given(st.binary() | st.text().map(str.encode))
def test_any_bytes_are_recognised_or_not(body: bytes) -> None:
    layers, value = encodings.recognised(body)
    assert all(layers)
    assert value is None or isinstance(value, dict)


def test_what_python_prints_of_bytes_is_read() -> None:
    value = {"a": 'it\'s "so"', "b": "J\u00fcrgen\n\t\\x41", "c": "\u2028"}
    for text in (json.dumps(value), json.dumps(value, ensure_ascii=False)):
        assert encodings.recognised(repr(text.encode()).encode()).value == value


def test_single_quotes_hold_what_they_hold() -> None:
    text, _ = almost_json.mended(r"""{'a': 'it\'s "so" \x41 \\ \n'}""")
    assert json.loads(text) == {"a": 'it\'s "so" A \\ \n'}


def test_what_python_prints_of_a_dict_is_read() -> None:
    printed = {"yes": True, "no": False, "none": None, "it's": ['"', 1.5]}
    text, found = almost_json.mended(str(printed))
    assert json.loads(text) == printed
    assert set(found) == {almost_json.SINGLE, almost_json.PYTHON}
