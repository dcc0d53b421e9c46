"""Encodings that are not taken: which one a message comes in, and the request inside. Pure.

Nothing is taken by this: it is to tell the sender what was found, and to find the request's id, so
that whoever holds the ticket finds the outcome.
"""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote_plus

from converters.wire.almost_json import mended
from converters.wire.ticket import in_common, seen

if TYPE_CHECKING:
    from collections.abc import Iterator

BASE64 = "base64"
# Two for each base64: the text and its bytes.
_MOST_LAYERS = 12
# Of what is compressed, no more is unpacked than a queue message could hold.
_MOST_UNPACKED = 65_536
# No longer text is read for its slips: it would take long, and requests are shorter.
_MOST_READ = 16_384
_MARKS = (
    (b"\xff\xfe\x00\x00", "UTF-32 text", "utf-32"),
    (b"\x00\x00\xfe\xff", "UTF-32 text", "utf-32"),
    (b"\xff\xfe", "UTF-16 text", "utf-16"),
    (b"\xfe\xff", "UTF-16 text", "utf-16"),
)
_STARTS = {
    "@{": "PowerShell's text of an object, @{...}",
    "System.": "the name of a .NET type, in place of the object",
    "[object ": "JavaScript's text of an object, [object Object]",
}
_XML = re.compile(r"<[?!A-Za-z]")
_BYTES = re.compile(r"""[bB](['"])(.*)\1""", re.DOTALL)
_BYTES_ESCAPE = re.compile(r"""\\(?:x([0-9a-f]{2})|([\\'"nrt]))""")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]+={0,2}")
_PERCENT = re.compile(r"(?:\w{1,64}=)?(%7b|%22|%5b)", re.IGNORECASE)
_QUOT = re.compile(r"&(?:amp;)?(?:quot|#34|#x22);", re.IGNORECASE)
_GAP = re.compile(r"[,\s]*+")
_BACKSLASHED = re.compile(r'[{\[]\s*+\\+"')


class Found(NamedTuple):
    """What a message was found to be.

    Attributes:
        layers: the encodings that are not silently taken, from the outside in.
        value: the object inside, where one could be read.
    """

    layers: tuple[str, ...]
    value: dict[str, Any] | None


class _Reading(NamedTuple):
    """One way to read something: its name, what is inside, and whether it can be nothing else."""

    name: str
    inner: object
    certain: bool = False


def recognised(data: bytes | str) -> Found:
    """Peel off the encodings of a message until an object is reached."""
    return _look(data, _MOST_LAYERS) or Found((), None)


def loaded(text: str) -> object:
    """Read JSON as leniently as it can be; a name that stands twice has no value.

    Raises:
        ValueError: it is no JSON.
    """
    try:
        return json.loads(text, object_pairs_hook=_without_contradictions)
    except RecursionError:
        raise ValueError from None


def _look(data: object, left: int) -> Found | None:
    if isinstance(data, dict):
        return Found((), data)
    if not left or not isinstance(data, bytes | str):
        return None
    for name, inner, certain in _of_bytes(data) if isinstance(data, bytes) else _of_text(data):
        found = _look(inner, left - 1)
        if found or certain:
            layers, value = found or Found((), None)
            return Found((name, *layers) if name else layers, value)
    return None


