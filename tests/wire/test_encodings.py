"""Encodings that senders use and that are not taken: named, with the request's id found (F17)."""

from __future__ import annotations

import base64
import gzip
import html
import json
import zlib
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from converters.model.errors import RequestInvalid
from converters.wire.decoding import NOT_A_REQUEST, WANTED
from converters.wire.requests import parse
from tests.directory import request
from tests.service import service

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

b64 = base64.b64encode
BODY = request(requestedBy="RITM7", sendInvitationMessage=True, inviteRedirectUrl=None)
TEXT = json.dumps(BODY, indent=1)
PLAIN = TEXT.encode()
LOGIC_APPS = {"$content-type": "application/octet-stream", "$content": b64(PLAIN).decode()}
BYTES, UTF_16 = "Python's text of bytes, b'...'", "UTF-16 text"
QUOTED, ONE = "a JSON text in quotes", "a list with the request as its only item"
HTML = "text escaped for HTML, with &quot; in place of quotes"
ROW = "2 JSON documents in a row"
SINGLE = "JSON with single quotes in place of double ones and Python's True, False or None"


def padded_to(length: int) -> bytes:
    """Return the request with as many spaces as its base64 needs to end in this many ``=``."""
    return PLAIN + b" " * ((length - len(PLAIN)) % 3)


def padded_object(length: int) -> bytes:
    """Return a request of that many bytes."""
    return b'{"requestId":"R-1"%s}' % (b" " * (length - 19))


FORMS: dict[str, tuple[bytes, str]] = {
    "base64 of base64": (b64(b64(PLAIN)), "base64 that holds base64"),
    "base64 thrice": (b64(b64(b64(PLAIN))), "base64 that holds base64 that holds base64"),
    "UTF-16 with its mark": (TEXT.encode("utf-16"), UTF_16),
    "UTF-16, big end first, with its mark": (b"\xfe\xff" + TEXT.encode("utf-16-be"), UTF_16),
    "UTF-16 without its mark": (TEXT.encode("utf-16-le"), UTF_16),
    "UTF-16, big end first": (TEXT.encode("utf-16-be"), UTF_16),
    "base64 of UTF-16": (b64(TEXT.encode("utf-16-le")), f"base64 that holds {UTF_16}"),
    "base64 of marked UTF-16": (b64(TEXT.encode("utf-16")), f"base64 that holds {UTF_16}"),
    "UTF-32 with its mark": (TEXT.encode("utf-32"), "UTF-32 text"),
    "UTF-32, big end first, with its mark": (
        b"\x00\x00\xfe\xff" + TEXT.encode("utf-32-be"), "UTF-32 text",
    ),
    "base64 of UTF-32": (b64(TEXT.encode("utf-32")), "base64 that holds UTF-32 text"),
    "Windows-1252": (TEXT.replace("{", '{"\xe9": 1,', 1).encode("cp1252"), "Windows-1252 text"),
    "printed bytes": (repr(PLAIN).encode(), BYTES),
    "printed bytes of UTF-8": (
        repr(TEXT.replace("{", '{"\u00e9": "\u00fc",', 1).encode()).encode(), BYTES,
    ),
    "printed bytes with tabs": (repr(TEXT.replace("\n", "\r\n\t").encode()).encode(), BYTES),
    "printed bytes of base64": (repr(b64(PLAIN)).encode(), f"{BYTES}, that holds base64"),
    "base64 of printed bytes": (b64(repr(PLAIN).encode()), f"base64 that holds {BYTES}"),
    "URL-safe base64": (
        base64.urlsafe_b64encode(TEXT.replace("{", '{"?>": "\xff\xfe~~~???>>>",', 1).encode()),
        "URL-safe base64",
    ),
    "base64 without one =": (b64(padded_to(2)).rstrip(b"="), "base64 without padding"),
    "base64 without two =": (b64(padded_to(1)).rstrip(b"="), "base64 without padding"),
    "JSON in a JSON text": (json.dumps(TEXT).encode(), QUOTED),
    "base64 of that": (b64(json.dumps(TEXT).encode()), f"base64 that holds {QUOTED}"),
    "base64 in a JSON text": (
        json.dumps(b64(PLAIN).decode()).encode(), f"{QUOTED} that holds base64",
    ),
    "a list of one": (b"[" + PLAIN + b"]", ONE),
    "base64 of a list of one": (b64(b"[" + PLAIN + b"]"), f"base64 that holds {ONE}"),
    "a list of one text": (json.dumps([TEXT]).encode(), ONE),
    "a list of two": (b"[" + PLAIN + b"," + PLAIN + b"]", "a list of 2 items"),
    "gzip": (gzip.compress(PLAIN), "gzip data"),
    "base64 of gzip": (b64(gzip.compress(PLAIN)), "base64 that holds gzip data"),
    "base64 of zlib": (b64(zlib.compress(PLAIN)), "base64 that holds zlib data"),
    "URL-encoded": (quote(TEXT).encode(), "URL-encoded text"),
    "a form": (b"message=" + quote_plus(TEXT).encode(), "URL-encoded text"),
    "escaped for HTML": (html.escape(TEXT).encode(), HTML),
    "backslashes": (TEXT.replace('"', '\\"').encode(), "JSON with a backslash before its quotes"),
    "a Python dict": (str(BODY).encode(), SINGLE),
    "a Python 2 dict": (str(BODY).replace(" '", " u'").encode(), SINGLE),
    "a JavaScript object": (
        b"{requestId: 'R-1', requestedBy: 'RITM7'}",
        "JSON with names without quotes and single quotes in place of double ones",
    ),
    "an escaped quote": (
        b"""{"requestId": "R-1", 'requestedBy': "RITM7", 'x': 'it\\'s \\x41 "b" \\n'}""",
        "JSON with single quotes in place of double ones",
    ),
    "a comma at the end": (
        PLAIN.replace(b"null\n}", b"null,\n}"), "JSON with a comma before a closing bracket",
    ),
    "comments": (
        PLAIN.replace(b"{", b"{ // one\n /* two */ # three\n", 1), "JSON with comments",
    ),
    "typographic quotes": (
        TEXT.replace('"requestId"', "\u201crequestId\u201d").encode(),
        "JSON with typographic quotes",
    ),
    "odd spaces": (
        TEXT.replace("\n", "\n\u00a0").encode(), "JSON with spaces that JSON does not have",
    ),
    "JSON lines": (PLAIN + b"\n" + PLAIN, ROW),
    "documents with commas": (PLAIN + b",\n" + PLAIN, ROW),
    "a brace too many": (PLAIN + b"}", "a JSON object with other text after its end"),
    "a NUL at the end": (PLAIN + b"\x00", "a JSON object with other text after its end"),
    "Logic Apps' binary": (
        json.dumps(LOGIC_APPS).encode(),
        "Logic Apps' wrapping of binary content, $content, that holds base64",
    ),
}  # fmt: skip


