"""Puts data into the page, in one pass, so that nothing in the data is ever markup or code."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

# In this order they make one script.
SCRIPTS = ("data.js", "view.js", "export.js", "charts.js", "table.js", "filters.js", "main.js")
_MARK = re.compile(r"\{\{(\w+)\}\}")
# What could end the block, begin a comment in it, or end a line for some parsers.
_ESCAPED = {ord(one): f"\\u{ord(one):04x}" for one in "<>&\u2028\u2029"}


def page(data: Mapping[str, Any], told: Mapping[str, Any]) -> str:
    """Return the page.

    Args:
        data: the columns.
        told: the summary.
    """
    style, script = _own("report.css"), "\n".join(map(_own, SCRIPTS))
    script = f'"use strict";\n(() => {{\n{script}}})();\n'
    policy = (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}';"
        " base-uri 'none'; form-action 'none'"
    )
    parts = {
        "policy": policy,
        "style": style,
        "script": script,
        "data": embedded({"told": told, **data}),
    }
    return _MARK.sub(lambda mark: parts[mark[1]], _own("page.html"))


def embedded(value: object) -> str:
    """Write JSON that may stand in a script block."""
    return json.dumps(value, ensure_ascii=True, separators=(",", ":")).translate(_ESCAPED)


def _own(name: str) -> str:
    return files("cli.assess.report").joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
