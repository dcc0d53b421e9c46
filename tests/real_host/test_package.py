"""The built package on Microsoft's host, undisturbed: one host for all of it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from tests import tree
from tests.directory import OTHER_ID, request
from tests.real_host.collector import Collector
from tests.real_host.deployment import base64_of, deployed
from tests.real_host.host import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tests.real_host.deployment import Deployment, Site
    from tests.real_host.host import Host

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]
# What stands there in every deployment; the timer for the subscription is indented.
DECORATED = re.compile(r'^@app\.function_name\("(\w+)"\)', re.MULTILINE)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def deployment(site: Site, storage: str) -> AsyncIterator[Deployment]:
    """Deploy once for this module."""
    async with deployed(site, storage) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def collector() -> AsyncIterator[Collector]:
    """Collect what the host exports."""
    async with Collector().started() as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def host(deployment: Deployment, collector: Collector) -> AsyncIterator[Host]:
    """Run one host for this module."""
    async with deployment.host(**collector.settings) as running:
        yield running


async def test_every_function_is_indexed(host: Host) -> None:
    status, functions = await host.ask("GET", "functions")
    assert status == 200
    declared = DECORATED.findall((tree.ROOT / "function_app.py").read_text())
    assert len(declared) >= 2
    assert {function["name"] for function in functions} == set(declared)


@pytest.mark.parametrize("encode", [json.dumps, base64_of])
async def test_message_leads_to_an_invitation_and_an_outcome(
    deployment: Deployment, host: Host, encode: Callable[[object], str]
) -> None:
    request_id = f"R-{encode.__name__}"
    await deployment.put(encode(deployment.newcomer(request_id)))
    outcome = await deployment.outcome(request_id)
    assert outcome["status"] == "invited"
    made = [one["invitedUser"]["id"] for one in deployment.graph.invitations]
    assert made.count(outcome["user"]["id"]) == 1
    assert await deployment.count("poison") == 0
    assert await host.line(rf'conversion .*"requestId":"{request_id}".*"attempt":1')


async def test_line_of_a_request_is_the_functions_own_in_the_log(
    deployment: Deployment, host: Host
) -> None:
    await deployment.put(request(requestId="R-line", mode="check"))
    await deployment.outcome("R-line")
    line = await host.line(r"conversion .*R-line")
    told = json.loads(line.strip().removeprefix("conversion "))
    assert (told["requestId"], told["attempt"], told["status"]) == ("R-line", 1, "eligible")
    category = host.log[host.log.index(line) - 1]
    assert re.fullmatch(r"info: Function\.convert\.User\[0\]", category)


@pytest.mark.usefixtures("host")
async def test_line_of_a_request_is_exported_under_its_category(
    deployment: Deployment, collector: Collector
) -> None:
    await deployment.put(request(requestId="R-exported", mode="check"))
    await deployment.outcome("R-exported")
    line = re.compile(rb'Function\.convert\.User.*conversion \{"requestId":"R-exported"', re.DOTALL)

    async def exported() -> bool:
        return any(line.search(body) for body in collector.logs)

    assert await until(exported, "the line in an export")


@pytest.mark.usefixtures("host")
async def test_redelivered_message_invites_once(deployment: Deployment) -> None:
    before = deployment.invited()
    for _ in range(2):
        await deployment.put(request(requestId="R-twice"))

    async def both_told() -> bool:
        return len(await deployment.take("R-twice")) == 2

    await until(both_told, "two outcomes")
    first, second = await deployment.take("R-twice")
    assert first["id"] == second["id"]
    assert first["data"]["status"] == second["data"]["status"] == "invited"
    assert deployment.invited() - before == 1


@pytest.mark.usefixtures("host")
async def test_body_that_nobody_can_read_gets_its_outcome(deployment: Deployment) -> None:
    message_id = await deployment.put("%%% no request")
    assert (await deployment.outcome(message_id))["status"] == "rejected"
    assert await deployment.count("poison") == 0


async def test_sweep_gives_what_every_try_failed_on_its_outcome(
    deployment: Deployment, host: Host
) -> None:
    asked = request(requestId="R-poison", invitedUser={"id": OTHER_ID})
    await deployment.put(asked, "poison")
    await host.fire("sweep")
    outcome = await deployment.outcome("R-poison")
    assert outcome["status"] == "failed"
    assert await deployment.count("poison") == 0
    (kept,) = [m.content for m in await deployment.queue("dead_letters").peek_messages(32)]
    assert json.loads(kept) == asked
    told = json.loads((await host.line(r"sweep \{")).strip().removeprefix("sweep "))
    assert told["poison"] == told["deadLetters"] == 1
