"""The mutants of a module, each with an id that outlives edits elsewhere in it."""

from __future__ import annotations

import ast
import warnings
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.mutation.operators import OPERATORS, Change, Place
from tests.mutation.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
LONGEST = 72
_FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)
# Its first argument is a type, or the name of one.
_CAST = "cast"
# What lengths are held against each other is no decision, but an assertion.
_SILENT_KEYWORDS = {"repr", "strict"}


@dataclass(frozen=True)
class Mutant:
    """A module with one place changed.

    Attributes:
        id: stable under edits elsewhere in the module.
        path: the module's file, from the repository's root.
        line, last_line: where the change stands.
        statement: the lines of the innermost statement around it.
        in_function: whether it runs at a call, not at import.
        owner: what the module defines with it: a function, a class, a constant.
        original, replacement: what stood there and what stands there now.
        data: the whole source then.
    """

    id: str
    path: str
    line: int
    last_line: int
    statement: tuple[int, int]
    in_function: bool
    owner: str
    operator: str
    original: str
    replacement: str
    data: bytes

    def __str__(self) -> str:
        change = f"{self.original} -> {self.replacement or 'nothing'}"
        return f"{self.path}:{self.line} {self.operator}: {change} [{self.id}]"


def of_file(path: Path) -> list[Mutant]:
    """Return every mutant of a module of the repository."""
    return of_source(path.relative_to(ROOT).as_posix(), path.read_bytes())


def of_source(path: str, data: bytes) -> list[Mutant]:
    """Return every mutant of a source."""
    source, seen = Source(data), Counter[str]()
    return [
        mutant
        for place in _places(source.tree, ())
        for operator in OPERATORS
        for change in operator(source, place)
        if (mutant := _mutant(path, source, place, change, seen))
    ]


def _mutant(
    path: str, source: Source, place: Place, change: Change, seen: Counter[str]
) -> Mutant | None:
    operator, span, text = change
    mutated = source.replaced(span, text)
    if mutated == source.data or not _compiles(mutated):
        return None
    operator, _, dropped = operator.partition(" ")
    original = _short(dropped or source.text(span))
    owner = _qualified(place)
    stem = f"{_module(path)}:{owner}:{operator}:{original}"
    seen[stem] += 1
    statement = _statement(place)
    return Mutant(
        id=f"{stem}:{seen[stem]}",
        path=path,
        line=source.line(span),
        last_line=source.last_line(span),
        statement=statement,
        in_function=any(isinstance(node, (*_FUNCTION, ast.Lambda)) for node in place.above),
        owner=owner,
        operator=operator,
        original=original,
        replacement="" if dropped else _short(text),
        data=mutated,
    )


def _places(node: ast.AST, above: tuple[ast.AST, ...]) -> Iterator[Place]:
    """Walk what decides."""
    if above:
        yield Place(node, above)
    for name, value in ast.iter_fields(node):
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not _decides_nothing(node, name, child):
                yield from _places(child, (*above, node))


def _decides_nothing(node: ast.AST, name: str, child: ast.AST) -> bool:
    """Return whether a field of a node holds nothing that the code goes by."""
    if name in {"annotation", "returns"}:
        # A wire model's annotations hold its constraints.
        return not any(isinstance(inner, ast.Call) for inner in ast.walk(child))
    if isinstance(node, ast.Call) and ast.unparse(node.func) == _CAST:
        return child is node.args[0]
    return name == "decorator_list" or _is_silent(child)


def _is_silent(node: ast.AST) -> bool:
    match node:
        case ast.Import() | ast.ImportFrom() | ast.JoinedStr():
            return True
        case ast.Expr(value=ast.Constant()) | ast.Call(func=ast.Name(id="TypeVar")):
            return True
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return True
        case ast.Assign(targets=[ast.Name(id="__all__")]):
            return True
        case ast.keyword(arg=name):
            return name in _SILENT_KEYWORDS
    return False


def _qualified(place: Place) -> str:
    names = []
    for node in (*place.above, place.node):
        if isinstance(node, (*_FUNCTION, ast.ClassDef)):
            names.append(node.name)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)) and not names:
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            names.append(ast.unparse(target))
    return ".".join(names)


def _statement(place: Place) -> tuple[int, int]:
    """Return the lines of a statement, without the statements inside it.

    A function's head, where its defaults stand, runs at import: its tests are those of its body.
    """
    inner = [node for node in (*place.above, place.node) if isinstance(node, ast.stmt)][-1]
    if isinstance(inner, _FUNCTION):
        return inner.body[0].lineno, inner.end_lineno or inner.lineno
    bodies = [one for one in getattr(inner, "body", []) if isinstance(one, ast.stmt)]
    end = inner.end_lineno or inner.lineno
    return inner.lineno, max(inner.lineno, bodies[0].lineno - 1) if bodies else end


def _compiles(data: bytes) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(data, "mutant", "exec")
        except SyntaxError:
            return False
    return True


def _module(path: str) -> str:
    return path.removesuffix(".py").replace("/", ".").removeprefix("converters.")


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
