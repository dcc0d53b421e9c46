"""The part of OData's ``$filter`` that directory queries use ("Use the $filter query parameter").

``eq``, ``ne``, ``and``, ``or``, ``not``, parentheses, ``startswith`` and ``any`` over collections;
on texts, booleans and ``null``. Directory texts compare without regard to case.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

Item = Mapping[str, Any]
Predicate = Callable[[Item], bool]

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<name>[A-Za-z_][\w/.@]*)|(?P<mark>[():,]))", re.DOTALL
)
_CONSTANTS: dict[str, bool | None] = {"true": True, "false": False, "null": None}


class FilterInvalid(ValueError):  # noqa: N818 - reads as the sentence it is
    """The text is no filter that this part of OData knows."""


def compile_filter(text: str) -> Predicate:
    """Return the predicate that a filter stands for.

    Raises:
        FilterInvalid: it is none.
    """
    parser = _Parser(text)
    predicate = parser.either()
    parser.end()
    return predicate


def text_values(text: str) -> set[str]:
    """Return every text literal of a filter, lower case: what an index can be asked for."""
    return {match[1:-1].replace("''", "'").lower() for match in re.findall(r"'(?:[^']|'')*'", text)}


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._at = 0

    def end(self) -> None:
        if self._at != len(self._tokens):
            raise FilterInvalid("Syntax error: something follows the filter")

    def either(self) -> Predicate:
        parts = [self._both()]
        while self._take("or"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else lambda item: any(part(item) for part in parts)

    def _both(self) -> Predicate:
        parts = [self._one()]
        while self._take("and"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else lambda item: all(part(item) for part in parts)

    def _one(self) -> Predicate:
        if self._take("not"):
            negated = self._one()
            return lambda item: not negated(item)
        if self._take("("):
            inner = self.either()
            self._expect(")")
            return inner
        name = self._name()
        if name.lower() == "startswith":
            return self._starts_with()
        if name.endswith("/any"):
            return self._any(name.removesuffix("/any"))
        return self._comparison(name)

    def _starts_with(self) -> Predicate:
        self._expect("(")
        name = self._name()
        self._expect(",")
        prefix = str(self._value() or "").lower()
        self._expect(")")
        return lambda item: str(_at(item, name) or "").lower().startswith(prefix)

    def _any(self, name: str) -> Predicate:
        self._expect("(")
        variable = self._name()
        self._expect(":")
        inner = self.either()
        self._expect(")")
        return lambda item: any(inner({variable: element}) for element in _at(item, name) or ())

    def _comparison(self, name: str) -> Predicate:
        operator = self._name()
        if operator not in {"eq", "ne"}:
            raise FilterInvalid(f"Syntax error: unknown operator {operator}")
        wanted = _folded(self._value())
        return lambda item: (_folded(_at(item, name)) == wanted) is (operator == "eq")

    def _take(self, token: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at] == token:
            self._at += 1
            return True
        return False

    def _expect(self, token: str) -> None:
        if not self._take(token):
            raise FilterInvalid(f"Syntax error: {token} is missing")

    def _next(self) -> str:
        if self._at >= len(self._tokens):
            raise FilterInvalid("Syntax error: the filter ends too early")
        self._at += 1
        return self._tokens[self._at - 1]

    def _name(self) -> str:
        token = self._next()
        if not re.match(r"[A-Za-z_]", token):
            raise FilterInvalid("Syntax error: a name is missing")
        return token

    def _value(self) -> str | bool | None:
        token = self._next()
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        if token in _CONSTANTS:
            return _CONSTANTS[token]
        raise FilterInvalid("Syntax error: a value is missing")


def _tokens(text: str) -> list[str]:
    tokens, at, text = [], 0, text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise FilterInvalid("Syntax error: unexpected character")
        tokens.append(match[match.lastgroup or 0])
        at = match.end()
    return tokens


def _at(item: Item, path: str) -> Any:  # noqa: ANN401 - JSON
    value: Any = item
    for name in path.split("/"):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _folded(value: object) -> object:
    return value.lower() if isinstance(value, str) else value
