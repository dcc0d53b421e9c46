"""The app as it is deployed: with the settings of Bicep, storage by TLS and identity alone."""

from __future__ import annotations

import base64
import json
import re
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from azure.data.tables.aio import TableServiceClient
from azure.storage.queue.aio import QueueServiceClient

from converters.settings.settings import Settings
from local.graph import GraphEmulator
from local.storage import Azurite
from tests.certificates import tls_with
from tests.directory import request, tenant
from tests.infra.snapshots import kept
from tests.infra.variants import PILOT
from tests.service import taken
from tests.test_worker import delivered, pytestmark, worker

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

__all__ = ["pytestmark"]
CLIENT_ID = "00000000-0000-4000-8000-0000000000c1"
STORAGE = "https://storage.azure.com"


class Identity:
    """The platform's endpoint for tokens of a managed identity ("REST endpoint reference").

    Attributes:
        asked: the client ids and resources that tokens were asked for.
    """

    def __init__(self) -> None:
        self.asked: list[tuple[str | None, str | None]] = []

    @asynccontextmanager
    async def started(self) -> AsyncIterator[dict[str, str]]:
        """Serve on loopback; yield the variables that tell an app of it."""
        app = web.Application()
        app.router.add_get("/msi/token", self._token)
        server = TestServer(app)
        await server.start_server()
        try:
            url = str(server.make_url("/msi/token"))
            yield {"IDENTITY_ENDPOINT": url, "IDENTITY_HEADER": "header"}
        finally:
            await server.close()

    async def _token(self, asking: web.Request) -> web.Response:
        assert asking.headers["X-IDENTITY-HEADER"] == "header"
        resource = asking.query.get("resource")
        self.asked.append((asking.query.get("client_id"), resource))
        return web.json_response(
            {
                "access_token": token(resource),
                "expires_on": str(int(time.time()) + 3600),
                "resource": resource,
                "token_type": "Bearer",
            }
        )


def token(audience: str | None) -> str:
    """Write a token as Entra ID would, but for the signature, which Azurite does not look at."""
    claims = {
        "aud": audience,
        "iss": "https://sts.windows.net/00000000-0000-4000-8000-00000000000f/",
        "nbf": int(time.time()) - 60,
        "iat": int(time.time()) - 60,
        "exp": int(time.time()) + 3600,
    }
    parts = ({"alg": "RS256", "typ": "JWT"}, claims, "signature")
    encoded = (base64.urlsafe_b64encode(json.dumps(part).encode()) for part in parts)
    return ".".join(part.decode().rstrip("=") for part in encoded)


def deployed_settings(azurite: Azurite) -> dict[str, str]:
    """Return the settings that the deployment gives, with what only Azure knows filled in."""
    (config,) = (made for made in kept(PILOT) if made.kind.endswith("/sites/config"))
    filled = [
        (r"\[reference.*primaryEndpoints\.blob\]", f"{azurite.endpoint('Blob')}/"),
        (r"\[reference.*primaryEndpoints\.queue\]", f"{azurite.endpoint('Queue')}/"),
        (r"\[reference.*primaryEndpoints\.table\]", f"{azurite.endpoint('Table')}/"),
        (r"\[reference.*\.clientId\]", CLIENT_ID),
    ]
    settings = {name: str(value) for name, value in config.body["properties"].items()}
    for pattern, value in filled:
        settings = {name: re.sub(pattern, value, text) for name, text in settings.items()}
    return {name: text for name, text in settings.items() if "APPLICATIONINSIGHTS" not in name}


async def test_deployed_settings_convert_by_identity_alone(tmp_path: Path) -> None:
    certificate, identity = tmp_path / "certificate.pem", Identity()
    tls_with(certificate)
    async with (
        Azurite(certificate) as azurite,
        GraphEmulator(tenant()) as graph,
        identity.started() as platform,
    ):
        environment = {**deployed_settings(azurite), **platform, "GRAPH_BASE_URL": graph.url}
        assert "CONVERSION_STORAGE" not in environment
        settings = Settings.from_mapping(environment)
        trusting: dict[str, Any] = {"connection_verify": str(certificate)}
        account = azurite.connection_string
        async with (
            QueueServiceClient.from_connection_string(account, **trusting) as queues,
            TableServiceClient.from_connection_string(account, **trusting) as tables,
        ):
            for name in settings.queues:
                await queues.create_queue(name)
            await tables.create_table(settings.ledger_table)
            trust = {"SSL_CERT_FILE": str(certificate)}
            answer = await worker([delivered(request())], **environment, **trust)
            told = await taken(queues.get_queue_client(settings.results_queue))
        assert answer["results"] == [{"ok": True, "error": None}]
        assert [json.loads(text)["data"]["status"] for text in told] == ["invited"]
        assert len(graph.invitations) == 1
    assert set(identity.asked) == {(CLIENT_ID, STORAGE)}
