"""A module's source with its syntax tree, and how to write one place of it anew."""

from __future__ import annotations

import ast
import functools
from dataclasses import dataclass


@dataclass(frozen=True)
class Span:
    """A place in a source: the first byte and the one after the last."""

    start: int
    end: int


@dataclass(frozen=True)
class Source:
    """The bytes of a module."""

    data: bytes

    @functools.cached_property
    def tree(self) -> ast.Module:
        """Its syntax tree."""
        return ast.parse(self.data)

    @functools.cached_property
    def _starts(self) -> list[int]:
        starts = [0]
        for line in self.data.splitlines(keepends=True):
            starts.append(starts[-1] + len(line))
        return starts

    def span(self, node: ast.expr | ast.stmt | ast.keyword) -> Span:
        """Return where a node stands."""
        end_line, end_column = node.end_lineno, node.end_col_offset
        assert end_line is not None
        assert end_column is not None
        first = self._starts[node.lineno - 1] + node.col_offset
        return Span(first, self._starts[end_line - 1] + end_column)

    def text(self, span: Span) -> str:
        """Return what stands there."""
        return self.data[span.start : span.end].decode()

    def of(self, node: ast.expr | ast.stmt | ast.keyword) -> str:
        """Return a node's text."""
        return self.text(self.span(node))

    def line(self, span: Span) -> int:
        """Return the line that a place begins in."""
        return self.data.count(b"\n", 0, span.start) + 1

    def last_line(self, span: Span) -> int:
        """Return the line that a place ends in."""
        return self.data.count(b"\n", 0, span.end) + 1

    def replaced(self, span: Span, text: str) -> bytes:
        """Return the source with another text there; every line behind it keeps its number."""
        lost = self.data.count(b"\n", span.start, span.end) - text.count("\n")
        new = text.encode() + b"\n" * max(0, lost)
        return self.data[: span.start] + new + self.data[span.end :]
