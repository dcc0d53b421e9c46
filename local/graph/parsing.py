"""Reads an OData ``$filter``: a tokeniser and a parser by recursive descent.

Known are ``eq``, ``ne``, ``and``, ``or``, ``not``, parentheses, ``startsWith`` and ``any`` over
collections; texts in single quotes (a quote inside is doubled), numbers, ``true``, ``false``,
``null``. Everything else is a syntax error, as a misspelt filter must not quietly match nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local.graph.filters import AnyOf, Comparison, Junction, Negation, StartsWith

if TYPE_CHECKING:
    from local.graph.filters import Condition, Literal

_TOKEN = re.compile(
    r"(?P<text>'(?:[^']|'')*')|(?P<number>-?\d{1,18})|(?P<word>[A-Za-z_]\w*(?:/[A-Za-z_]\w*)*)"
    r"|(?P<mark>[():,])",
    re.ASCII,
)
_SPACE = re.compile(r"[ \t\r\n]*")
_CONSTANTS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
_RESERVED = frozenset({"and", "or", "not", "eq", "ne", *_CONSTANTS})
# Nested deeper than any honest filter; Graph has such a limit too.
_DEEPEST = 50


class FilterInvalid(ValueError):  # noqa: N818 - reads as the sentence it is
    """The text is no filter."""


@dataclass(frozen=True, slots=True)
class Token:
    """One word, text, number or mark, and where it stands."""

    kind: str
    text: str
    at: int


def parse(text: str) -> Condition:
    """Return the condition that a ``$filter`` states.

    Raises:
        FilterInvalid: it states none; the message says at which position it breaks.
    """
    return _Parser(text).whole()


def quoted(text: str) -> str:
    """Return a text as a literal of a filter."""
    return "'" + text.replace("'", "''") + "'"


def tokens(text: str) -> list[Token]:
    """Split a filter.

    Raises:
        FilterInvalid: a character fits nowhere, or two words run into one another.
    """
    found: list[Token] = []
    at = 0
    while True:
        start = _space_end(text, at)
        if start == len(text):
            return found
        match = _TOKEN.match(text, start)
        if match is None:
            raise _broken(text, start)
        token = Token(match.lastgroup or "", match[0], start)
        if found and start == at and "mark" not in {found[-1].kind, token.kind}:
            raise _broken(text, start)
        found.append(token)
        at = match.end()


def _space_end(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _broken(text: str, at: int) -> FilterInvalid:
    return FilterInvalid(f"Syntax error at position {at} in '{text}'.")


class _Parser:
    def __init__(self, text: str) -> None:
        self._text, self._tokens = text, tokens(text)
        self._at = self._depth = 0

    def whole(self) -> Condition:
        condition = self._either()
        if self._at < len(self._tokens):
            raise self._error()
        return condition

    def _either(self) -> Condition:
        parts = [self._both()]
        while self._took("or"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else Junction(every=False, parts=tuple(parts))

    def _both(self) -> Condition:
        parts = [self._one()]
        while self._took("and"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else Junction(every=True, parts=tuple(parts))

    def _one(self) -> Condition:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise FilterInvalid("The recursion limit has been exceeded.")
        try:
            return self._primary()
        finally:
            self._depth -= 1

    def _primary(self) -> Condition:
        if self._took("not"):
            return Negation(self._one())
        if self._took("("):
            inner = self._either()
            self._expect(")")
            return inner
        path = self._path()
        if path[-1] == "any" and len(path) > 1:
            return self._any(path)
        if len(path) == 1 and path[0].lower() == "startswith":
            return self._starts_with()
        return self._comparison(path)

    def _any(self, path: tuple[str, ...]) -> Condition:
        if len(path) != len(("collection", "any")):
            raise self._error()
        self._expect("(")
        (variable,) = self._path()[:1]
        self._expect(":")
        inner = self._either()
        self._expect(")")
        for name, _ in inner.uses():
            if name != variable:
                raise FilterInvalid(f"'{name}' is not the range variable '{variable}'.")
        return AnyOf(path[0], variable, inner)

    def _starts_with(self) -> Condition:
        self._expect("(")
        path = self._path()
        self._expect(",")
        prefix = self._literal()
        self._expect(")")
        if not isinstance(prefix, str):
            raise FilterInvalid("startsWith takes a text.")
        return StartsWith(path, prefix)

    def _comparison(self, path: tuple[str, ...]) -> Condition:
        for operator, equal in (("eq", True), ("ne", False)):
            if self._took(operator):
                return Comparison(path, equal, self._literal())
        raise self._error()

    def _path(self) -> tuple[str, ...]:
        token = self._peek("word")
        if token.text in _RESERVED:
            raise self._error()
        self._at += 1
        return tuple(token.text.split("/"))

    def _literal(self) -> Literal:
        token = self._peek("text", "number", "word")
        if token.kind == "word" and token.text not in _CONSTANTS:
            raise self._error()
        self._at += 1
        if token.kind == "text":
            return token.text[1:-1].replace("''", "'")
        return int(token.text) if token.kind == "number" else _CONSTANTS[token.text]

    def _peek(self, *kinds: str) -> Token:
        if self._at >= len(self._tokens) or self._tokens[self._at].kind not in kinds:
            raise self._error()
        return self._tokens[self._at]

    def _took(self, text: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at].text == text:
            self._at += 1
            return True
        return False

    def _expect(self, mark: str) -> None:
        if not self._took(mark):
            raise self._error()

    def _error(self) -> FilterInvalid:
        at = self._tokens[self._at].at if self._at < len(self._tokens) else len(self._text)
        return _broken(self._text, at)
