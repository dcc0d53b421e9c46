"""Whatever stands in a letter: no header, no markup, no template and no link comes out of it."""

from __future__ import annotations

import email
import email.policy
import re
import unicodedata
from contextlib import suppress
from dataclasses import fields, replace
from email.header import decode_header, make_header
from email.utils import parseaddr
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from converters.mail import headers, plain
from converters.mail.letter import Letter
from converters.mail.writer import Writer
from converters.model.errors import LetterUnfit
from local.letters import LETTER, SETTINGS, part

if TYPE_CHECKING:
    from email.message import EmailMessage

WRITER = Writer(SETTINGS)
FULL = replace(LETTER, text="A note.", reminder=True)
TEXTS = [each.name for each in fields(Letter) if each.name not in {"cc", "reminder"}]
HOSTILE = [
    "x\r\nBcc: evil@evil.example",
    "x\nBcc: evil@evil.example\n\n<h1>body</h1>",
    "x\rBcc: evil@evil.example",
    "x\u2028Bcc: evil@evil.example\x85y\x0bz\x0c",
    "a@b.example, evil@evil.example",
    "a@b.example>, <evil@evil.example",
    '"a" <evil@evil.example>',
    "evil@evil.example (a@b.example)",
    "=?utf-8?q?x=0D=0ABcc:_evil=40evil.example?=",
    "\u202egnp.exe \u2066x\u2069 \u200fy",
    "nul\x00 bell\x07 escape\x1b[31m delete\x7f",
    "\ud800 lone surrogate",
    "\U000e0041 tag \ufeff mark",
    "{{ 7 * 191 }} {% include 'letter.txt' %} {# x #}",
    "{{ catalogue.__globals__ }}",
    "%(organisation)s %s %",
    "</p></td></table><script>alert(1)</script><img src=x onerror=alert(1)><!--",
    "\"' onmouseover='alert(1)' x=\"",
    "javascript:alert(1)",
    "https://user:pass@evil.example/",
    "https://evil.example\\@b.example/",
    "https://evil.example/\"onclick='x'",
    "http://evil.example/",
    "//evil.example/",
    "https://",
    "&#106;avascript:alert(1) &amp; &nbsp",
    "",
    "a" * 5000,
    "漢字" * 500,
]
# What mail programs make links of: schemes, www, domains with a letter after the dot, addresses.
LINK = re.compile(
    r"[a-z][a-z0-9+.-]*://|www\.|mailto:\S|[\w-]\.[a-z]{2,}|[\w.+-]@\w", re.IGNORECASE
)


class Skeleton(HTMLParser):
    """The tags of a page, with what their attributes load, open or run."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.attributes: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take a tag down."""
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]


def read(letter: Letter) -> EmailMessage:
    """Return a letter's message, as a mail program reads it."""
    message: EmailMessage = email.message_from_bytes(
        WRITER.write(letter), policy=email.policy.default
    )
    return message


def name_of(letter: Letter) -> str:
    """Return the display name that the message's To has, decoded as RFC 2047 says.

    ``email.policy.default`` keeps the space between two encoded words of a name, which it drops in
    other headers.
    """
    name, _ = parseaddr(str(email.message_from_bytes(WRITER.write(letter))["To"]))
    return str(make_header(decode_header(name)))


def unharmed(letter: Letter) -> None:
    """Hold a letter's mail against that of a harmless one."""
    message = read(letter)
    wanted = read(
        replace(
            FULL, cc=letter.cc, text="A note." if plain.lines(letter.text) else None, to_name="A"
        )
    )
    assert message.keys() == wanted.keys()
    assert message.defects == []
    for name in ("To", "Cc", "From"):
        found = message[name].addresses if message[name] else ()
        assert len(found) == {"To": 1, "From": 1, "Cc": len(letter.cc)}[name]
    assert message["To"].addresses[0].addr_spec == letter.to
    assert message["From"].addresses[0].addr_spec == SETTINGS.sender
    assert [one.get_content_type() for one in message.walk()] == [
        one.get_content_type() for one in wanted.walk()
    ]
    shown = [str(message["Subject"]), part(message.as_bytes(), "plain")]
    page = part(message.as_bytes(), "html")
    for text in (*shown, page):
        assert {c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Cs")} <= {
            "\n", "\u200b", "\u200c", "\u200d",
        }  # fmt: skip
        assert "1337" not in text
    seen, harmless = Skeleton(page), Skeleton(part(wanted.as_bytes(), "html"))
    assert [tag for tag in seen.tags if tag not in ("br", "bdi")] == [
        tag for tag in harmless.tags if tag not in ("br", "bdi")
    ]
    assert seen.attributes == harmless.attributes
    assert len(seen.links) == len(harmless.links)
    assert [link for link in seen.links if not link.startswith(("https://", "mailto:help@"))] == []


@pytest.mark.parametrize("field", TEXTS)
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_in_a_field_is_harmless_or_refused(field: str, text: str) -> None:
    # Every field that is not a text is left out above.
    letter = replace(FULL, **{field: text})  # type: ignore[arg-type]
    refused = True
    with suppress(LetterUnfit):
        unharmed(letter)
        refused = False
    # What is shown to people is never refused: it is theirs to write as they like.
    assert not refused or field in {"to", "redeem_url", "redirect_url", "conversion_id"}


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_cc_is_refused(text: str) -> None:
    with pytest.raises(LetterUnfit):
        WRITER.write(replace(FULL, cc=("good@partner.example", text)))


