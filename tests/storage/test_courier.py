"""Many messages go the short way, and whatever is not known to be stored by the library's."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
from aiohttp import web
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError

from converters.model.errors import QueueUnavailable
from converters.settings.storage_account import Storage
from converters.storage import courier as courier_module
from converters.storage.courier import Courier
from converters.storage.queues import Queue
from tests.service import service, taken
from tests.storage_service import KEY, StorageService

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

MESSAGE = b'{"a":"<b>&amp;\'\\u00e9 \\"]]>"}'
# Seconds that a courier waits for an answer here.
PATIENCE = 0.1
STORED = (
    '<?xml version="1.0" encoding="utf-8"?><QueueMessagesList><QueueMessage>'
    "<MessageId>1</MessageId></QueueMessage></QueueMessagesList>"
)


def stored() -> web.Response:
    """Return the answer to a message that was stored."""
    return web.Response(status=201, text=STORED, content_type="application/xml")


def queue_at(endpoint: str, identity: Identity | None = None, *, signature: str = "") -> Queue:
    """Return a queue of that service, with the account's key or with a signature."""
    let_in = f"SharedAccessSignature={signature}" if signature else f"AccountKey={KEY}"
    told = f"AccountName=account;{let_in};QueueEndpoint={endpoint}"
    return Queue(Storage(told), "requests", identity)  # type: ignore[arg-type]


class Identity:
    """An identity whose tokens are counted."""

    def __init__(self, *, seconds: float) -> None:
        self.seconds, self.given, self.fails = seconds, 0, False

    async def get_token(self, *scopes: str, **_: Any) -> AccessToken:  # noqa: ANN401
        """Give a token for storage."""
        assert scopes == ("https://storage.azure.com/.default",)
        await asyncio.sleep(0)
        if self.fails:
            raise ClientAuthenticationError("signed out")
        self.given += 1
        return AccessToken(f"token-{self.given}", int(time.time() + self.seconds))


@asynccontextmanager
async def courier_to(queue: Queue, identity: Identity | None = None) -> AsyncIterator[Courier]:
    """Yield a courier; close it and its queue.

    An identity is given to a queue on loopback here, without TLS, as the library never would.
    """
    queue.credential = queue.credential or identity  # type: ignore[assignment]
    courier = Courier(queue)
    try:
        yield courier
    finally:
        await courier.close()
        await queue.close()