def _of_bytes(data: bytes) -> Iterator[_Reading]:
    yield from _packed(data)
    for mark, name, codec in _MARKS:
        if data.startswith(mark):
            yield _Reading(name, data.decode(codec, "replace"), certain=True)
    even, odd = data[0:16:2], data[1:16:2]
    for codec, letters, nothing in (("utf-16-le", even, odd), ("utf-16-be", odd, even)):
        if letters and nothing and all(letters) and not any(nothing):
            yield _Reading("UTF-16 text", data.decode(codec, "replace"), certain=True)
    try:
        yield _Reading("", data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        yield _Reading("Windows-1252 text", data.decode("cp1252", "replace"))


def _packed(data: bytes) -> Iterator[_Reading]:
    if data.startswith(b"PK\x03\x04"):
        yield _Reading("a ZIP archive", None, certain=True)
    gzipped = data.startswith(b"\x1f\x8b")
    if not gzipped and data[:1] != b"\x78":
        return
    try:
        # 47: with a header of gzip's or of zlib's.
        unpacked = zlib.decompressobj(47).decompress(data, _MOST_UNPACKED)
    except zlib.error:
        unpacked = b""
    if unpacked or gzipped:
        yield _Reading("gzip data" if gzipped else "zlib data", unpacked, certain=True)


def _of_text(text: str) -> Iterator[_Reading]:
    text = text.strip().lstrip("\ufeff")
    try:
        value = loaded(text)
    except ValueError:
        pass
    else:
        yield from _of_json(value)
        return
    if _XML.match(text):
        yield _Reading("XML", seen(text))
    for start, name in _STARTS.items():
        if text.startswith(start):
            yield _Reading(name, seen(text))
    if match := _BYTES.fullmatch(text):
        yield _Reading("Python's text of bytes, b'...',", _unprinted(match[2]), certain=True)
    yield from _base64(text)
    yield from _escaped(text)
    if text.startswith(("{", "[")) and len(text) <= _MOST_READ:
        json_text, deviations = mended(text)
        if deviations:
            yield _Reading(f"JSON with {_all_of(deviations)}", json_text)
        yield from _several(text)


def _of_json(value: object) -> Iterator[_Reading]:
    if isinstance(value, str):
        yield _Reading("a JSON text in quotes", value)
    elif isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict | str):
        yield _Reading("a list with the request as its only item", value[0])
    elif isinstance(value, list) and len(value) > 1:
        yield _Reading(f"a list of {len(value)} items", in_common(value), certain=True)
    elif isinstance(value, dict) and isinstance(value.get("$content"), str):
        name = "Logic Apps' wrapping of binary content, $content,"
        yield _Reading(name, value["$content"], certain=True)
    else:
        yield _Reading("", value)


def _base64(text: str) -> Iterator[_Reading]:
    compact = "".join(text.split())
    if not _BASE64.fullmatch(compact):
        return
    bare = compact.rstrip("=")
    name = BASE64 if len(compact) % 4 == 0 else "base64 without padding"
    if "-" in bare or "_" in bare:
        name = "URL-safe base64"
        bare = bare.replace("-", "+").replace("_", "/")
    try:
        yield _Reading(name, base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True))
    except binascii.Error:
        return


def _escaped(text: str) -> Iterator[_Reading]:
    if _PERCENT.match(text):
        plain = unquote_plus(text)
        yield _Reading("URL-encoded text", plain if plain[0] in '{["' else plain.partition("=")[2])
    if _QUOT.search(text):
        yield _Reading(
            "text escaped for HTML, with &quot; in place of quotes,", html.unescape(text)
        )
    if _BACKSLASHED.match(text):
        plain = text.replace('\\"', '"').replace("\\\\", "\\")
        yield _Reading("JSON with a backslash before its quotes", plain)


def _several(text: str) -> Iterator[_Reading]:
    """Find objects one after the other, or an object with something after its end."""
    decoder = json.JSONDecoder(object_pairs_hook=_without_contradictions)
    values, at = [], 0
    try:
        while at < len(text):
            value, end = decoder.raw_decode(text, at)
            values.append(value)
            gap = _GAP.match(text, end)
            at = gap.end() if gap else end
    except (ValueError, RecursionError):
        if values and isinstance(values[0], dict):
            yield _Reading("a JSON object with other text after its end", values[0])
        return
    yield _Reading(f"{len(values)} JSON documents in a row", in_common(values))


def _unprinted(text: str) -> bytes:
    """Undo Python's printing of bytes."""

    def plain(match: re.Match[str]) -> str:
        return chr(int(match[1], 16)) if match[1] else _ESCAPES.get(match[2], match[2])

    return _BYTES_ESCAPE.sub(plain, text).encode("latin-1", "replace")


def _without_contradictions(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for name, item in pairs:
        value[name] = None if name in value else item
    return value


def _all_of(words: tuple[str, ...]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last
