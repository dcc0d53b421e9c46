"""JSON's camel case and the attributes of a dataclass."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from local.graph.schema import Json


def attributes(kind: type[Any], entry: Json) -> Json:
    """Return a dataclass's attributes out of a JSON object.

    Raises:
        ValueError: naming what the dataclass does not have.
    """
    known = {_camel(field.name): field.name for field in fields(kind)}
    if unknown := sorted(set(entry) - set(known)):
        raise ValueError(f"{kind.__name__} has no {', '.join(unknown)}")
    return {known[name]: value for name, value in entry.items()}


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
