"""Expressions of the Workflow Definition Language, as far as the connectors use them.

Source: "Reference guide to functions in expressions", "Schema reference guide for the Workflow
Definition Language". No library that runs Consumption workflows was found. Strict: whatever is not
here, or is given what it does not take, is an error, and none of it is Azure's own engine.
"""

from __future__ import annotations

import base64
import json
import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Function = Callable[..., Any]

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>\d+)|(?P<name>[A-Za-z]\w*)|(?P<mark>\?\[|[()\[\],]))"
)
_TEMPLATE = re.compile(r"@\{")
_PATH = re.compile(r"/(\w+)(?:/(\w+))?|string\(/(\w+)/(\w+)\)")


class ExpressionError(Exception):
    """The expression is not what this knows, or fails on what it is given."""


@dataclass(frozen=True, slots=True)
class Xml:
    """An XML document or node."""

    root: ET.Element


def evaluated(value: Any, functions: Mapping[str, Function]) -> Any:  # noqa: ANN401
    """Return a value of a definition with every expression in it evaluated."""
    match value:
        case dict():
            return {evaluated(k, functions): evaluated(v, functions) for k, v in value.items()}
        case list():
            return [evaluated(each, functions) for each in value]
        case str() if value.startswith("@@"):
            return value[1:]
        case str() if value.startswith("@") and not value.startswith("@{"):
            result, end = _Parser(value, 1, functions).expression()
            if value[end:].strip():
                raise ExpressionError(f"after its end: {value[end:]!r}")
            return result
        case str():
            return _interpolated(value, functions)
    return value


def _interpolated(text: str, functions: Mapping[str, Function]) -> str:
    written, at = "", 0
    while found := _TEMPLATE.search(text, at):
        result, end = _Parser(text, found.end(), functions).expression()
        if text[end : end + 1] != "}":
            raise ExpressionError(f"no closing brace in {text!r}")
        written += text[at : found.start()] + _string(result if result is not None else "")
        at = end + 1
    return written + text[at:]


class _Parser:
    def __init__(self, text: str, at: int, functions: Mapping[str, Function]) -> None:
        self._text, self._at, self._functions = text, at, {**PURE, **functions}

    def expression(self) -> tuple[Any, int]:
        """Return the value of the expression that begins here, and where it ends."""
        value = self._value()
        while mark := self._mark("?[", "["):
            key = self._value()
            self._need("]")
            value = _member(value, key, optional=mark == "?[")
        return value, self._at

    def _value(self) -> Any:  # noqa: ANN401
        found = self._next()
        if found["text"] is not None:
            return found["text"][1:-1].replace("''", "'")
        if found["number"] is not None:
            return int(found["number"])
        if found["name"] is None:
            raise ExpressionError(f"{found[0]!r} in {self._text!r}")
        return self._call(found["name"])

    def _call(self, name: str) -> Any:  # noqa: ANN401
        self._need("(")
        arguments = []
        if not self._mark(")"):
            while True:
                arguments.append(self.expression()[0])
                if self._mark(")"):
                    break
                self._need(",")
        if name not in self._functions:
            raise ExpressionError(f"unknown function {name}")
        try:
            return self._functions[name](*arguments)
        except (TypeError, ValueError, AttributeError, KeyError, IndexError) as error:
            raise ExpressionError(f"{name}: {error}") from error

    def _next(self) -> re.Match[str]:
        found = _TOKEN.match(self._text, self._at)
        if not found:
            raise ExpressionError(f"unreadable: {self._text[self._at :]!r}")
        self._at = found.end()
        return found

    def _mark(self, *marks: str) -> str:
        found = _TOKEN.match(self._text, self._at)
        if not found or found["mark"] not in marks:
            return ""
        self._at = found.end()
        return found["mark"]

    def _need(self, mark: str) -> None:
        if not self._mark(mark):
            raise ExpressionError(f"{mark!r} is missing in {self._text!r} at {self._at}")


def _member(value: Any, key: Any, *, optional: bool) -> Any:  # noqa: ANN401
    if optional and (value is None or (isinstance(value, dict) and key not in value)):
        return None
    try:
        return value[key]
    except (TypeError, KeyError, IndexError) as error:
        raise ExpressionError(f"no {key!r}") from error


def _string(value: Any) -> str:  # noqa: ANN401
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def _text(value: Any) -> str:  # noqa: ANN401
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no string")
    return value


def _xml(value: Any) -> Xml:  # noqa: ANN401
    if isinstance(value, Xml):
        return value
    if isinstance(value, dict):
        value = base64.b64decode(value["$content"])
    try:
        return Xml(ET.fromstring(value))  # noqa: S314 - made by Azurite
    except ET.ParseError as error:
        raise ValueError(error) from error


def _xpath(document: Xml, path: str) -> Any:  # noqa: ANN401
    """Return the nodes at /a or /a/b, or the text at string(/a/b)."""
    found = _PATH.fullmatch(path)
    if not found or not isinstance(document, Xml):
        raise ValueError(f"path {path!r}")
    if found[3]:
        fits = document.root.tag == found[3]
        return (document.root.findtext(found[4]) or "") if fits else ""
    if document.root.tag != found[1]:
        return []
    return [Xml(each) for each in document.root.findall(found[2])] if found[2] else [document]


def contains(collection: Any, value: Any) -> bool:  # noqa: ANN401
    """Tell whether an array has an item, or a text a part."""
    if isinstance(collection, str):
        return _text(value) in collection
    if not isinstance(collection, list):
        raise TypeError("no array")
    return any(type(each) is type(value) and each == value for each in collection)


def _coalesce(*values: Any) -> Any:  # noqa: ANN401
    return next((value for value in values if value is not None), None)


def _length(value: Any) -> int:  # noqa: ANN401
    if not isinstance(value, (str, list)):
        raise TypeError(f"{value!r} has no length")
    return len(value)


def _object(value: Any) -> dict[str, Any]:  # noqa: ANN401
    if not isinstance(value, dict):
        raise TypeError(f"{value!r} is no object")
    return value


def _substring(text: str, start: int) -> str:
    if start > len(_text(text)):
        raise ValueError("beyond the end")
    return text[start:]


# What needs nothing but its arguments.
PURE: dict[str, Function] = {
    "base64": lambda text: base64.b64encode(_text(text).encode()).decode(),
    "coalesce": _coalesce,
    "concat": lambda *texts: "".join(map(_text, texts)),
    "contains": contains,
    "createArray": lambda *values: list(values),
    "if": lambda condition, yes, no: {True: yes, False: no}[condition],
    "int": lambda text: int(_text(text)),
    "json": lambda text: json.loads(_text(text)),
    "length": _length,
    "removeProperty": lambda of, name: {k: v for k, v in _object(of).items() if k != name},
    "replace": lambda text, old, new: _text(text).replace(_text(old), _text(new)),
    "setProperty": lambda of, name, value: {**_object(of), name: value},
    "split": lambda text, by: _text(text).split(_text(by)),
    "startsWith": lambda text, start: _text(text).lower().startswith(_text(start).lower()),
    "string": _string,
    "substring": _substring,
    "toLower": lambda text: _text(text).lower(),
    "uriComponent": lambda text: quote(_text(text), safe=""),
    "xml": _xml,
    "xpath": _xpath,
}
