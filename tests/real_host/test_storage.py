"""Storage that is not there yet, and storage that is reached by identity alone."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import pytest
from azure.data.tables.aio import TableServiceClient
from azure.storage.queue.aio import QueueServiceClient

from local.graph import GraphEmulator
from local.storage import Azurite
from local.world import provision
from tests.certificates import tls_with
from tests.directory import request, tenant
from tests.real_host.deployment import ROLES, SECONDS, Deployment, deployed
from tests.service import may_make_nothing
from tests.settings.test_identity import CLIENT_ID, STORAGE, Identity, deployed_settings

if TYPE_CHECKING:
    from pathlib import Path

    from tests.real_host.deployment import Site

pytestmark = pytest.mark.timeout(300)


async def test_queues_and_table_that_are_missing_are_made(site: Site, storage: str) -> None:
    async with (
        deployed(site, storage, {}, provisioned=False) as deployment,
        deployment.host() as host,
    ):
        await deployment.queue("requests").create_queue()
        await deployment.put(deployment.newcomer("R-early"))
        # Before these there is no results queue to look into.
        for kind in ("table", "queue"):
            assert f'"kind":"{kind}"' in await host.line(rf'made .*"{kind}"')
        assert (await deployment.outcome("R-early", 100))["status"] == "invited"
        assert len(deployment.graph.invitations) == 1


async def test_what_may_not_be_made_is_named_and_found_once_it_is_there(
    site: Site, storage: str
) -> None:
    limited = {"RETRY_BASE_SECONDS": "1", "CONVERSION_STORAGE": may_make_nothing(storage)}
    async with (
        deployed(site, storage, limited, provisioned=False) as deployment,
        deployment.host() as host,
    ):
        for role in ("requests", "results"):
            await deployment.queue(role).create_queue()
        await deployment.put(deployment.newcomer("R-early"))
        assert '"reasons":["storageNotSetUp"]' in await host.line(r"conversion .*TableNotFound")
        assert deployment.invited() == 0
        await asyncio.to_thread(provision, deployment.settings | {"CONVERSION_STORAGE": storage})
        assert (await deployment.outcome("R-early", 100))["status"] == "invited"
        assert len(deployment.graph.invitations) == 1
        assert await deployment.count("poison") == 0


async def test_deployed_settings_run_on_the_host_by_identity_alone(
    site: Site, tmp_path: Path
) -> None:
    certificate, identity = tmp_path / "certificate.pem", Identity()
    tls_with(certificate)
    trusting: dict[str, Any] = {"connection_verify": str(certificate)}
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        azurite = await enter(Azurite(certificate))
        account = azurite.connection_string
        queues = await enter(QueueServiceClient.from_connection_string(account, **trusting))
        tables = await enter(TableServiceClient.from_connection_string(account, **trusting))
        graph = await enter(GraphEmulator(tenant()))
        settings = {
            **deployed_settings(azurite),
            **await enter(identity.started()),
            **SECONDS,
            **site.worker,
            "GRAPH_BASE_URL": graph.url,
            "SSL_CERT_FILE": str(certificate),
        }
        deployment = Deployment(site, settings, graph, queues)
        for role in (*ROLES, "poison"):
            await deployment.queue(role).create_queue()
        await tables.create_table(settings["LEDGER_TABLE"])
        host = await enter(deployment.host())
        await deployment.put(request(requestId="R-identity"))
        assert (await deployment.outcome("R-identity"))["status"] == "invited"
        assert await host.line("Host lock lease acquired")
    # The host, which writes the resource so, and the function.
    assert set(identity.asked) == {(CLIENT_ID, f"{STORAGE}/"), (CLIENT_ID, STORAGE)}