@given(
    name=st.text(),
    text=st.text(max_size=500),
    language=st.text(max_size=20),
    tenant=st.text(max_size=40),
    local=st.from_regex(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]{1,30}", fullmatch=True),
    cc=st.lists(st.from_regex(r"[a-z]{1,60}@[a-z]{1,60}\.example", fullmatch=True), max_size=30),
)
@example(name="a" * 70 + ", ü", text="", language="", tenant="", local="a", cc=[])
@example(name="A", text="\x85", language="", tenant="", local="a", cc=[])
@example(name='"', text="", language="", tenant="", local="a", cc=["a@b.example"])
def test_no_header_comes_out_of_any_text(  # noqa: PLR0913, PLR0917
    name: str, text: str, language: str, tenant: str, local: str, cc: list[str]
) -> None:
    letter = replace(
        FULL,
        to_name=name,
        text=text,
        language=language,
        tenant_id=tenant,
        to=f"{local}@fabrikam.example",
        cc=tuple(cc),
    )
    unharmed(letter)
    message = read(letter)
    assert [one.addr_spec for one in message["Cc"].addresses] == cc if cc else "Cc" not in message
    assert name_of(letter) == plain.shown(name)


@pytest.mark.parametrize(
    "text", [None, "", " \n", "\x85", "\u202e", "\x01\n\ufeff", "\u200d\n \u200c"]
)
def test_note_that_shows_nothing_is_none(text: str | None) -> None:
    assert plain.lines(text) == []
    assert "blockquote" not in Skeleton(part(WRITER.write(replace(FULL, text=text)), "html")).tags


def test_note_keeps_its_empty_lines_but_those_at_its_ends() -> None:
    assert plain.lines("\u202e\n\u2028 one\n\ntwo \n\x01\n") == ["one", "", "two"]


@given(st.text())
def test_no_line_of_a_note_is_a_link_or_breaks_out(text: str) -> None:
    found = plain.lines(text)
    assert [line for line in found if LINK.search(line)] == []
    assert found == [" ".join(line.split()) for line in found]


@pytest.mark.parametrize(
    "text",
    [
        "https://evil.example/x?y=z",
        "HTTPS://EVIL.EXAMPLE",
        "see www.evil.example now",
        "evil.example",
        "(evil.example/path)",
        "https://evil.ex\u200dample",
        "mail evil@evil.example",
        "mailto:evil@evil.example",
        "javascript:alert(1)",
        "tel:+491234567",
        "https://[2001:db8::1]/",
        "\\\\evil.example\\share",
        "\uff37\uff37\uff37\uff0e\uff45\uff56\uff49\uff4c\uff0e\uff45\uff58",
        "evil\u3002example",
        "https:\u00ad//evil.example",
        "https:\u2028//evil.example",
    ],
)
def test_what_looks_like_a_link_is_none(text: str) -> None:
    for found in (plain.name(text), *plain.lines(text)):
        assert not LINK.search(found)
        assert not LINK.search(unicodedata.normalize("NFKC", found))


@pytest.mark.parametrize(
    "text",
    [
        "Ada Lovelace",
        "José Ñandú",
        "محمد",
        "नमस्ते क्\u200dष",
        "👩\u200d💻",
        "O'Brien",
        "李 明",
        "Dr. X",
    ],
)
def test_names_of_this_world_stay_as_they_are(text: str) -> None:
    assert plain.name(text) == text
    for name in (text, f"{text}, {text}", f'"{text}" ({text})'):
        assert name_of(replace(FULL, to_name=name)) == name


@pytest.mark.parametrize(
    "character",
    ["\x00", "\x7f", "\u202e", "\u2066", "\ufeff", "\ud800", "\ue000", "\U0010fffd", "\u0378"],
    ids=ascii,
)
def test_character_that_hides_or_is_nothing_is_dropped(character: str) -> None:
    assert plain.one_line(f"a{character}b") == "ab"


def test_text_that_looks_like_an_encoded_word_is_encoded() -> None:
    text = "a =?utf-8?q?b?="
    for written in (headers.text(text), headers.mailbox("a@b.example", text)):
        assert written.startswith("=?utf-8?")
    assert headers.text("a = b?") == "a = b?"


@pytest.mark.parametrize("letter", ["x", "ü"])
def test_line_of_a_header_is_as_long_as_encoded_words_let_it_be(letter: str) -> None:
    longest = set()
    for length in range(1, 12):
        first, *more = headers.text(f"{letter * length} " * 40).split("\r\n")
        longest |= {len(f"Subject: {first}"), *map(len, more)}
    assert 70 < max(longest) <= 76


def test_spaces_of_any_kind_are_one() -> None:
    spaces = "\t\n\r\v\f\x1c\x85\u00a0\u2003\u2028\u2029\u3000"
    assert plain.one_line(f" a{spaces}b ") == "a b"


def test_name_has_at_most_a_hundred_characters() -> None:
    assert plain.shown("a" * 101) == "a" * 100
    assert plain.shown("a" * 99 + " b") == "a" * 99


def test_note_of_one_letter_stays() -> None:
    assert plain.lines("x") == ["x"]


def test_name_and_note_read_the_same_without_the_spaces_of_no_width() -> None:
    text = "Write to me: a@b.example, or see https://b.example/x."
    assert plain.lines(text)[0].replace("\u200b", "") == text


@pytest.mark.parametrize(
    "value", ["a\r\nBcc: x@y.example", "a\r\n\r\nbody", "a\nb", "ü", "", "a\r\n"]
)
def test_no_header_is_written_that_would_be_two(value: str) -> None:
    with pytest.raises(ValueError, match="a line end or a character"):
        headers.block({"Subject": value})
    assert headers.block({"Subject": "a\r\n b"}) == b"Subject: a\r\n b\r\n"
