"""The operators: from a node of the syntax tree to what could stand in its place."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.mutation.source import Source, Span

# Of one place: the operator's name, where, and what stands there then.
Change = tuple[str, Span, str]

COMPARISONS: dict[type[ast.cmpop], tuple[str, str]] = {
    ast.Lt: (r"<", "<="),
    ast.LtE: (r"<=", "<"),
    ast.Gt: (r">", ">="),
    ast.GtE: (r">=", ">"),
    ast.Eq: (r"==", "!="),
    ast.NotEq: (r"!=", "=="),
    ast.In: (r"\bin\b", "not in"),
    ast.NotIn: (r"\bnot\s+in\b", "in"),
    ast.Is: (r"\bis\b", "is not"),
    ast.IsNot: (r"\bis\s+not\b", "is"),
}
ARITHMETIC: dict[type[ast.operator], tuple[str, str]] = {
    ast.Add: (r"\+", "-"),
    ast.Sub: (r"-", "+"),
    ast.Mult: (r"\*", "//"),
    ast.Div: (r"/", "*"),
    ast.FloorDiv: (r"//", "*"),
    ast.Mod: (r"%", "*"),
    ast.Pow: (r"\*\*", "*"),
    ast.BitOr: (r"\|", "&"),
    ast.BitAnd: (r"&", "|"),
}
SWAPPED = {"min": "max", "max": "min", "any": "all", "all": "any"}
# Nothing in their place is the same; a False is turned by another operator.
_SAYS_NO = {"return", "return None", "return False"}
# Negated they are what another operator makes of them.
_SELF_NEGATING = (ast.Eq, ast.NotEq, ast.In, ast.NotIn, ast.Is, ast.IsNot)


@dataclass(frozen=True)
class Place:
    """A node with what surrounds it, the innermost last."""

    node: ast.AST
    above: tuple[ast.AST, ...]

    @property
    def parent(self) -> ast.AST:
        """What it stands in."""
        return self.above[-1]


Operator = Callable[[Source, Place], Iterator[Change]]


def _between(source: Source, left: ast.expr, right: ast.expr, token: str) -> Span | None:
    """Find an operator's token between its operands."""
    start, end = source.span(left).end, source.span(right).start
    found = re.search(token.encode(), source.data[start:end])
    return Span(start + found.start(), start + found.end()) if found else None


def compare(source: Source, place: Place) -> Iterator[Change]:
    """Swap a comparison's operator."""
    if isinstance(node := place.node, ast.Compare):
        operands = [node.left, *node.comparators]
        for left, right, operator in zip(operands, operands[1:], node.ops, strict=False):
            token, other = COMPARISONS[type(operator)]
            if span := _between(source, left, right, token):
                yield "compare", span, other


def boolean(source: Source, place: Place) -> Iterator[Change]:
    """Swap ``and`` and ``or``."""
    if isinstance(node := place.node, ast.BoolOp):
        old, new = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        for left, right in zip(node.values, node.values[1:], strict=False):
            if span := _between(source, left, right, rf"\b{old}\b"):
                yield "boolean", span, new


def negation(source: Source, place: Place) -> Iterator[Change]:
    """Drop a ``not``; negate a condition."""
    node = place.node
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "not", source.span(node), f"({source.of(node.operand)})"
    tests = [node.test] if isinstance(node, (ast.If, ast.While, ast.IfExp)) else []
    tests += node.ifs if isinstance(node, ast.comprehension) else []
    for test in tests:
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            continue
        if isinstance(test, ast.Compare) and isinstance(test.ops[0], _SELF_NEGATING):
            continue
        yield "negate", source.span(test), f"(not ({source.of(test)}))"


def arithmetic(source: Source, place: Place) -> Iterator[Change]:
    """Swap an arithmetic operator."""
    node = place.node
    if not isinstance(node, (ast.BinOp, ast.AugAssign)) or type(node.op) not in ARITHMETIC:
        return
    token, other = ARITHMETIC[type(node.op)]
    left, right = (
        (node.left, node.right) if isinstance(node, ast.BinOp) else (node.target, node.value)
    )
    # In ``a += 1`` the token is the sign before the equals sign.
    if span := _between(source, left, right, token):
        yield "arithmetic", span, other


