"""Every query of the project, found wherever one may stand: the next one is found too."""

from __future__ import annotations

import functools
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.infra.paths import INFRA, ROOT
from tests.infra.snapshots import kept

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.infra.snapshots import Resource

# The deployment with every alert.
WHOLE = "full"
RULES = "Microsoft.Insights/scheduledQueryRules"
# Of those that Azure takes ("Create or edit a log search alert rule"), in minutes.
WINDOWS = {"PT15M": 15, "PT6H": 360, "P2D": 2880}
_BLOCK = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_LANGUAGES = {"kql", "kusto"}
# How a line of a query begins, after its first.
_PIPED = re.compile(r"^\s*\|\s*(where|extend|summarize|project|mv-expand|join|distinct)\b")


@dataclass(frozen=True, slots=True)
class Rule:
    """An alert as it would be deployed.

    Attributes:
        name: what the file calls it.
        query: what it looks for.
        minutes: of the window it looks at.
        criterion: when the result raises it.
    """

    name: str
    query: str
    minutes: int
    criterion: dict[str, Any]


def rules(deployment: str = WHOLE) -> list[Rule]:
    """Return the alerts of a deployment."""
    found = []
    for it in kept(deployment):
        if it.kind == RULES:
            (criterion,) = it.body["properties"]["criteria"]["allOf"]
            minutes = WINDOWS[it.body["properties"]["windowSize"]]
            found.append(Rule(_name(it), criterion["query"], minutes, criterion))
    return found


@functools.cache
def queries() -> dict[str, str]:
    """Return every query by a name that says where it stands."""
    found = {}
    for it in kept(WHOLE):
        for title, text in _inside(it.body):
            found[f"{it.kind.rpartition('/')[2]}: {title or _name(it)}"] = text
    for path in sorted(INFRA.rglob("*.json")):
        for title, text in _inside(json.loads(path.read_text())):
            if text not in found.values():
                found[f"{path.relative_to(ROOT).as_posix()}: {title}"] = text
    for page, text in pages().items():
        blocks = [block for language, block in _BLOCK.findall(text) if language in _LANGUAGES]
        found |= {f"{page}: block {number}": block for number, block in enumerate(blocks, 1)}
    return found


def pages() -> dict[str, str]:
    """Return the text of every page of documentation by its path."""
    paths = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *INFRA.rglob("*.md")]
    return {path.relative_to(ROOT).as_posix(): path.read_text() for path in sorted(paths)}


def unmarked(page: str) -> list[str]:
    """Return the lines of a page that look like a query's and stand in no block of KQL."""
    outside = _BLOCK.sub(lambda block: "" if block[1] in _LANGUAGES else block[2], page)
    return [line for line in outside.splitlines() if _PIPED.match(line)]


def _name(resource: Resource) -> str:
    return resource.name.removeprefix("b2b-pilot-")


def _inside(value: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - JSON
    """Return what is called a query anywhere in a value, with the title that stands beside it."""
    if isinstance(value, list):
        for item in value:
            yield from _inside(item)
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "query" and isinstance(inner, str):
                yield str(value.get("title", "")), inner
            elif key == "serializedData":
                yield from _inside(json.loads(inner))
            else:
                yield from _inside(inner)
