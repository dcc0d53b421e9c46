"""Whose message it is: the id and the person that the outcome of a refused message names. Pure."""

from __future__ import annotations

import re
from typing import Any

# No @ and no spaces: the id stands in logs, and must not be somebody's address.
REQUEST_ID = re.compile(r"[A-Za-z0-9._~:/=+-]{1,128}")
_MOST_ID = 10**128
_SEEN = re.compile(r"""\brequestId["']?\s{0,9}[:=>]\s{0,9}["']?([A-Za-z0-9._~:/+-]{1,129})""")
_FOLDED = re.compile(r"[^a-z0-9]+")


def usable_id(value: object) -> str | None:
    """Return the value where it can be a request's id."""
    return value if isinstance(value, str) and REQUEST_ID.fullmatch(value) else None


def as_id(value: object) -> object:
    """Return a whole number as the text that it is taken for, anything else as it is."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MOST_ID:
        return str(value)
    return value


def readable(content: dict[str, Any], name: str) -> object:
    """Return what a request that is refused says by a name, or by one that is meant for it."""
    if content.get(name) is not None:
        return content[name]
    meant = [value for other, value in content.items() if folded(other) == name.lower()]
    return meant[0] if len(meant) == 1 else None


def readable_id(content: dict[str, Any]) -> str | None:
    """Return the id that a refused request is known by, even where it is refused for that."""
    value = readable(content, "requestId")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return usable_id(value.strip() if isinstance(value, str) else as_id(value))


def seen(text: str) -> dict[str, Any]:
    """Return the one id that can be seen in a text that cannot be read."""
    ids = set(_SEEN.findall(text))
    return {"requestId": ids.pop()} if len(ids) == 1 else {}


def in_common(values: list[Any]) -> dict[str, Any]:
    """Return what several requests say alike of where they come from."""
    common: dict[str, Any] = {}
    for name in ("requestId", "requestedBy"):
        said = [value.get(name) for value in values if isinstance(value, dict)]
        if said and all(one == said[0] for one in said):
            common[name] = said[0]
    return common


def folded(name: str) -> str:
    """Return a name without what people write differently: case, ``_`` and ``-``."""
    return _FOLDED.sub("", name.lower())
