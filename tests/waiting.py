"""How long what has to wait will wait."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converters.steps import retrying

if TYPE_CHECKING:
    import pytest


def waits(monkeypatch: pytest.MonkeyPatch, *, at_once: bool = False) -> list[float]:
    """Let messages wait from now on, without back-off; return how long each is to.

    With ``at_once`` they show all the same.
    """
    waited: list[float] = []

    def delay(seconds: float) -> int:
        waited.append(seconds)
        return 0 if at_once else round(seconds)

    monkeypatch.setattr(retrying, "back_off", lambda *_: 0)
    monkeypatch.setattr(retrying, "delay", delay)
    return waited
