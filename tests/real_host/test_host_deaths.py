"""Hosts that die in the middle: one invitation, one outcome, nothing lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.real_host.conftest import LEASE_SECONDS
from tests.real_host.deployment import deployed
from tests.real_host.holding import NUMBER, check_all_ended, in_flight

if TYPE_CHECKING:
    from tests.real_host.deployment import Site

pytestmark = pytest.mark.timeout(300)


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
