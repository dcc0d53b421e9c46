"""Bicep files as Python values: objects are dicts, arrays lists; all else is its text."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tree_sitter
import tree_sitter_bicep

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tree_sitter import Node

ROOT = Path(__file__).resolve().parents[2]
INFRA = ROOT / "infra"
_PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_bicep.language()))


@dataclass(frozen=True, slots=True)
class Bicep:
    """One file.

    Attributes:
        variables: by name.
        resources: by type without the version; each a list of bodies.
        modules: by name, the parameters that each gets.
        parameters: by name, the default where there is one.
        strings: every plain string.
        broken: where it does not parse.
    """

    variables: Mapping[str, Any]
    resources: Mapping[str, list[Any]]
    modules: Mapping[str, Any]
    parameters: Mapping[str, Any]
    strings: frozenset[str]
    broken: tuple[str, ...]


def load() -> dict[str, str]:
    """Return the text of every file under ``infra`` by its path there."""
    paths = sorted([*INFRA.rglob("*.bicep"), *INFRA.rglob("*.bicepparam")])
    return {path.relative_to(INFRA).as_posix(): path.read_text() for path in paths}


def parse(text: str) -> Bicep:
    """Parse a file's text."""
    root = _PARSER.parse(text.encode()).root_node
    resources: dict[str, list[Any]] = {}
    _collect(root, "", resources)
    named: dict[str, dict[str, Any]] = {}
    for node in (child for child in root.named_children if child.named_children):
        named.setdefault(node.type, {})[_name(node)] = _value(node.named_children[-1])
    return Bicep(
        variables=named.get("variable_declaration", {}),
        resources=resources,
        modules=named.get("module_declaration", {}),
        parameters=named.get("parameter_declaration", {}),
        strings=frozenset(_strings(root)),
        broken=tuple(f"line {n.start_point[0] + 1}" for n in _walk(root) if n.is_error),
    )


def _name(node: Node) -> str:
    return next((_text(c) for c in node.named_children if c.type == "identifier"), "")


def _collect(node: Node, above: str, into: dict[str, list[Any]]) -> None:
    for child in node.named_children:
        kind = above
        if child.type == "resource_declaration":
            text = next(_text(c) for c in child.named_children if c.type == "string").strip("'")
            kind = f"{above}/{text}" if above and "/" not in text else text.partition("@")[0]
            into.setdefault(kind, []).append(_value(child.named_children[-1]))
        _collect(child, kind, into)


def _value(node: Node) -> Any:  # noqa: ANN401 - any value of Bicep
    match node.type:
        case "object":
            properties = [c for c in node.named_children if c.type == "object_property"]
            return {
                _text(p.named_children[0]).strip("'"): _value(p.named_children[-1])
                for p in properties
            }
        case "array":
            return [_value(c) for c in node.named_children if c.type != "comment"]
        case "string" if not any(c.type == "interpolation" for c in node.named_children):
            return "".join(_text(c) for c in node.named_children)
        case "for_statement" | "if_statement" | "for_loop_body":
            return _value(node.named_children[-1])
        case _:
            return _text(node)


def _strings(root: Node) -> Iterator[str]:
    return (_value(n) for n in _walk(root) if n.type == "string")


def _walk(node: Node) -> Iterator[Node]:
    yield node
    for child in node.named_children:
        yield from _walk(child)


def _text(node: Node) -> str:
    return node.text.decode() if node.text else ""
