"""From a queue message's bytes to one JSON object, whoever encoded them. Pure.

The host hands over the text as it stood in the queue (``messageEncoding: none``), because under
``base64`` it moves a message it cannot decode to the poison queue unseen.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any, NoReturn

from converters.model.errors import Fault

NOT_A_REQUEST = "notARequest"
_DEEPEST = 32


class Undecodable(Exception):  # noqa: N818 - reads as the sentence it is
    """The bytes hold no JSON object; ``fault`` says what they hold."""

    def __init__(self, problem: str) -> None:
        self.fault = Fault(NOT_A_REQUEST, "", problem)
        super().__init__(problem)


def json_object(body: bytes) -> dict[str, Any]:
    """Decode a message: UTF-8 JSON, plain or base64.

    Raises:
        Undecodable: saying what is wrong, without any of the content.
    """
    text = _text(body).strip()
    if not text:
        raise Undecodable("is empty")
    try:
        value = _json(text)
    except ValueError:
        if text[0] in "{[":
            raise Undecodable("is not valid JSON") from None
        value = _unbase64(text)
    if not isinstance(value, dict):
        raise Undecodable("is not a JSON object")
    if _depth(value) > _DEEPEST:
        raise Undecodable("is nested too deeply")
    return value


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Undecodable("is not UTF-8 text") from None


def _json(text: str) -> object:
    try:
        return json.loads(text, object_pairs_hook=_once_each, parse_constant=_no_constant)
    except RecursionError:
        raise Undecodable("is nested too deeply") from None


def _unbase64(text: str) -> object:
    try:
        content = base64.b64decode("".join(text.split()).encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise Undecodable("is neither JSON nor base64") from None
    try:
        return _json(_text(content).strip())
    except ValueError:
        raise Undecodable("is not valid JSON") from None


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # With a name twice, whoever checked the message before us may have read the other value.
    value = dict(pairs)
    if len(value) != len(pairs):
        raise Undecodable("names a property twice in one object")
    return value


def _no_constant(_: str) -> NoReturn:
    raise Undecodable("is not valid JSON")


def _depth(value: object) -> int:
    """Measure the nesting level by level, since recursion is what it guards against."""
    depth, level = 0, [value]
    while level:
        depth += 1
        inner: list[object] = []
        for item in level:
            if isinstance(item, dict):
                inner.extend(item.values())
            elif isinstance(item, list):
                inner.extend(item)
        level = inner
    return depth
