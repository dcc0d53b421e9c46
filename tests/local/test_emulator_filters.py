"""The emulator's ``$filter`` means what OData says, for whatever text a directory holds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.emulator.filters import FilterInvalid, compile_filter, text_values

ITEM = {
    "mail": "Kim@partner.example",
    "otherMails": ["a@x.example", "B@x.example"],
    "accountEnabled": True,
    "department": None,
    "domains": [{"id": "partner.example"}],
}


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("mail eq 'kim@PARTNER.example'", True),
        ("mail eq 'lee@partner.example'", False),
        ("mail ne 'lee@partner.example'", True),
        ("otherMails/any(o:o eq 'b@x.example')", True),
        ("otherMails/any(o:o eq 'c@x.example')", False),
        ("domains/any(x: x/id eq 'partner.example')", True),
        ("domains/any(x: x/id eq 'other.example')", False),
        ("accountEnabled eq true", True),
        ("accountEnabled eq false or mail eq 'kim@partner.example'", True),
        ("accountEnabled eq true and mail eq 'x'", False),
        ("not (accountEnabled eq false)", True),
        ("department eq null", True),
        ("startswith(mail,'kim@')", True),
        ("mail eq 'x' or mail eq 'y' or otherMails/any(o:o eq 'a@x.example')", True),
    ],
)
def test_filter_fits_as_odata_says(text: str, fits: bool) -> None:  # noqa: FBT001
    assert compile_filter(text)(ITEM) is fits


@pytest.mark.parametrize(
    "text",
    ["", "mail", "mail eq", "mail eq kim", "mail eq 'kim", "mail gt 'a'", "(mail eq 'a'", "eq 'a'",
     "mail eq 'a' mail eq 'b'", "mail eq 'a')", "mail eq 'a' ; drop"],
)  # fmt: skip
def test_what_is_no_filter_is_refused(text: str) -> None:
    with pytest.raises(FilterInvalid):
        compile_filter(text)


@given(st.text())
def test_quoted_text_equals_itself_and_nothing_else(text: str) -> None:
    predicate = compile_filter(f"mail eq '{text.replace(chr(39), chr(39) * 2)}'")
    assert predicate({"mail": text})
    assert not predicate({"mail": text + "x"})


@given(st.text())
def test_index_is_asked_for_every_quoted_text(text: str) -> None:
    literal = text.replace("'", "''")
    assert text_values(f"mail eq '{literal}' or otherMails/any(o:o eq '{literal}')") == {
        text.lower()
    }
