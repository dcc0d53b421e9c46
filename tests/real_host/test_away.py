"""Storage that goes away while a host runs. It takes longest, so it stands first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.hosts.gate import Gate
from tests.real_host.deployment import deployed
from tests.real_host.holding import check_all_ended, in_flight

if TYPE_CHECKING:
    from tests.real_host.deployment import Site

pytestmark = pytest.mark.timeout(300)


async def test_storage_that_goes_away_and_comes_back_loses_nothing(
    site: Site, forgetful_storage: str
) -> None:
    async with (
        Gate(forgetful_storage) as gate,
        deployed(site, forgetful_storage) as deployment,
    ):
        through = ("CONVERSION_STORAGE", "AzureWebJobsStorage")
        settings = dict.fromkeys(through, gate.connection_string)
        async with deployment.host(**settings) as host:
            ids = await in_flight(deployment)
            await gate.shut()
            # The host gives up by itself; the platform starts it again.
            await host.ended(120)
            assert await deployment.count("results") == 0
        await gate.open()
        async with deployment.host(**settings):
            await check_all_ended(deployment, ids)
