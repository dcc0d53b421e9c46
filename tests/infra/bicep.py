"""Bicep files: read, and what they declare, by the parser of tree-sitter."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import tree_sitter
import tree_sitter_bicep

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

ROOT = Path(__file__).resolve().parents[2]
INFRA = ROOT / "infra"
MAIN = "main.bicep"
_PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_bicep.language()))
_DECLARATIONS = {
    "parameter_declaration", "variable_declaration", "resource_declaration", "module_declaration",
    "output_declaration",
}  # fmt: skip
_SILENT = {"comment", "diagnostic_comment", "metadata_declaration", "target_scope_assignment"}
_SILENT |= {"type_declaration", "using_statement", "import_statement"}


@dataclass(frozen=True, slots=True)
class Declaration:
    """What stands at the top level of a file, or in the body of a resource.

    Attributes:
        kind: ``parameter``, ``variable``, ``resource``, ``module`` or ``output``.
        name: the symbol.
        target: type with version, or path of the module.
        existing: whether a resource is only looked up.
        secure: whether it is decorated as a secret.
        description: what it is decorated with to read.
        value: what is assigned; none for a parameter without default.
    """

    kind: str
    name: str
    target: str
    existing: bool
    secure: bool
    description: str
    value: Node | None


@dataclass(frozen=True, slots=True)
class File:
    """A file's declarations, and the lines that do not parse."""

    declarations: tuple[Declaration, ...]
    broken: tuple[str, ...] = field(default=())

    def of(self, kind: str) -> list[Declaration]:
        """Return the declarations of a kind."""
        return [declared for declared in self.declarations if declared.kind == kind]


def load() -> dict[str, str]:
    """Return the text of every file under ``infra`` by its path there."""
    suffixes = {".bicep", ".bicepparam", ".json"}
    paths = sorted(path for path in INFRA.rglob("*") if path.suffix in suffixes)
    return {path.relative_to(INFRA).as_posix(): path.read_text() for path in paths}


def parse(content: str) -> File:
    """Parse a file's text."""
    root = _PARSER.parse(content.encode()).root_node
    # The grammar is older than the statement.
    known = [n for n in _walk(root) if n.is_error and not text(n).startswith("extension ")]
    missing = [n for n in _walk(root) if n.is_missing]
    return File(
        tuple(declared(root)), tuple(f"line {n.start_point[0] + 1}" for n in [*known, *missing])
    )


def declared(node: Node) -> Iterator[Declaration]:
    """Return what is declared right below a node."""
    decorated = ""
    for child in node.named_children:
        inner = child.named_children[0] if child.type == "object_property" else child
        if inner.type == "decorators":
            decorated = text(inner)
        elif inner.type in _DECLARATIONS:
            yield _declaration(inner, decorated)
            decorated = ""
        elif node.type == "infrastructure" and inner.type not in _SILENT and not inner.is_error:
            msg = f"a statement that is not known here: {inner.type}"
            raise NotImplementedError(msg)


def _declaration(node: Node, decorated: str) -> Declaration:
    kind = node.type.removesuffix("_declaration")
    tokens = [child.type for child in node.children]
    strings = [text(c).strip("'") for c in node.named_children if c.type == "string"]
    return Declaration(
        kind=kind,
        name=next(text(c) for c in node.named_children if c.type == "identifier"),
        target=strings[0] if kind in {"resource", "module"} else "",
        existing="existing" in tokens,
        secure="@secure()" in decorated.replace(" ", ""),
        description=" ".join(re.findall(r"@description\('(.*)'\)", decorated)),
        value=node.children[tokens.index("=") + 1] if "=" in tokens else None,
    )


def text(node: Node) -> str:
    """Return the text of a node."""
    return node.text.decode() if node.text else ""


def _walk(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from _walk(child)
