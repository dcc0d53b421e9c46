"""Bicep's functions, as far as the infrastructure uses them; what is unknown is an error.

Source: "Bicep functions".
"""

from __future__ import annotations

import hashlib
import ipaddress
import itertools
import json
import uuid
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SUBSCRIPTION = "/subscriptions/00000000-0000-4000-8000-000000000000"
GROUP = f"{SUBSCRIPTION}/resourceGroups/group"


class Known(str):
    """What only a deployment gives: written as the path that leads to it."""

    __slots__ = ()


def functions(
    files: Mapping[str, str], environment: Mapping[str, str]
) -> dict[str, Callable[..., Any]]:
    """Return the functions by name.

    Args:
        files: what ``loadTextContent`` may read, by name.
        environment: what ``readEnvironmentVariable`` may read.
    """
    return {
        "cidrSubnet": _subnet,
        "concat": lambda *lists: list(itertools.chain(*lists)),
        "contains": lambda whole, part: part in whole,
        "empty": lambda value: not value,
        "environment": lambda: {"suffixes": {"storage": "core.windows.net"}},
        "guid": lambda *parts: str(uuid.uuid5(uuid.NAMESPACE_OID, "/".join(parts))),
        "items": lambda of: [{"key": key, "value": of[key]} for key in sorted(of)],
        "length": len,
        "loadTextContent": lambda path: files[path.removeprefix("../")],
        "map": lambda values, function: [function(value) for value in values],
        "readEnvironmentVariable": environment.get,
        "replace": lambda whole, old, new: whole.replace(old, new),
        "resourceGroup": lambda: {"id": GROUP, "location": "westeurope", "name": "group"},
        "string": lambda value: value if isinstance(value, str) else json.dumps(value),
        "subscription": lambda: {"id": SUBSCRIPTION},
        "subscriptionResourceId": lambda kind, name: f"{SUBSCRIPTION}/providers/{kind}/{name}",
        "substring": lambda whole, start, size: whole[start : start + size],
        "take": lambda value, count: value[:count],
        "tenant": lambda: {"tenantId": "00000000-0000-4000-8000-00000000000f"},
        "union": _union,
        "uniqueString": lambda *p: hashlib.sha256("/".join(p).encode()).hexdigest()[:13],
    }


def _union(first: Any, *others: Any) -> Any:  # noqa: ANN401 - objects or arrays
    """Join arrays without repetition, objects level by level; later ones win."""
    if isinstance(first, list):
        joined: list[Any] = []
        joined.extend(v for v in itertools.chain(first, *others) if v not in joined)
        return joined
    merged = dict(first)
    for other in others:
        for key, value in other.items():
            both = isinstance(merged.get(key), dict) and isinstance(value, dict)
            merged[key] = _union(merged[key], value) if both else value
    return merged


def _subnet(whole: str, length: int, number: int) -> str:
    subnets = ipaddress.ip_network(whole).subnets(new_prefix=length)
    return str(next(itertools.islice(subnets, number, None)))
