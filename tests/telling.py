"""What a request led to: codes of outcomes, lines of the log, a whole story."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.service import taken

if TYPE_CHECKING:
    import pytest

    from tests.service import Service


def codes(entries: list[dict[str, Any]]) -> list[str]:
    """Return the codes of reasons, warnings or next steps."""
    return [entry["code"] for entry in entries]


def lines(caplog: pytest.LogCaptureFixture, kind: str = "conversion") -> list[dict[str, Any]]:
    """Return what the log says, line by line."""
    texts = [record.getMessage() for record in caplog.records]
    return [json.loads(text.removeprefix(f"{kind} ")) for text in texts if text.startswith(kind)]


async def story(running: Service, message: object) -> list[dict[str, Any]]:
    """Handle a message, and what waits after it, until nothing waits; return the CloudEvents."""
    await running.handle(message)
    while texts := await taken(running.requests):
        for text in texts:
            await running.handle(text.encode())
    return await running.events()


async def untold(
    running: Service, message: object, caplog: pytest.LogCaptureFixture
) -> dict[str, Any]:
    """Handle a message that no outcome is told of; return its line in the log."""
    caplog.clear()
    await running.handle(message)
    assert await running.events() == []
    (line,) = lines(caplog)
    assert line["told"] is False
    return line
