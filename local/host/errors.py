"""What can go wrong in the host itself, and how a function's failure reaches it."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Self


class StartError(Exception):
    """The app cannot be played as it is configured; the message is for a person to act on."""


class InvocationError(Exception):
    """An invocation failed: its function raised, ran out of time, or its worker died.

    The message names type and place, not the text: that may hold what was in the message.

    Attributes:
        trace: the traceback, with the text; empty where there is none.
    """

    def __init__(self, message: str, trace: str = "") -> None:
        super().__init__(message)
        self.trace = trace

    @classmethod
    def of(cls, error: Exception) -> Self:
        """Return what the host hears of an exception that a function raised."""
        frame = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(frame.filename).name}, line {frame.lineno}"
        trace = "".join(traceback.format_exception(error))
        return cls(f"{type(error).__name__} ({place})", trace)
