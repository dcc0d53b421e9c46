"""The compiler, one a worker, for the tests that ask it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.infra.compiler import Compiler, found

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def bicep() -> Iterator[Compiler]:
    """Yield a compiler; skip where there is none."""
    command = found()
    if command is None:
        pytest.skip("no Bicep CLI here: set BICEP, or put it on the PATH")
    with Compiler(command) as compiler:
        yield compiler
