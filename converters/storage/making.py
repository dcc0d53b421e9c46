"""What is said when a queue or a table was missing and has been made."""

from __future__ import annotations

import json
import logging

logger = logging.getLogger("b2b_conversion")


def log_made(kind: str, name: str) -> None:
    """Note that something was missing: the infrastructure makes it, so somebody has deleted it."""
    logger.warning("made %s", json.dumps({"kind": kind, "name": name}, separators=(",", ":")))
