"""The table of scenarios on Microsoft's host."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local.storage import Azurite
from tests.hosts.scenarios import BATCHES, Scenario, unlike
from tests.hosts.stage import PRELUDE, Ground
from tests.real_host.host import Host

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from tests.real_host.deployment import Site

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def ground(site: Site) -> Iterator[Ground]:
    """Return where the genuine host runs."""

    def start(app: Path, settings: Mapping[str, str]) -> Host:
        return Host(site.program, app, {**site.worker, **settings})

    with Azurite(prelude=PRELUDE) as azurite:
        yield Ground(start, azurite.connection_string)


@pytest.mark.parametrize("batch", BATCHES, ids=lambda batch: batch[0].name)
async def test_scenarios_leave_the_traces_of_the_table(
    batch: Sequence[Scenario], ground: Ground, tmp_path: Path
) -> None:
    found = await unlike(batch, ground, tmp_path)
    assert found == {}, found
