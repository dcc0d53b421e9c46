"""Which outcomes go to a queue of their own, by how their request's id begins."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from converters.settings.reader import SettingsReader

_KEY = "RESULTS_ROUTES"
# Of the characters that a request's id may have; the colon ends it, so that none begins another.
_PREFIX = re.compile(r"[A-Za-z0-9._~-]{1,32}:")


class Route(NamedTuple):
    """Where outcomes go whose ``requestId`` begins so."""

    prefix: str
    queue: str


def read_routes(keys: SettingsReader) -> tuple[Route, ...]:
    """Read the routes, as in ``lifecycle:=conversion-results-lifecycle``, comma-separated."""
    routes = []
    for part in filter(None, (each.strip() for each in keys.text(_KEY).split(","))):
        prefix, equals, name = (each.strip() for each in part.partition("="))
        if not equals or not _PREFIX.fullmatch(prefix):
            keys.problems.append(
                f"{_KEY} must be prefix:=queue, comma-separated; a prefix is 1 to 32 letters,"
                " digits and ._~-, and a colon."
            )
            continue
        routes.append(Route(prefix, keys.queue_name(_KEY, name)))
    if len({route.prefix for route in routes}) < len(routes):
        keys.problems.append(f"{_KEY} must name each prefix once.")
    return tuple(routes)
