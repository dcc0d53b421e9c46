"""Storage that goes away while a host runs. It takes longest, so it stands first."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.hosts.gate import Gate
from tests.real_host.deployment import deployed
from tests.real_host.holding import NUMBER, check_all_ended, in_flight

if TYPE_CHECKING:
    from tests.real_host.deployment import Site

pytestmark = pytest.mark.timeout(300)
THROUGH = ("CONVERSION_STORAGE", "AzureWebJobsStorage")


async def test_storage_that_goes_away_and_comes_back_loses_nothing(
    site: Site, forgetful_storage: str
) -> None:
    async with (
        Gate(forgetful_storage) as gate,
        deployed(site, forgetful_storage) as deployment,
    ):
        settings = dict.fromkeys(THROUGH, gate.connection_string)
        async with deployment.host(**settings) as host:
            ids = await in_flight(deployment)
            await gate.shut()
            # The host gives up by itself; the platform starts it again.
            await host.ended(120)
            assert await deployment.count("results") == 0
        await gate.open()
        async with deployment.host(**settings):
            await check_all_ended(deployment, ids)


async def test_storage_that_is_busy_for_40_seconds_leaves_the_host_running(
    site: Site, storage: str
) -> None:
    async with Gate(storage) as gate, deployed(site, storage) as deployment:
        settings = dict.fromkeys(THROUGH, gate.connection_string)
        async with deployment.host(**settings) as host:
            gate.busy()
            ids = [f"R-{number}" for number in range(NUMBER)]
            for request_id in ids:
                await deployment.put(deployment.newcomer(request_id))
            await asyncio.sleep(40)
            assert deployment.invited() == 0
            gate.ready()
            await check_all_ended(deployment, ids)
            assert host.exit_code is None


async def test_storage_that_is_busy_while_requests_are_handled_loses_nothing(
    site: Site, forgetful_storage: str
) -> None:
    async with (
        Gate(forgetful_storage) as gate,
        deployed(site, forgetful_storage) as deployment,
    ):
        settings = dict.fromkeys(THROUGH, gate.connection_string)
        async with deployment.host(**settings) as host:
            ids = await in_flight(deployment)
            gate.busy()
            # The host's own patience with storage is 25 seconds.
            await asyncio.sleep(12)
            gate.ready()
            await check_all_ended(deployment, ids)
            assert host.exit_code is None
