"""One read of Graph's, and when its answer is whole. Pure.

Unknown means no, so whatever is not read whole is ``Unread``: an error, a page that is missing, a
list without its items, an item without a property that a rule looks at. That is decided here, for
every read: what parses an answer sees it as an ``Item`` alone, which has no way to leave a missing
property aside.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from converters.model.facts import Unread

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
Json = Mapping[str, Any]

NEXT_LINK, COUNT = "@odata.nextLink", "@odata.count"
_OK, _NOT_FOUND = 200, 404


class Incomplete(Exception):  # noqa: N818 - reads as the sentence it is
    """An answer misses something that a rule looks at, or has it in another form."""


class Item:
    """A JSON object of an answer, whole as far as it is looked at.

    Every method raises ``Incomplete`` where the property is missing or of another type; ``null``
    counts as missing unless the method's name says otherwise.
    """

    __slots__ = ("_values",)

    def __init__(self, value: object) -> None:
        # An error can follow items that were sent already, and a collection inside can have pages.
        if not isinstance(value, dict) or "error" in value or _has_more(value):
            raise Incomplete
        self._values: Json = value

    def text(self, name: str) -> str:
        """Return a text that is not empty."""
        value = self._of_type(name, str)
        if not value:
            raise Incomplete
        return value

    def text_or_none(self, name: str) -> str | None:
        """Return a text; ``None`` for ``null``."""
        return None if self._is_null(name) else self._of_type(name, str)

    def label(self, name: str) -> str:
        """Return a text that is shown to people alone; empty where there is none."""
        value = self._values.get(name)
        return value if isinstance(value, str) else ""

    def flag(self, name: str) -> bool:
        """Return a truth value."""
        return self._of_type(name, bool)

    def flag_or_none(self, name: str) -> bool | None:
        """Return a truth value; ``None`` for ``null``."""
        return None if self._is_null(name) else self.flag(name)

    def time_or_none(self, name: str) -> datetime | None:
        """Return a time; ``None`` for ``null``."""
        text = self.text_or_none(name)
        try:
            return None if text is None else datetime.fromisoformat(text)
        except ValueError:
            raise Incomplete from None

    def time_if_there(self, name: str) -> datetime | None:
        """Return a time that no rule looks at; ``None`` where there is none."""
        try:
            return datetime.fromisoformat(self.label(name))
        except ValueError:
            return None

    def item(self, name: str) -> Item:
        """Return an object."""
        return Item(self._of_type(name, dict))

    def item_or_none(self, name: str) -> Item | None:
        """Return an object; ``None`` for ``null``."""
        return None if self._is_null(name) else self.item(name)

    def items(self, name: str) -> tuple[Item, ...]:
        """Return the objects of a list."""
        return tuple(Item(value) for value in self._of_type(name, list))

    def items_or_none(self, name: str) -> tuple[Item, ...] | None:
        """Return the objects of a list; ``None`` for ``null``."""
        return None if self._is_null(name) else self.items(name)

    def texts(self, name: str) -> tuple[str, ...]:
        """Return the texts of a list."""
        values = self._of_type(name, list)
        if not all(isinstance(value, str) for value in values):
            raise Incomplete
        return tuple(values)

    def texts_if_there(self, name: str) -> tuple[str, ...] | None:
        """Return the texts of a list; ``None`` where it is left out, for the caller to judge."""
        return self.texts(name) if name in self._values else None

    def has(self, name: str) -> bool:
        """Tell whether a property is there at all, where its absence says something."""
        return name in self._values

    def _is_null(self, name: str) -> bool:
        if name not in self._values:
            raise Incomplete
        return self._values[name] is None

    def _of_type(self, name: str, kind: type[T]) -> T:
        value = self._values.get(name)
        if not isinstance(value, kind):
            raise Incomplete
        return value


def embedded(text: str) -> Item:
    """Return the object that a text holds as JSON.

    Raises:
        Incomplete: it holds none.
    """
    try:
        return Item(json.loads(text))
    except (ValueError, RecursionError):
        raise Incomplete from None


@dataclass(frozen=True, slots=True)
class Absence(Generic[T_co]):
    """What an answer says by an error: that there is none, which is a fact too.

    Attributes:
        name: what there is none of.
        fact: what follows.
        code: the error code that says so; empty for a 404.
    """

    name: str
    fact: T_co
    code: str = ""

    def is_meant(self, status: int, body: Json) -> bool:
        """Tell whether an error means this."""
        if not self.code:
            return status == _NOT_FOUND
        error = body.get("error")
        return isinstance(error, dict) and error.get("code") == self.code


@dataclass(frozen=True, slots=True, kw_only=True)
class Read(Generic[T_co]):
    """One GET.

    Attributes:
        name: which read; unlike any other's of the same batch.
        what: what is read, in words.
        path: below the version, percent-encoded.
        permission: the application permission it needs.
        parse: from the answer to the fact; a list's pages are one answer by then.
        absence: the error that means something; any other is a fact that could not be read.
    """

    name: str
    what: str
    path: str
    permission: str
    parse: Callable[[Item], T_co]
    absence: Absence[T_co] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def fact(self, status: int, body: Json) -> T_co | Unread:
        """Turn a final answer (not a throttled or failed one) into the fact."""
        if self.absence and self.absence.is_meant(status, body):
            return self.absence.fact
        try:
            if status == _OK and not _lacks_items(body):
                return self.parse(Item(body))
        except Incomplete:
            pass
        return Unread(self.what, self.permission, status)


def _has_more(value: Json) -> bool:
    return any(name.endswith(NEXT_LINK) for name in value)


def _lacks_items(body: Json) -> bool:
    """Tell whether Graph counts more items than it has sent."""
    count, items = body.get(COUNT), body.get("value")
    return isinstance(count, int) and isinstance(items, list) and count > len(items)