def swap(source: Source, place: Place) -> Iterator[Change]:
    """Swap ``min`` and ``max``, ``any`` and ``all``."""
    node = place.node
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SWAPPED:
        yield "swap", source.span(node.func), SWAPPED[node.func.id]


def constant(source: Source, place: Place) -> Iterator[Change]:
    """Change a number, a truth value, or a text that is no sentence."""
    if not isinstance(node := place.node, ast.Constant):
        return
    value, span = node.value, source.span(node)
    if isinstance(value, bool):
        yield "truth", span, str(not value)
    elif isinstance(value, (int, float)):
        yield "number", span, repr(value + 1)
    elif isinstance(value, str) and not re.search(r"\s", value) and not _is_told(place):
        yield "text", span, repr(value + "x")
    elif isinstance(value, bytes):
        yield "text", span, repr(value + b"x")


def _is_told(place: Place) -> bool:
    """Return whether a text is an exception's, for people to read."""
    return any(isinstance(node, ast.Raise) for node in place.above)


def element(source: Source, place: Place) -> Iterator[Change]:
    """Drop an element of a tuple, set or list that is written out."""
    node = place.node
    if not isinstance(node, (ast.Tuple, ast.Set, ast.List)) or not _is_table(place, node):
        return
    opening, closing = {ast.Tuple: ("(", ")"), ast.Set: ("{", "}"), ast.List: ("[", "]")}[
        type(node)
    ]
    for dropped in node.elts:
        kept = [source.of(one) for one in node.elts if one is not dropped]
        inner = "".join(f"{text}, " for text in kept).rstrip()
        text = f"{opening}{inner}{closing}" if kept or closing != "}" else "set()"
        yield f"element {_short(source.of(dropped))}", source.span(node), text


def _is_table(place: Place, node: ast.Tuple | ast.Set | ast.List) -> bool:
    """Return whether an element less is another value, and not just an unpacking that fails."""
    if not isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
        return False
    if isinstance(place.parent, ast.Assign):
        return isinstance(place.parent.targets[0], ast.Name)
    return not isinstance(place.parent, (ast.Return, ast.Subscript))


def entry(source: Source, place: Place) -> Iterator[Change]:
    """Drop an entry of a dictionary that is written out."""
    if isinstance(node := place.node, ast.Dict):
        pairs = list(zip(node.keys, node.values, strict=True))
        for dropped in pairs:
            kept = [_pair(source, pair) for pair in pairs if pair is not dropped]
            name = f"entry {_short(_pair(source, dropped))}"
            yield name, source.span(node), f"{{{', '.join(kept)}}}"


def _pair(source: Source, pair: tuple[ast.expr | None, ast.expr]) -> str:
    key, value = pair
    # A value in parentheses begins behind them.
    return f"{source.of(key)}: ({source.of(value)})" if key else f"**({source.of(value)})"


def keyword(source: Source, place: Place) -> Iterator[Change]:
    """Drop an argument that is given by its name."""
    node = place.node
    if isinstance(node, ast.keyword) and node.arg:
        span = source.span(node)
        behind = re.match(rb"\s*,", source.data[span.end :])
        yield "keyword", Span(span.start, span.end + (behind.end() if behind else 0)), ""


def statement(source: Source, place: Place) -> Iterator[Change]:
    """Leave out a call that stands alone, a ``raise``, what is returned."""
    node = place.node
    if isinstance(node, ast.Raise):
        yield "raise", source.span(node), "pass"
    if isinstance(node, ast.Expr) and isinstance(node.value, (ast.Call, ast.Await)):
        yield "call", source.span(node), "pass"
    if isinstance(node, ast.Return) and ast.unparse(node) not in _SAYS_NO:
        yield "return", source.span(node), "return None"


def _short(text: str) -> str:
    return " ".join(text.split())


OPERATORS: tuple[Operator, ...] = (
    compare,
    boolean,
    negation,
    arithmetic,
    swap,
    constant,
    element,
    entry,
    keyword,
    statement,
)
