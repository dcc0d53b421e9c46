"""Workers that die in the middle: one invitation, one outcome, nothing lost."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from tests.real_host.deployment import deployed
from tests.real_host.holding import check_all_ended, in_flight

if TYPE_CHECKING:
    from tests.real_host.deployment import Site

pytestmark = pytest.mark.timeout(300)
# The host's limit for one invocation; it kills the worker two seconds after.
SHORT_LIMIT = {"AzureFunctionsJobHost__functionTimeout": "00:00:05", "INVOCATION_SECONDS": "60"}


async def test_worker_that_is_killed_leaves_all_to_the_next(site: Site, storage: str) -> None:
    async with deployed(site, storage) as deployment, deployment.host() as host:
        ids = await in_flight(deployment, lost=1)
        killed = host.worker()
        os.kill(killed, signal.SIGKILL)
        await host.line("exited with code 137")
        await check_all_ended(deployment, ids)
        assert host.worker() != killed
        assert await host.line(r'conversion .*"attempt":2')


async def test_third_worker_that_dies_ends_the_host_and_the_next_goes_on(
    site: Site, forgetful_storage: str
) -> None:
    async with deployed(site, forgetful_storage) as deployment:
        async with deployment.host() as host:
            ids = await in_flight(deployment, lost=1)
            killed = host.worker()
            os.kill(killed, signal.SIGKILL)
            for _ in range(2):
                killed = await host.next_worker(killed)
                os.kill(killed, signal.SIGKILL)
            await host.line("Exceeded language worker restart retry count")
            assert await host.ended() == 0
        async with deployment.host():
            await check_all_ended(deployment, ids)


async def test_invocation_past_the_hosts_limit_ends_once(site: Site, storage: str) -> None:
    async with (
        deployed(site, storage, SHORT_LIMIT) as deployment,
        deployment.host() as host,
    ):
        killed = host.worker()
        ids = await in_flight(deployment, 8_000)
        await host.line(r"Timeout value of 00:00:05 exceeded by function 'Functions\.convert'")
        await check_all_ended(deployment, ids)
        assert host.worker() != killed
