"""How long what has to wait will wait."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converters.steps import retrying

if TYPE_CHECKING:
    import pytest


def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Let messages wait from now on, without back-off; return how long each will."""
    waited: list[float] = []

    def delay(seconds: float) -> int:
        waited.append(seconds)
        return round(seconds)

    monkeypatch.setattr(retrying, "back_off", lambda *_: 0)
    monkeypatch.setattr(retrying, "delay", delay)
    return waited
