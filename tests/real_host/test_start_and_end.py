"""A drained host takes nothing more; one whose settings cannot work never takes anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.kql.alerting import Line, is_raised
from tests.kql.queries import rules
from tests.real_host.collector import Collector
from tests.real_host.deployment import deployed
from tests.real_host.holding import NUMBER, check_all_ended, in_flight
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
        await host.drain()
        await host.drained()
        await check_all_ended(deployment, ids)
        await deployment.put(deployment.newcomer("R-late"))
        assert await deployment.count("requests") == 1
        async with deployment.host():
            assert (await deployment.outcome("R-late"))["status"] == "invited"
        assert "R-late" not in host.text


async def test_settings_that_cannot_work_are_named_and_lose_nothing(
    site: Site, storage: str
) -> None:
    (alert,) = (rule for rule in rules() if rule.name == "settings")
    async with deployed(site, storage) as deployment, Collector().started() as collector:
        ids = [f"R-{number}" for number in range(NUMBER)]
        for request_id in ids:
            await deployment.put(deployment.newcomer(request_id))
        async with deployment.host(**WRONG, **collector.settings) as host:
            await host.line("No job functions found")
            assert (await host.ask("GET", "functions"))[1] == []
            told = (await host.line(r"settings \{")).strip()
            assert "Host.Function.Console" in host.log[[*map(str.strip, host.log)].index(told) - 1]
            assert [name for name in WRONG if name not in told] == []
            assert is_raised(alert, (Line(told),))

            async def exported() -> bool:
                return any(told.encode() in body for body in collector.logs)

            await until(exported, "the line in an export")
            messages = await deployment.queue("requests").peek_messages(NUMBER)
            assert [message.dequeue_count for message in messages] == [0] * NUMBER
            assert await deployment.count("poison") == 0
        # What mended them is a start with the settings as they were.
        async with deployment.host():
            await check_all_ended(deployment, ids)
