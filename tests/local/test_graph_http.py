"""The emulator as an HTTP server; and the client and tenant of all its tests."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from local.graph import GraphEmulator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

KIM = "11111111-aaaa-4aaa-8aaa-111111111111"
LEE = "22222222-bbbb-4bbb-8bbb-222222222222"
NOBODY = "99999999-9999-4999-8999-999999999999"
PARTNER_TENANT = "44444444-dddd-4ddd-8ddd-444444444444"
ADDRESS = "kim@partner.example"
JSON_TYPE = (
    "application/json; odata.metadata=minimal;odata.streaming=true;"
    "IEEE754Compatible=false;charset=utf-8"
)


def kim(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any property of a user
    """Return a user who can be converted."""
    return {
        "id": KIM,
        "userPrincipalName": "kim@contoso.example",
        "displayName": "Kim",
        "otherMails": [ADDRESS],
        **changes,
    }


def lee(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any property of a user
    """Return another user."""
    return {"id": LEE, "userPrincipalName": "lee@contoso.example", **changes}


def directory(*users: dict[str, Any], **changes: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return a tenant with these users, or with Kim alone."""
    return {
        "tenantId": "55555555-eeee-4eee-8eee-555555555555",
        "domains": [{"id": "contoso.example"}, {"id": "contoso.onmicrosoft.com"}],
        "homeTenants": {"partner.example": {"tenantId": PARTNER_TENANT}},
        "users": list(users) or [kim()],
        **changes,
    }


@dataclass(frozen=True)
class Reply:
    """One answer; a body that is no JSON is its text."""

    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def ids(self) -> list[str]:
        """The ids in a collection."""
        return [item["id"] for item in self.body["value"]]

    @property
    def error(self) -> str:
        """The error's code and message."""
        return f"{self.body['error']['code']}: {self.body['error']['message']}"


class Client:
    """A bare client; a path without a version is one of v1.0."""

    def __init__(self, graph: GraphEmulator, session: aiohttp.ClientSession) -> None:
        self.graph, self._session = graph, session

    async def send(self, method: str, path: str, body: object = None, **headers: str) -> Reply:
        """Send one request; header names have underscores for hyphens."""
        url = path if "://" in path else self.graph.url + self._rooted(path)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self._session.request(method, url, json=body, headers=named) as response:
            is_json = response.content_type == "application/json" and response.status != 204
            content = await (response.json() if is_json else response.text())
            return Reply(response.status, response.headers, content)

    async def get(self, path: str, **headers: str) -> Reply:
        """Send a GET."""
        return await self.send("GET", path, **headers)

    async def find(self, resource: str, filter_: str, select: str = "id") -> Reply:
        """Send a GET with a filter."""
        async with self._session.get(
            f"{self.graph.url}/v1.0/{resource}", params={"$filter": filter_, "$select": select}
        ) as response:
            return Reply(response.status, response.headers, await response.json())

    async def post(self, path: str, body: object, **headers: str) -> Reply:
        """Send a POST of JSON."""
        return await self.send("POST", path, body, **headers)

    async def raw(self, path: str, body: bytes, content_type: str) -> Reply:
        """Send a POST of bytes."""
        async with self._session.post(
            self.graph.url + self._rooted(path), data=body, headers={"Content-Type": content_type}
        ) as response:
            return Reply(response.status, response.headers, await response.json())

    @staticmethod
    def _rooted(path: str) -> str:
        return path if path.startswith("/") else f"/v1.0/{path}"


@asynccontextmanager
async def emulated(
    tenant: dict[str, Any] | None = None,
    **options: Any,  # noqa: ANN401 - the emulator's
) -> AsyncIterator[Client]:
    """Run an emulator and return a client of it."""
    async with (
        GraphEmulator(directory() if tenant is None else tenant, **options) as graph,
        aiohttp.ClientSession() as session,
    ):
        yield Client(graph, session)


async def test_answer_names_itself_and_echoes_the_clients_id() -> None:
    async with emulated() as client:
        reply = await client.get("domains", client_request_id="mine")
    assert reply.headers["Content-Type"] == JSON_TYPE
    assert reply.headers["client-request-id"] == "mine"
    assert len(reply.headers["request-id"]) == 36


async def test_error_has_graphs_shape() -> None:
    async with emulated() as client:
        reply = await client.get(f"users/{NOBODY}", client_request_id="mine")
    inner = reply.body["error"]["innerError"]
    assert set(reply.body["error"]) == {"code", "message", "innerError"}
    assert set(inner) == {"date", "request-id", "client-request-id"}
    assert (inner["request-id"], inner["client-request-id"]) == (
        reply.headers["request-id"], "mine",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("method", "path", "status", "error"),
    [
        ("GET", "/v2.0/users", 400, "BadRequest: Invalid version: v2.0"),
        ("GET", "nothing", 400, "BadRequest: Resource not found for the segment 'nothing'."),
        ("GET", "users/x/messages", 400, "for the segment 'messages'."),
        ("GET", "/beta/users", 400, "for the segment 'users'."),
        ("DELETE", f"users/{KIM}", 405, "Request_BadRequest: Specified HTTP method"),
        ("GET", "invitations", 405, "Request_BadRequest"),
        ("GET", "$batch", 400, "for the segment '$batch'."),
        ("GET", "users?$orderby=mail", 400, "'$orderby' is not supported"),
        ("GET", "users?$top=1&$top=2", 400, "more than once"),
    ],
)
async def test_request_that_graph_does_not_know_is_refused(
    method: str, path: str, status: int, error: str
) -> None:
    async with emulated() as client:
        reply = await client.send(method, path)
    assert (reply.status, error in reply.error) == (status, True)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"{", "application/json"),
        (b"\xff", "application/json"),
        (b"[" * 100_000, "application/json"),
        (b"{}", "text/plain"),
    ],
)
async def test_body_that_is_no_json_is_refused(body: bytes, content_type: str) -> None:
    async with emulated() as client:
        reply = await client.raw("invitations", body, content_type)
    assert (reply.status, "Unable to read JSON" in reply.error) == (400, True)


async def test_every_request_is_recorded_with_its_bytes_and_its_status() -> None:
    async with emulated() as client:
        await client.get("domains?$select=id", client_request_id="mine")
        await client.raw("invitations", b'{"a": 1}', "application/json")
        first, second = client.graph.requests
    assert (first.method, first.path, first.query) == ("GET", "/v1.0/domains", "$select=id")
    assert (first.headers["client-request-id"], first.status, first.body) == ("mine", 200, None)
    assert (second.raw, second.body, second.status) == (b'{"a": 1}', {"a": 1}, 400)
    assert first.at <= second.at


async def test_latency_is_waited_for_without_holding_up_others() -> None:
    async with emulated(latency_ms=1, jitter_ms=1) as client:
        assert (await client.get("domains")).status == 200
        assert client.graph.most_in_flight == 1