def rejection(body: bytes) -> RequestInvalid:
    with pytest.raises(RequestInvalid) as caught:
        parse(body, "message-1")
    (fault,) = caught.value.faults
    assert (fault.code, fault.where) == (NOT_A_REQUEST, "")
    return caught.value


@pytest.mark.parametrize("form", FORMS)
def test_f17_encoding_is_named_and_the_ticket_is_told(form: str) -> None:
    body, name = FORMS[form]
    invalid = rejection(body)
    assert invalid.faults[0].problem == f"is {name}, where {WANTED}"
    assert (invalid.request_id, invalid.requested_by) == ("R-1", "RITM7")


@pytest.mark.parametrize("form", [b64(b64(PLAIN)), repr(PLAIN).encode(), TEXT.encode("utf-16")])
async def test_f17_outcome_names_the_encoding_under_the_tickets_id(
    azurite: str, queue_names: Iterator[str], form: bytes
) -> None:
    async with service(azurite, queue_names) as running:
        outcome = await running.outcome(form)
        assert running.graph.requests == []
    assert (outcome["status"], outcome["requestId"], outcome["requestedBy"]) == (
        "rejected", "R-1", "RITM7",
    )  # fmt: skip
    (reason,) = outcome["reasons"]
    assert reason["message"].startswith("The message is ")
    assert reason["message"].endswith(f", where {WANTED}.")


