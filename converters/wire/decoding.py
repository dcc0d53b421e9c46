"""From a queue message's bytes to one JSON object, whoever encoded them. Pure.

The host hands over the text as it stood in the queue (``messageEncoding: none``), because under
``base64`` it moves a message it cannot decode to the poison queue unseen. What is taken is UTF-8
JSON, plain or base64; anything else is refused by the name of what it is.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any, NoReturn

from converters.model.errors import Fault
from converters.wire import encodings
from converters.wire.ticket import seen

NOT_A_REQUEST = "notARequest"
WANTED = "one JSON object is wanted, as UTF-8 text, plain or once in standard base64 with padding"
_WHERE = ", where "
_DEEPEST = 32
_KINDS = {str: "a text", list: "a list", bool: "true or false", type(None): "null"}


class Undecodable(Exception):  # noqa: N818 - reads as the sentence it is
    """The bytes hold no JSON object.

    Attributes:
        fault: says what they hold, without any of the content.
        value: the object inside, or what of it could be read, to tell whose message it is.
    """

    def __init__(self, problem: str, value: dict[str, Any] | None = None) -> None:
        self.fault = Fault(NOT_A_REQUEST, "", problem)
        self.value = value or {}
        super().__init__(problem)


def json_object(body: bytes) -> dict[str, Any]:
    """Decode a message: UTF-8 JSON, plain or base64.

    Raises:
        Undecodable: saying what is wrong, without any of the content.
    """
    try:
        value = _object(body)
    except Undecodable as undecodable:
        problem = undecodable.fault.problem
    else:
        # Logic Apps writes so what it holds to be binary.
        if "$content" not in value:
            return value
        problem = "has a $content that is no text"
    found = encodings.recognised(body)
    if found.layers and found.layers != (encodings.BASE64,):
        problem = f"is {' that holds '.join(found.layers)}"
    inner = found.value or seen(body.decode("utf-8", "replace"))
    if _WHERE not in problem:
        problem = f"{problem.removesuffix(',')}{_WHERE}{WANTED}"
    raise Undecodable(problem, inner)


def _object(body: bytes) -> dict[str, Any]:
    text = _text(body).strip()
    if not text:
        raise Undecodable("is empty")
    try:
        value = _json(text)
    except ValueError as error:
        if text[0] in "{[":
            raise _broken(error) from None
        value = _unbase64(text)
    if not isinstance(value, dict):
        raise Undecodable(f"is {_KINDS.get(type(value), 'a number')} in JSON")
    if _depth(value) > _DEEPEST:
        raise _too_deep()
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
        raise _too_deep() from None


def _unbase64(text: str) -> object:
    try:
        content = base64.b64decode("".join(text.split()).encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise Undecodable("is neither JSON nor base64") from None
    try:
        text = content.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        raise Undecodable("is neither JSON nor base64 of UTF-8 text") from None
    try:
        return _json(text)
    except ValueError as error:
        raise _broken(error, "base64 of what is ") from None


def _broken(error: ValueError, inside: str = "") -> Undecodable:
    if not isinstance(error, json.JSONDecodeError):
        return Undecodable("has a number of thousands of digits")
    where = f"line {error.lineno}, column {error.colno}"
    return Undecodable(f"is {inside}not valid JSON: the mistake is at {where}, or just before")


def _too_deep() -> Undecodable:
    return Undecodable(f"is nested more than {_DEEPEST} levels deep, where four are enough")


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # With a name twice, whoever checked the message before us may have read the other value.
    value = dict(pairs)
    if len(value) != len(pairs):
        raise Undecodable("names a property twice in one object, where once is wanted")
    return value


def _no_constant(_: str) -> NoReturn:
    raise Undecodable("has NaN or Infinity, where JSON knows numbers only")


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
