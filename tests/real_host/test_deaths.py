"""Workers and hosts that die in the middle: one invitation, one outcome, nothing lost."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from local.graph import Fault
from tests.real_host.conftest import LEASE_SECONDS
from tests.real_host.deployment import deployed
from tests.real_host.host import until

if TYPE_CHECKING:
    from tests.real_host.deployment import Deployment, Site

pytestmark = pytest.mark.timeout(300)
POST = "/invitations$"
NUMBER = 3
HELD_MS = 2000
# The host's limit for one invocation; it kills the worker two seconds after.
SHORT_LIMIT = {"AzureFunctionsJobHost__functionTimeout": "00:00:05", "INVOCATION_SECONDS": "60"}


async def in_flight(deployment: Deployment, held_ms: int = HELD_MS, *, lost: int = 0) -> list[str]:
    """Let Graph hold the invitations of some requests; return their ids once it has them all.

    Args:
        deployment: with a host that runs.
        held_ms: how long.
        lost: how many of them have no effect.
    """
    if lost:
        deployment.graph.faults.add(Fault(path=POST, hang_ms=held_ms, times=lost, drop="before"))
    deployment.graph.faults.add(Fault(path=POST, hang_ms=held_ms, times=NUMBER - lost))
    ids = [f"R-{number}" for number in range(NUMBER)]
    for request_id in ids:
        await deployment.put(deployment.newcomer(request_id))

    async def all_there() -> bool:
        return deployment.invited() >= NUMBER

    await until(all_there, "all at Graph")
    return ids


async def check_all_ended(deployment: Deployment, ids: list[str]) -> None:
    """Wait for the outcomes, and hold them against the promises."""
    for request_id in ids:
        assert (await deployment.outcome(request_id, 90))["status"] == "invited"
    users = [made["invitedUser"]["id"] for made in deployment.graph.invitations]
    assert len(users) == len(set(users)) == len(ids)
    assert await deployment.count("poison") == await deployment.count("requests") == 0


async def test_worker_that_is_killed_leaves_all_to_the_next(site: Site, storage: str) -> None:
    async with deployed(site, storage) as deployment, deployment.host() as host:
        ids = await in_flight(deployment, lost=1)
        killed = host.worker()
        os.kill(killed, signal.SIGKILL)
        await host.line("exited with code 137")
        await check_all_ended(deployment, ids)
        assert host.worker() != killed
        assert await host.line(r'conversion .*"attempt":2')


async def test_host_that_is_killed_leaves_all_to_the_next(
    site: Site, forgetful_storage: str
) -> None:
    async with deployed(site, forgetful_storage) as deployment:
        async with deployment.host() as host:
            ids = await in_flight(deployment, lost=1)
            await host.kill()
        assert await deployment.count("requests") == NUMBER
        async with deployment.host() as successor:
            await check_all_ended(deployment, ids)
            assert await successor.line(r'conversion .*"attempt":2')


async def test_host_that_is_stopped_ends_what_takes_less_than_ten_seconds(
    site: Site, storage: str
) -> None:
    async with deployed(site, storage) as deployment, deployment.host() as host:
        ids = await in_flight(deployment)
        assert await host.stop() == 0
        await check_all_ended(deployment, ids)
        assert '"attempt":2' not in host.text


async def test_host_that_is_stopped_leaves_longer_work_to_the_next(
    site: Site, forgetful_storage: str
) -> None:
    assert LEASE_SECONDS > 10
    async with deployed(site, forgetful_storage, {"INVOCATION_SECONDS": "60"}) as deployment:
        async with deployment.host() as host:
            ids = await in_flight(deployment, 14_000)
            assert await host.stop() == 0
            assert "conversion {" not in host.text
        assert await deployment.count("requests") == NUMBER
        async with deployment.host() as successor:
            await check_all_ended(deployment, ids)
            assert await successor.line(r'conversion .*"attempt":2')


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