@pytest.mark.parametrize(
    ("body", "found", "id_"),
    [
        (b"<?xml version='1.0'?><r><requestId>R-1</requestId></r>", "is XML", "R-1"),
        (b"@{requestId=R-1; invitedUser=}", "is PowerShell's text of an object, @{...}", "R-1"),
        (b"System.Collections.Hashtable",
         "is the name of a .NET type, in place of the object", None),
        (b"[object Object]", "is JavaScript's text of an object, [object Object]", None),
        (b"PK\x03\x04rest", "is a ZIP archive", None),
        (b"\x1f\x8bbroken", "is gzip data", None),
        (b"xylophone", "is neither JSON nor base64", None),
        ("hello".encode("utf-16-le"), f"is {UTF_16}", None),
        ('{"a":"bc\u0100","requestId":"R-1"}'.encode("utf-16-le"), f"is {UTF_16}", "R-1"),
        ("b'\u20ac'".encode(), f"is {BYTES}", None),
        (b'{"$content":"hello?"}', "is Logic Apps' wrapping of binary content, $content", None),
        (gzip.compress(padded_object(65_536)), "is gzip data", "R-1"),
        (gzip.compress(padded_object(65_537)), "is gzip data", None),
        (b64(gzip.compress(b"hello", mtime=0)), "is base64 that holds gzip data", None),
        (b64("hello".encode("utf-16")), f"is base64 that holds {UTF_16}", None),
        (b'{"requestId":"A"}{"requestId":"B"}', f"is {ROW}", None),
        (b'{"requestId":"A","requestId":"B"}{"requestId":"B"}', f"is {ROW}", None),
        (b"[1,2,3]", "is a list of 3 items", None),
        (b'{"$content":7,"requestId":"R-1"}', "has a $content that is no text", "R-1"),
        (b"requestId: R-1\nmode: check", "is neither JSON nor base64", "R-1"),
        (b'{"requestId":"R-1","requestId":"R-2"}', "names a property twice in one object", None),
        (b'{"requestId":"R-1","a":1,"a":2}', "names a property twice in one object", "R-1"),
        (b'{"requestId":"R-1","a":NaN}', "has NaN or Infinity", "R-1"),
        (b'{"requestId":"R-1","a":' + b"[" * 40 + b"]" * 40 + b"}",
         "is nested more than 32 levels deep", "R-1"),
        (b'{"requestId":"kim@partner.example",}',
         "is JSON with a comma before a closing bracket", None),
    ],
)  # fmt: skip
def test_f17_what_cannot_be_read_is_named_and_the_id_told_where_it_is_seen(
    body: bytes, found: str, id_: str | None
) -> None:
    invalid = rejection(body)
    assert invalid.faults[0].problem.partition(", where ")[0] == found
    assert invalid.request_id == (id_ or "message-1")


@pytest.mark.parametrize("body", [b"[7]", b"[]"])
def test_f17_list_that_holds_no_request_is_named(body: bytes) -> None:
    (fault,) = rejection(body).faults
    assert fault.problem.startswith("is a list in JSON,")


def test_f17_cut_off_request_is_found_by_its_ticket() -> None:
    invalid = rejection(PLAIN[:200])
    assert "the mistake is at line" in invalid.faults[0].problem
    assert invalid.request_id == "R-1"


WRAPPINGS: list[Callable[[bytes], bytes]] = [
    b64, base64.urlsafe_b64encode, gzip.compress, zlib.compress,
    lambda data: repr(data).encode(), lambda data: b"[" + data + b"]",
    lambda data: json.dumps(data.decode("latin-1")).encode(),
    lambda data: data.decode("latin-1").encode("utf-16"),
]  # fmt: skip


@given(st.lists(st.sampled_from(WRAPPINGS), min_size=1, max_size=8))
def test_f17_nothing_of_the_content_is_said_however_it_is_wrapped(
    wrappings: list[Callable[[bytes], bytes]],
) -> None:
    body = b'{"requestId":"R-1","zqcanary":1}'
    for wrap in wrappings:
        body = wrap(body)
    with pytest.raises(RequestInvalid) as caught:
        parse(body, "message-1")
    (first, *_) = caught.value.faults
    assert "zqcanary" not in first.problem.lower()
    assert len(first.problem) < 600
    assert caught.value.request_id in {"R-1", "message-1"}


EVENT: dict[str, Any] = {"specversion": "1.0", "id": "e-1", "source": "/hr", "type": "t"}


@pytest.mark.parametrize(
    ("event", "found"),
    [
        (EVENT | {"data": TEXT}, "is a text that holds the request"),
        (EVENT | {"data": b64(PLAIN).decode()}, "is a text that holds the request"),
        (EVENT | {"data_base64": b64(PLAIN).decode()}, "is in data_base64"),
        (EVENT | {"data": [BODY]}, "is a list of 1 item"),
        (EVENT | {"data": "hello"}, 'is the text "hello"'),
        (EVENT, "is missing"),
    ],
)
def test_f17_request_as_text_in_an_event_is_named(event: dict[str, Any], found: str) -> None:
    with pytest.raises(RequestInvalid) as caught:
        parse(json.dumps(event).encode(), "message-1")
    (fault,) = caught.value.faults
    assert fault.where == "data"
    assert fault.problem == f"{found}, where the request itself, a JSON object, is wanted"
    assert caught.value.request_id == ("R-1" if "request" in found or "64" in found else "e-1")


def test_f17_event_in_another_encoding_is_found_by_its_id_and_source() -> None:
    event = EVENT | {"data": {"invitedUser": {"id": "x"}, "requestedBy": "RITM7"}}
    invalid = rejection(b64(b64(json.dumps(event).encode())))
    assert (invalid.request_id, invalid.source) == ("e-1", "/hr")
    assert invalid.requested_by == "RITM7"
