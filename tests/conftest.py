"""Fixtures for every test: storage on this machine, and names nobody else uses there."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from converters import patience
from local.storage import Azurite

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def azurite() -> Iterator[str]:
    """Return the connection string of an Azurite that runs for the whole session."""
    with Azurite() as storage:
        yield storage.connection_string


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let requests that have to wait show again at once."""
    monkeypatch.setattr(patience, "delay", lambda _: 0)


@pytest.fixture
def queue_names() -> Iterator[str]:
    """Return names that no other test uses, one at each ``next()``."""
    prefix = f"test-{uuid4().hex[:12]}"
    return (f"{prefix}-{number}" for number in itertools.count(1))
