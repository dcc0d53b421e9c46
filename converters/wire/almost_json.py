"""Text that is almost JSON: what in it JSON does not have, and the JSON it stands for. Pure.

Nothing is taken by this: it is to tell the sender what to mend, and to find the request's id.
"""

from __future__ import annotations

import re

SINGLE, CURLY = "single quotes in place of double ones", "typographic quotes"
SPACES, COMMENTS = "spaces that JSON does not have", "comments"
NAMES, PYTHON = "names without quotes", "Python's True, False or None"
COMMA = "a comma before a closing bracket"

# What is open at the end of the text runs to it, so that no part of it is read twice. What is
# escaped is one token, outside of quotes too, for the same reason.
_TOKEN = re.compile(
    r"""
    (?P<text>"(?:[^"\\]|\\.)*+(?:"|\Z))
  | (?P<single>u?'(?:[^'\\]|\\.)*+(?:'|\Z))
  | (?P<curly>[\u201c-\u201f](?:[^\u201c-\u201f\\]|\\.)*+(?:[\u201c-\u201f]|\Z))
  | (?P<comment>//[^\n]*+|\#[^\n]*+|/\*.*?(?:\*/|\Z))
  | (?P<space>[\u00a0\u2007\u200b\u202f\u3000\ufeff]++)
  | (?P<name>[A-Za-z_$][A-Za-z0-9_$]*+(?P<colon>\s*+:)?)
  | \\.
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMA = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\Z)|(?P<comma>,)(?=\s*+[}\]])|\\.', re.DOTALL)
_QUOTE = re.compile(r"""\\x(?P<code>[0-9a-fA-F]{2})|\\(?P<plain>')|(?P<double>")|\\.""", re.DOTALL)
_CONSTANTS = {"True": "true", "False": "false", "None": "null"}


def mended(text: str) -> tuple[str, tuple[str, ...]]:
    """Return the JSON that a text seems to stand for, and what had to be mended."""
    found: dict[str, None] = {}

    def token(match: re.Match[str]) -> str:
        kind, whole = match.lastgroup, match[0]
        if kind == "single":
            found[SINGLE] = None
            _, _, inside = whole[:-1].partition("'")
            return f'"{_QUOTE.sub(_requoted, inside)}"'
        if kind == "curly":
            found[CURLY] = None
            return f'"{_QUOTE.sub(_requoted, whole[1:-1])}"'
        if kind in {"comment", "space"}:
            found[COMMENTS if kind == "comment" else SPACES] = None
            return " "
        return _named(match, found) if match["name"] else whole

    def comma(match: re.Match[str]) -> str:
        if match["comma"]:
            found[COMMA] = None
            return ""
        return match[0]

    return _COMMA.sub(comma, _TOKEN.sub(token, text)), tuple(found)


def _named(match: re.Match[str], found: dict[str, None]) -> str:
    name = match["name"]
    if colon := match["colon"]:
        found[NAMES] = None
        return f'"{name.removesuffix(colon)}"{colon}'
    if name in _CONSTANTS:
        found[PYTHON] = None
    return _CONSTANTS.get(name, name)


def _requoted(match: re.Match[str]) -> str:
    if code := match["code"]:
        return f"\\u00{code}"
    if match["double"]:
        return '\\"'
    return "'" if match["plain"] else match[0]
