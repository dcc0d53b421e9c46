"""What every test of the command line has: a process that commands start from at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.warm import Warm

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session", autouse=True)
def _warm() -> Iterator[None]:
    with Warm():
        yield
