"""The tests as source: what each of them asserts, and what of the project it gets to.

Names are followed as Python would: through a module's own definitions and its imports from the
test tree. What is reached as an attribute is not followed, so methods count for nothing here.
"""

from __future__ import annotations

import ast
import functools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT = Path(__file__).resolve().parent.parent
# Whoever uses these runs what is deployed: in this process, or in a host of its own.
PRODUCT = ("converters", "function_app", "cli", "local.host")
_FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)
_FAILING = {"pytest.raises", "pytest.warns", "pytest.fail"}
_VIEWS = {"items", "values"}
_WRAPPING = {"enumerate", "range", "sorted", "zip"}
_SKIPPING = {"skip", "skipif", "xfail", "importorskip"}


@dataclass(frozen=True)
class Module:
    """A module of the test tree, or a text that could be one: its name and its source."""

    name: str
    source: str

    @functools.cached_property
    def definitions(self) -> dict[str, Definition]:
        """What it defines at its top level, by name."""
        found = {}
        for node in ast.parse(self.source).body:
            if isinstance(node, (*_FUNCTION, ast.ClassDef)):
                found[node.name] = Definition(self, node.name, node)
            if isinstance(node, (ast.Assign, ast.AnnAssign)):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                for name in _names(targets):
                    found[name] = Definition(self, name, node)
        return found

    @functools.cached_property
    def imports(self) -> dict[str, str]:
        """The dotted names of what it imports, by the name that stands for it here."""
        found: dict[str, str] = {}
        for node in ast.walk(ast.parse(self.source)):
            if isinstance(node, ast.Import):
                found |= {alias.asname or alias.name: alias.name for alias in node.names}
            if isinstance(node, ast.ImportFrom):
                found |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
        return found

    @property
    def tests(self) -> list[Definition]:
        """The tests that pytest collects from it."""
        return [
            definition
            for definition in self.definitions.values()
            if definition.name.startswith("test_") and isinstance(definition.node, _FUNCTION)
        ]

    def found(self, name: str) -> Definition | None:
        """Return what a name means here, where the test tree defines it."""
        if name in self.definitions:
            return self.definitions[name]
        path, _, inner = self.imports.get(name, "").rpartition(".")
        return modules()[path].definitions.get(inner) if path in modules() else None


@dataclass(frozen=True)
class Definition:
    """A function, class or variable at the top level of a module."""

    module: Module
    name: str
    node: ast.stmt

    def __str__(self) -> str:
        return f"{self.module.name.replace('.', '/')}.py::{self.name}"

    def asserts(self, above: frozenset[Definition] = frozenset()) -> bool:
        """Return whether it can fail by an assertion, its own or of a function that it calls."""
        inner = {node.name: node for node in ast.walk(self.node) if isinstance(node, _FUNCTION)}
        called = {
            node.func.id
            for node in _own(self.node)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        if _fails(self.node) or any(_fails(inner[name]) for name in called & set(inner)):
            return True
        known = {found for name in called if (found := self.module.found(name))}
        return any(one.asserts(above | {self}) for one in known - above - {self})

    def may_skip(self) -> bool:
        """Return whether it is skipped, skips itself or may fail, if only on some machine."""
        marks = self.module.definitions.get("pytestmark")
        return any(
            isinstance(node, ast.Attribute) and node.attr in _SKIPPING
            for marked in (self, marks)
            if marked
            for node in ast.walk(marked.node)
        )

    def runs_product(self) -> bool:
        """Return whether it uses what is deployed, itself or by what it uses of the test tree."""
        waiting, seen = {self}, set[Definition]()
        while waiting:
            here = waiting.pop()
            seen.add(here)
            names = set(_names([here.node]))
            if any(_is_product(here.module.imports.get(name, "")) for name in names):
                return True
            used = {found for name in names if (found := here.module.found(name))}
            # A program that is started is named by its module.
            for node in ast.walk(here.node):
                if isinstance(node, ast.Constant) and node.value in modules():
                    used.update(modules()[str(node.value)].definitions.values())
            waiting |= used - seen
        return False


@functools.cache
def modules() -> dict[str, Module]:
    """Return the modules of the test tree by name."""
    paths = [path.relative_to(ROOT) for path in sorted((ROOT / "tests").rglob("*.py"))]
    names = {path: path.with_suffix("").as_posix().replace("/", ".") for path in paths}
    return {name: Module(name, (ROOT / path).read_text()) for path, name in names.items()}


def tests() -> list[Definition]:
    """Return every test that pytest collects."""
    files = [it for name, it in modules().items() if name.rpartition(".")[2].startswith("test_")]
    return [test for module in files for test in module.tests]


def _is_product(imported: str) -> bool:
    return any(imported == name or imported.startswith(f"{name}.") for name in PRODUCT)


def _names(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        yield from (inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name))


def _own(node: ast.AST) -> Iterator[ast.AST]:
    """Walk what surely runs of a function, so no function inside it and no loop over nothing."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (*_FUNCTION, ast.Lambda)):
            continue
        if isinstance(child, (ast.For, ast.AsyncFor)) and not _is_there(child.iter):
            continue
        yield child
        yield from _own(child)


def _is_there(looped: ast.expr) -> bool:
    """Return whether who reads it sees that a loop over this has a turn: is it written out?"""
    while isinstance(looped, (ast.Call, ast.Subscript)):
        if isinstance(looped, ast.Subscript):
            looped = looped.value
        elif isinstance(looped.func, ast.Attribute) and looped.func.attr in _VIEWS:
            looped = looped.func.value
        elif isinstance(looped.func, ast.Name) and looped.func.id in _WRAPPING and looped.args:
            looped = looped.args[0]
        else:
            return False
    if isinstance(looped, ast.Name):
        # A constant of the module.
        return looped.id.isupper()
    return isinstance(looped, (ast.Tuple, ast.List, ast.Set, ast.Dict, ast.Constant))


def _fails(node: ast.AST) -> bool:
    return any(
        isinstance(inner, ast.Assert)
        or (isinstance(inner, ast.Call) and ast.unparse(inner.func) in _FAILING)
        or (isinstance(inner, ast.Raise) and "AssertionError" in ast.unparse(inner))
        for inner in _own(node)
    )
