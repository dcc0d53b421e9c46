"""A drained host takes nothing more; one whose settings cannot work never takes anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.real_host.deployment import deployed
from tests.real_host.holding import check_all_ended, in_flight
from tests.real_host.host import until

if TYPE_CHECKING:
    from tests.real_host.deployment import Site

pytestmark = pytest.mark.timeout(300)
WRONG = {
    "SETTLE_SECONDS": "soon",
    "ALLOWED_EMAIL_DOMAINS": "not a domain",
    "CONVERSION_STORAGE": "AccountName=nobody",
}


async def test_host_that_is_drained_ends_its_work_and_takes_no_more(
    site: Site, storage: str
) -> None:
    async with deployed(site, storage) as deployment, deployment.host() as host:
        ids = await in_flight(deployment)
        status, _ = await host.ask("POST", "host/drain")
        assert status == 202

        async def drained() -> bool:
            return bool((await host.ask("GET", "host/drain/status"))[1]["state"] == "Completed")

        await until(drained, "drained")
        await check_all_ended(deployment, ids)
        await deployment.put(deployment.newcomer("R-late"))
        assert await deployment.count("requests") == 1
        async with deployment.host():
            assert (await deployment.outcome("R-late"))["status"] == "invited"
        assert "R-late" not in host.text


async def test_settings_that_cannot_work_stop_the_app_and_are_named(
    site: Site, storage: str
) -> None:
    async with deployed(site, storage) as deployment:
        await deployment.put(deployment.newcomer("R-waits"))
        async with deployment.host(**WRONG) as host:
            await host.line("No job functions found")
            assert (await host.ask("GET", "functions"))[1] == []
            told = await host.line("SettingsInvalid: ")
            assert [name for name in WRONG if name not in told] == []
            (message,) = await deployment.queue("requests").peek_messages()
            assert message.dequeue_count == await deployment.count("poison") == 0
