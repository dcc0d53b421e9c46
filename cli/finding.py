"""What the doctor finds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        what: the thing.
        cure: what to do; empty where it is well.
        note: what to know, though it is well.
    """

    what: str
    cure: str = ""
    note: str = ""

    @property
    def is_well(self) -> bool:
        """Whether there is nothing to do."""
        return not self.cure

    def __str__(self) -> str:
        if self.cure:
            return f"FAIL  {self.what}: {self.cure}"
        return f"note  {self.what}: {self.note}" if self.note else f"ok    {self.what}"
