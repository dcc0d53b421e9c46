"""The app under the genuine Functions Python worker library, as the host would drive it."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import uuid
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from azure.data.tables.aio import TableClient
from azure.storage.queue.aio import QueueClient

from local.graph import GraphEmulator
from tests.directory import kim, request, tenant
from tests.service import taken
from tests.settings.test_events import ON

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

pytestmark = pytest.mark.skipif(
    sys.version_info < (3, 13), reason="azure-functions-runtime needs Python 3.13"
)
PROGRAM = Path(__file__).parent / "worker_program.py"
IN_FLIGHT = 24


def delivered(body: dict[str, Any], **metadata: Any) -> dict[str, Any]:  # noqa: ANN401
    """Write a delivery as the host makes it: the body's own properties shadow the queue's."""
    times = dict.fromkeys(
        ("ExpirationTime", "InsertionTime", "NextVisibleTime"), "2026-11-23T09:00:00+00:00"
    )
    own = {"Id": "queue-id", "PopReceipt": "receipt", "DequeueCount": 1, **times}
    return {"body": json.dumps(body), "metadata": own | metadata}


@asynccontextmanager
async def running(
    azurite: str,
    queue_names: Iterator[str],
    of_tenant: dict[str, Any] | None = None,
    latency_ms: int = 0,
) -> AsyncIterator[tuple[GraphEmulator, QueueClient, dict[str, str]]]:
    """Start what the worker's program needs; give the emulator, the results queue, the settings."""
    name, table = next(queue_names), f"t{uuid.uuid4().hex}"
    async with (
        GraphEmulator(of_tenant or tenant(), latency_ms=latency_ms) as graph,
        QueueClient.from_connection_string(azurite, name) as results,
        TableClient.from_connection_string(azurite, table) as ledger,
    ):
        await results.create_queue()
        await ledger.create_table()
        environment = {
            "CONVERSION_STORAGE": azurite,
            "RESULTS_QUEUE": name,
            "LEDGER_TABLE": table,
            "GRAPH_BASE_URL": graph.url,
            "ALLOWED_EMAIL_DOMAINS": "partner.example",
        }
        yield graph, results, environment


async def worker(deliveries: list[dict[str, Any]], **environment: str) -> dict[str, Any]:
    """Run the worker's program on some deliveries; return what it prints."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(PROGRAM),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **environment},
    )
    output, errors = await process.communicate(json.dumps(deliveries).encode())
    assert process.returncode == 0, errors.decode()
    printed: dict[str, Any] = json.loads(output.splitlines()[-1])
    return printed


async def test_app_is_indexed_with_its_trigger() -> None:
    found = await worker([], CONVERSION_STORAGE="UseDevelopmentStorage=true")
    assert found == {"functions": ["convert", "follow_up", "sweep"], "results": []}


async def test_timer_for_the_subscription_is_there_where_it_is_on() -> None:
    found = await worker([], CONVERSION_STORAGE="UseDevelopmentStorage=true", **ON)
    assert found["functions"] == ["convert", "follow_up", "subscribe", "sweep"]


async def test_malformed_settings_stop_the_start_with_one_error_that_names_all() -> None:
    found = await worker([], CONVERSION_STORAGE="", TENANT_ID="x", INVOCATION_SECONDS="x")
    for name in ("CONVERSION_STORAGE", "TENANT_ID", "INVOCATION_SECONDS"):
        assert name in found["error"]


async def test_identity_is_used_where_there_is_no_connection_string() -> None:
    script = (
        "import asyncio, function_app\n"
        "async def main():\n"
        "    made = function_app.converter()\n"
        "    assert made is function_app.converter()\n"
        "    await made.close()\n"
        "asyncio.run(main())"
    )
    environment = {
        "CONVERSION_STORAGE": "",
        "CONVERSION_STORAGE__queueServiceUri": "https://store.queue.core.windows.net",
        "CONVERSION_STORAGE__tableServiceUri": "https://store.table.core.windows.net",
        "CONVERSION_STORAGE__clientId": "00000000-0000-4000-8000-000000000000",
        "GRAPH_BASE_URL": "https://graph.microsoft.com",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        script,
        cwd=PROGRAM.parent.parent,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **environment},
    )
    _, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()


async def test_cloud_event_whose_id_shadows_the_messages_is_converted(
    azurite: str, queue_names: Iterator[str]
) -> None:
    body = {"invitedUser": request()["invitedUser"]}
    event = {"specversion": "1.0", "id": "event-1", "source": "hr", "type": "t", "data": body}
    async with running(azurite, queue_names) as (graph, results, environment):
        found = await worker([delivered(event, Id="event-1")], **environment)
        assert found["results"] == [{"ok": True, "error": None}]
        (outcome,) = [json.loads(text)["data"] for text in await taken(results)]
        assert len(graph.invitations) == 1
    assert (outcome["requestId"], outcome["status"]) == ("event-1", "invited")


async def test_24_messages_at_once_are_all_in_flight_at_graph_together(
    azurite: str, queue_names: Iterator[str]
) -> None:
    users = [
        kim(id=user_id(n), userPrincipalName=f"u{n}@contoso.example", otherMails=[mail(n)])
        for n in range(IN_FLIGHT)
    ]
    deliveries = [
        delivered(
            {"invitedUser": {"id": user_id(n)}, "invitedUserEmailAddress": mail(n)}, Id=f"q{n}"
        )
        for n in range(IN_FLIGHT)
    ]
    # Nobody is answered for a second: what blocked the event loop would keep others from asking.
    of_tenant = tenant(*users)
    async with running(azurite, queue_names, of_tenant, 1000) as (graph, results, environment):
        found = await worker(deliveries, **environment)
        assert all(result["ok"] for result in found["results"])
        outcomes = [json.loads(text)["data"] for text in await taken(results)]
        assert graph.most_in_flight >= IN_FLIGHT
    assert [outcome["status"] for outcome in outcomes] == ["invited"] * IN_FLIGHT


def user_id(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def mail(number: int) -> str:
    return f"u{number}@partner.example"
