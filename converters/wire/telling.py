"""How a value of a message is told in an outcome: short, in one line, and never a secret. Pure."""

from __future__ import annotations

import math
import re

_SHOWN = 40
_NAME_SHOWN = 64
_CONSTANTS = {None: "null", True: "true", False: "false"}
# Texts that are somebody's own, or too long to be looked at.
_LENGTH_ONLY = frozenset({"customizedMessageBody"})
_TELLTALE = r"(?:passw(?:or)?d|pwd|secret|token|key|sig|signature|credential|code|assertion)"
_SECRET_NAME = re.compile(r"pass|pwd|secret|token|key|signature|credential|authori", re.IGNORECASE)
_SECRET = re.compile(
    rf"\b\w*{_TELLTALE}\s{{0,4}}[=:]"
    r"|://[^/\s@]{1,256}@"  # a URL with a password
    r"|\b(?:bearer|basic)\s"
    r"|\beyJ[\w-]{6}"  # a JSON Web Token
    r"|-----BEGIN"
    # A long run of letters and digits that is no GUID.
    r"|(?<![\w+=-])(?=[A-Z_+=-]*\d)(?=[\d_+=-]*[A-Z])(?![0-9a-f]{8}-[0-9a-f]{4}-)[\w+=-]{32,}",
    re.IGNORECASE | re.ASCII,
)


def found(value: object, name: str = "") -> str:
    """Say what a value is, as the end of a sentence: "the text "true"".

    Args:
        value: of any JSON type.
        name: the property's, which may tell that the value is a secret.
    """
    match value:
        case None | bool():
            return _CONSTANTS[value]
        case str():
            return _text(value, name)
        case int() | float():
            return _number(value)
        case list():
            items = "1 item" if len(value) == 1 else f"{len(value)} items"
            return f"a list of {items}" if value else "an empty list"
    return "an object" if value else "an empty object"


def shown(part: str | int, most: int = _NAME_SHOWN) -> str:
    """Write a name or a text for an outcome: short, ASCII, no controls."""
    # Looked at only as far as it can be shown.
    text = str(part)[: most + 1].encode("unicode_escape").decode("ascii")
    return text if len(text) <= most else text[:most] + "..."


def _number(value: float) -> str:
    if math.isinf(value):
        return "a number that is too large"
    digits = str(value)
    return f"the number {digits}" if len(digits) <= _SHOWN else f"a number of {len(digits)} digits"


def _text(value: str, name: str) -> str:
    if not value:
        return "an empty text"
    length = "1 character" if len(value) == 1 else f"{len(value)} characters"
    if _is_secret(value, name):
        return f"a text of {length}"
    text = shown(value, _SHOWN)
    return f'the text "{text}"' + (f" of {length}" if text.endswith("...") else "")


def _is_secret(value: str, name: str) -> bool:
    if name in _LENGTH_ONLY or _SECRET_NAME.search(name):
        return True
    return bool(_SECRET.search(value[:2048]))
