"""Bicep's expressions, evaluated; what is not known here is an error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.infra.bicep import text
from tests.infra.functions import Known

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tree_sitter import Node


class Expressions:
    """Evaluates expressions.

    Args:
        lookup: gives a symbol's value by its name, a nested one's by ``outer::inner``.
        functions: by name.
    """

    def __init__(
        self, lookup: Callable[[str], Any], functions: Mapping[str, Callable[..., Any]]
    ) -> None:
        self._lookup, self._functions = lookup, functions

    def turns(self, node: Node, here: Mapping[str, Any]) -> list[tuple[Node, dict[str, Any]]]:
        """Return a loop's body once for each turn, with the variables that it has there."""
        variables, values, body = node.named_children
        names = [text(n) for n in variables.named_children] or [text(variables)]
        return [
            (body, {**here, **dict(zip(names, (value, number), strict=False))})
            for number, value in enumerate(self.value(values, here))
        ]

    def value(self, node: Node, here: Mapping[str, Any]) -> Any:  # noqa: ANN401, C901, PLR0911, PLR0912
        """Evaluate an expression; ``here`` holds the variables of loops and lambdas around it."""
        children = node.named_children
        match node.type:
            case "string":
                return "".join(self._piece(child, here) for child in children)
            case "number":
                return int(text(node))
            case "boolean":
                return text(node) == "true"
            case "null":
                return None
            case "identifier":
                return here[text(node)] if text(node) in here else self._lookup(text(node))
            case "object":
                pairs = [c.named_children for c in children if c.type == "object_property"]
                return {self._key(p[0], here): self.value(p[1], here) for p in pairs if len(p) > 1}
            case "array":
                return [self.value(c, here) for c in children if c.type != "comment"]
            case "for_statement":
                return [self.value(body, inner) for body, inner in self.turns(node, here)]
            case "parenthesized_expression":
                return self.value(children[0], here)
            case "ternary_expression":
                condition, yes, no = children
                return self.value(yes if self.value(condition, here) else no, here)
            case "unary_expression" if text(node).startswith("!"):
                return not self.value(children[0], here)
            case "binary_expression":
                left, right = (self.value(child, here) for child in children)
                return _OPERATORS[node.children[1].type](left, right)
            case "member_expression" | "subscript_expression":
                last = children[-1]
                named = last.type == "property_identifier"
                return member(
                    self.value(children[0], here), text(last) if named else self.value(last, here)
                )
            case "resource_expression":
                return self._lookup(text(node))
            case "call_expression":
                arguments = [self.value(child, here) for child in children[1].named_children]
                return self._functions[text(children[0])](*arguments)
            case "lambda_expression":
                name, body = children
                return lambda value: self.value(body, {**here, text(name): value})
        msg = f"line {node.start_point[0] + 1}: {node.type}"
        raise NotImplementedError(msg)

    def _piece(self, node: Node, here: Mapping[str, Any]) -> str:
        match node.type:
            case "interpolation":
                return str(self.value(node.named_children[0], here))
            case "escape_sequence":
                return {"\\n": "\n", "\\t": "\t"}.get(text(node), text(node)[1:])
            case _:
                return text(node)

    def _key(self, node: Node, here: Mapping[str, Any]) -> str:
        return str(self.value(node, here)) if node.type == "string" else text(node)


_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "==": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "&&": lambda left, right: left and right,
    "||": lambda left, right: left or right,
    "??": lambda left, right: right if left is None else left,
    "+": lambda left, right: left + right,
    ">": lambda left, right: left > right,
}


def member(value: Any, name: Any) -> Any:  # noqa: ANN401 - any value of Bicep
    match value:
        case Known():
            return Known(f"{value}.{name}")
        case dict() | list():
            return value[name]
        case _:
            return value.of(name)