async def test_message_is_the_one_that_the_library_would_store(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        queue = Queue(Storage(azurite), running.keys["REQUESTS_QUEUE"], None)
        await queue.send(MESSAGE)
        async with courier_to(queue) as courier:
            await courier.send(MESSAGE)
        by_library, by_courier = [
            message async for message in running.requests.receive_messages(messages_per_page=2)
        ]
        assert by_library.content == by_courier.content == MESSAGE.decode()
        assert by_library.expires_on == by_courier.expires_on


async def test_queue_that_is_gone_is_made_by_the_library(
    azurite: str, queue_names: Iterator[str]
) -> None:
    name = next(queue_names)
    queue = Queue(Storage(azurite), name, None)
    async with courier_to(queue) as courier, queue.calling() as client:
        await courier.send(MESSAGE)
        assert await taken(client) == [MESSAGE.decode()]
        await client.delete_queue()


async def test_message_shows_after_its_delay_by_either_way() -> None:
    wire = StorageService(stored(), web.Response(status=500), stored())
    async with wire.started() as endpoint, courier_to(queue_at(endpoint)) as courier:
        await courier.send(MESSAGE, 90)
        await courier.send(MESSAGE, 91)
    assert [call.query["visibilitytimeout"] for call in wire.asked] == ["90", "91", "91"]
    assert {call.query["messagettl"] for call in wire.asked} == {"-1"}
    messages = [ET.fromstring(body) for body in wire.bodies]  # noqa: S314 - our own
    assert {message.findtext("MessageText") for message in messages} == {MESSAGE.decode()}
    # The version of the service is the library's, whichever that is.
    versions = {call.headers["x-ms-version"] for call in wire.asked}
    assert len(versions) == 1
    assert {call.content_type for call in wire.asked} == {"application/xml"}


class Halting(StorageService):
    """A service whose answers come in two parts."""

    def __init__(self) -> None:
        super().__init__()
        self.connections: set[object] = set()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.connections.add(request.transport)
        answer = web.StreamResponse(status=201)
        await answer.prepare(request)
        await asyncio.sleep(PATIENCE)
        await answer.write(STORED.encode())
        await answer.write_eof()
        return answer


async def test_messages_share_a_connection() -> None:
    wire = Halting()
    async with wire.started() as endpoint, courier_to(queue_at(endpoint)) as courier:
        for _ in range(3):
            await courier.send(MESSAGE)
    assert len(wire.connections) == 1


async def test_signature_is_made_anew_before_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = StorageService(*(stored() for _ in range(4)))
    async with wire.started() as endpoint, courier_to(queue_at(endpoint)) as courier:
        await courier.send(MESSAGE)
        await courier.send(MESSAGE)
        monkeypatch.setattr(courier_module, "_SIGNED", timedelta(hours=9))
        now = time.time()
        monkeypatch.setattr(time, "time", lambda: now + 3299.5)
        await courier.send(MESSAGE)
        monkeypatch.setattr(time, "time", lambda: now + 3300.5)
        await courier.send(MESSAGE)
    first, second, still, third = (datetime.fromisoformat(call.query["se"]) for call in wire.asked)
    assert first == second == still
    assert third - first > timedelta(hours=7)


class Dropping(StorageService):
    """A service that ends the connection of its first call."""

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if not self.asked and request.transport:
            request.transport.close()
        return await super()._answer(request)


async def test_what_a_connection_ends_under_is_sent_by_the_library() -> None:
    wire = Dropping(stored(), stored())
    async with wire.started() as endpoint, courier_to(queue_at(endpoint)) as courier:
        await courier.send(MESSAGE)
    assert [call.query.get("sp") for call in wire.asked] == ["a", None]


class Slow(StorageService):
    """A service that does not answer its first call in time."""

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if not self.asked:
            self.asked.append(request)
            await asyncio.sleep(PATIENCE * 20)
        return await super()._answer(request)


async def test_service_that_does_not_answer_is_asked_by_the_library(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(courier_module, "CALL_SECONDS", PATIENCE)
    wire = Slow(stored())
    async with wire.started() as endpoint, courier_to(queue_at(endpoint)) as courier:
        await courier.send(MESSAGE)
    assert [call.query.get("sp") for call in wire.asked] == ["a", None]


@pytest.mark.parametrize("status", [403, 404, 429, 500, 503])
async def test_what_is_not_stored_is_sent_by_the_library(status: int) -> None:
    wire = StorageService(web.Response(status=status), stored())
    async with wire.started() as endpoint:
        queue = queue_at(endpoint)
        async with courier_to(queue) as courier:
            await courier.send(MESSAGE)
    assert [call.method for call in wire.asked] == ["POST", "POST"]
    assert wire.asked[0].query["sp"] == "a"
    assert "Authorization" in wire.asked[1].headers


async def test_service_that_refuses_the_library_too_is_unavailable() -> None:
    wire = StorageService()
    wire.then = lambda: web.Response(
        status=403, headers={"x-ms-error-code": "AuthorizationFailure"}
    )
    async with wire.started() as endpoint:
        queue = queue_at(endpoint, signature="sv=1&sig=a%2Bb")
        async with courier_to(queue) as courier:
            with pytest.raises(QueueUnavailable, match="AuthorizationFailure") as raised:
                await courier.send(MESSAGE)
    # The signature that there is goes along, and into no error.
    assert {call.query["sig"] for call in wire.asked} == {"a+b"}
    assert "a%2Bb" not in str(raised.value)


@pytest.mark.parametrize(("seconds", "tokens"), [(3600, 1), (200, 4)])
async def test_token_is_asked_for_once_as_long_as_it_holds(seconds: float, tokens: int) -> None:
    wire, identity = StorageService(*(stored() for _ in range(4))), Identity(seconds=seconds)
    async with wire.started() as endpoint:
        queue = queue_at(endpoint, signature="sv=1")
        async with courier_to(queue, identity) as courier:
            await asyncio.gather(*(courier.send(MESSAGE) for _ in range(4)))
    assert identity.given == tokens
    assert {call.content_type for call in wire.asked} == {"application/xml"}
    assert all(call.headers["x-ms-version"] for call in wire.asked)
    sent = {call.headers["Authorization"] for call in wire.asked}
    assert sent == {f"Bearer token-{number + 1}" for number in range(tokens)}


async def test_identity_that_is_signed_out_leaves_it_to_the_library() -> None:
    wire, identity = StorageService(stored()), Identity(seconds=1)
    identity.fails = True
    async with wire.started() as endpoint:
        queue = queue_at(endpoint, signature="sv=1")
        async with courier_to(queue, identity) as courier:
            await courier.send(MESSAGE)
    assert len(wire.asked) == 1


@pytest.mark.parametrize("signature", ["", "sv=1"], ids=["key", "signature"])
async def test_no_token_goes_where_a_connection_string_says_how(signature: str) -> None:
    identity, wire = Identity(seconds=3600), StorageService(stored())
    async with wire.started() as endpoint:
        told = queue_at(endpoint, identity, signature=signature)
        async with courier_to(told) as courier:
            await courier.send(MESSAGE)
    assert identity.given == 0
    (call,) = wire.asked
    assert "Authorization" not in call.headers


async def test_identity_sends_without_any_signature() -> None:
    storage = Storage(queue_service_uri="https://account.queue.core.windows.net")
    queue = Queue(storage, "requests", Identity(seconds=1))  # type: ignore[arg-type]
    async with queue.calling() as client:
        address = courier_module._address(client, datetime.now(UTC))  # noqa: SLF001 - not on a wire
    await queue.close()
    root = "https://account.queue.core.windows.net/requests/messages"
    assert address == f"{root}?messagettl=-1"
