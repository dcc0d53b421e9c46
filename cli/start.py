"""Where ``b2b`` starts: the packages of the extra ``cli`` may be missing."""

from __future__ import annotations

import importlib.util
import logging
import sys

_MISSING = """\
To run b2b takes the packages of its extra. Install it with one of these, in the repository:
  uv tool install '.[cli]'
  pipx install '.[cli]'
"""


def main() -> int:
    """Run one command; return its exit code."""
    if not (importlib.util.find_spec("typer") and importlib.util.find_spec("rich")):
        sys.stderr.write(_MISSING)
        return 2
    # What the clients log is told by the commands themselves, in fewer words.
    logging.disable(logging.WARNING)
    from cli.app import app  # noqa: PLC0415 - not there without the extra

    app(prog_name="b2b")
    return 0  # pragma: no cover - the application leaves by SystemExit
