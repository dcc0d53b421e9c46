"""How long what has to wait will wait."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from converters.steps import retrying

if TYPE_CHECKING:
    from collections.abc import Callable

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


async def reached(asked: Callable[[], list[Any]]) -> None:
    """Wait until Graph has been asked."""
    async with asyncio.timeout(20):
        while not asked():  # noqa: ASYNC110 - the emulator tells nobody
            await asyncio.sleep(0.01)
