"""The one line that is written about settings, at the start of the function."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from converters.settings.settings import Settings


def told(problems: Sequence[str], warnings: Sequence[str] = ()) -> str:
    """Return the line: what keeps the function from starting, and what it starts with all the same.

    It goes to standard output: what is logged while the app is imported the host drops, save that
    it fails, and then as an exception alone.
    """
    line = {"problems": list(problems), "warnings": list(warnings)}
    return f"settings {json.dumps(line, ensure_ascii=False)}"


def warnings(settings: Settings) -> list[str]:
    """Return what the function starts with, though hardly anybody wants it so."""
    if settings.allowed_email_domains.everything:
        return ["ALLOWED_EMAIL_DOMAINS is *: people of EVERY domain may be invited."]
    if not settings.allowed_email_domains:
        return ["ALLOWED_EMAIL_DOMAINS is empty: nobody can be invited."]
    return []
