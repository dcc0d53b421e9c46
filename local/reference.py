"""The tables of ``docs/reference`` that follow from the code; a test holds them equal to it.

``python -m local reference`` writes them anew, between the marks that each page has for them.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from converters.policy.eligibility import RULES
from converters.policy.refusal_rows import REFUSALS
from converters.settings.editions import RulesEdition
from converters.wire.outcomes import OutcomeBody
from converters.wire.requests import RequestBody

if TYPE_CHECKING:
    from collections.abc import Sequence

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "reference"
_PLACEHOLDER = re.compile(r"[{]\w+[}]")


def tables() -> dict[tuple[str, str], str]:
    """Return every generated table, by its page and its mark."""
    return {
        ("rules.md", "rules"): _rules(),
        ("rules.md", "editions"): _editions(),
        ("rules.md", "refusals"): _refusals(),
        ("request.md", "properties"): _properties(RequestBody.model_json_schema()),
        ("outcome.md", "properties"): _properties(
            OutcomeBody.model_json_schema(mode="serialization")
        ),
    }


def with_table(page: str, mark: str, table: str) -> str:
    """Return a page with a table between its marks.

    Raises:
        ValueError: the page has no such marks.
    """
    begin = f"<!-- {mark}: made by `python -m local reference` -->\n"
    end = f"<!-- end of {mark} -->"
    before, found, rest = page.partition(begin)
    _, ended, after = rest.partition(end)
    if not found or not ended:
        raise ValueError(f"the page has no marks for {mark}")
    return f"{before}{begin}{table}\n{end}{after}"


def write() -> None:
    """Write every table into its page."""
    for (name, mark), table in tables().items():
        path = FOLDER / name
        path.write_text(with_table(path.read_text(), mark, table))


def _table(*columns: str, rows: Sequence[tuple[str, ...]]) -> str:
    lines = [" | ".join(columns), "|".join("---" for _ in columns), *map(" | ".join, rows)]
    return "\n".join(f"| {line} |" if "---" not in line else f"|{line}|" for line in lines)


def _rules() -> str:
    rows = [
        (
            f"`{rule.code}`",
            _PLACEHOLDER.sub("*…*", rule.message),
            _PLACEHOLDER.sub("*…*", rule.remediation),
            rule.owner,
        )
        for rule in RULES
    ]
    return _table("code", "what is so", "what to do", "who", rows=rows)


def _editions() -> str:
    def effect(rule: Any, edition: RulesEdition) -> str:  # noqa: ANN401 - a Rule
        return "warns" if edition in rule.warns_in else "refuses"

    rows = [
        (
            f"`{rule.code}`",
            effect(rule, RulesEdition.OF_2020),
            effect(rule, RulesEdition.CURRENT),
            "yes" if rule.lowerable else "no",
            rule.at_graph or "Graph refuses too.",
        )
        for rule in RULES
        if rule.lowerable or rule.at_graph or rule.code == "mailInTenantDomain"
    ]
    return _table(
        "rule", "`2020`", "`current`", "can be lowered", "what Graph itself does", rows=rows
    )


def _refusals() -> str:
    rows = [
        (
            f"`{row.code}`",
            row.message,
            row.remediation.replace(" {consent}", ""),
            row.owner,
        )
        for row in REFUSALS
    ]
    return _table("code", "what is so", "what to do", "who", rows=rows)


def _properties(schema: dict[str, Any]) -> str:
    rows = [
        (f"`{path}`", kind, description or "")
        for path, kind, description in _leaves(schema, schema.get("$defs", {}))
    ]
    return _table("property", "type", "meaning", rows=rows)


def _leaves(
    schema: dict[str, Any], definitions: dict[str, Any], path: str = ""
) -> list[tuple[str, str, str]]:
    """Return the properties of a schema with what each is, from the outside in."""
    found: list[tuple[str, str, str]] = []
    for name, entry in schema["properties"].items():
        options = [option for option in entry.get("anyOf", [entry]) if option.get("type") != "null"]
        target = _target(options[0], definitions)
        listed = options[0].get("type") == "array"
        kind = "list" if listed else _kind(options[0], target)
        found.append((path + name, kind, entry.get("description", "")))
        inner = _target(options[0].get("items", {}), definitions) if listed else target
        if "properties" in inner:
            found += _leaves(inner, definitions, f"{path}{name}{'[]' if listed else ''}.")
    return found


def _target(option: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    name = option.get("$ref", "").rpartition("/")[2]
    return definitions.get(name, {}) if name else {}


def _kind(option: dict[str, Any], target: dict[str, Any]) -> str:
    if values := target.get("enum") or option.get("enum"):
        return ", ".join(f"`{value}`" for value in values)
    if constant := option.get("const"):
        return f"`{constant}`"
    names = {"string": "text", "boolean": "true or false", "integer": "number"}
    return "object" if "properties" in target else names.get(option.get("type", ""), "text")
