"""The only place that talks to Microsoft Graph: msgraph-sdk's request adapter, used leanly.

The adapter brings authentication (continuous access evaluation included), tracing and the HTTP
client. Its typed models stay out, since one typed user costs over a second to parse the first
time; bodies are plain JSON. So do its retries: a message that meets a throttled Graph goes back to
the queue, and a POST that may have worked must never be repeated blindly.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, TypeVar, cast

import aiohttp
import httpx
from azure.core.exceptions import AzureError
from httpx_aiohttp import AiohttpTransport
from kiota_abstractions.authentication import AnonymousAuthenticationProvider
from kiota_abstractions.method import Method
from kiota_abstractions.native_response_handler import NativeResponseHandler
from kiota_abstractions.request_information import RequestInformation
from kiota_authentication_azure.azure_identity_authentication_provider import (
    AzureIdentityAuthenticationProvider,
)
from kiota_http.middleware.options import ResponseHandlerOption
from kiota_http.observability_options import ObservabilityOptions
from msgraph.graph_request_adapter import GraphRequestAdapter, options
from msgraph_core import GraphClientFactory
from msgraph_core.middleware import GraphTelemetryHandler
from msgraph_core.middleware.options import GraphTelemetryHandlerOption

from converters.answers import Answer, Answers, item_answer, json_object
from converters.errors import GraphRefused, GraphUnavailable
from converters.model import Invitation
from converters.pacing import Gate, Pace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from azure.core.credentials_async import AsyncTokenCredential

    from converters.directory import Json, Read
    from converters.facts import Unread
    from converters.trace import Trace

T = TypeVar("T")

_OK, _CREATED = 200, 201
_READS, _INVITATIONS = "reads", "invitations"
_THROTTLED, _UNAVAILABLE = 429, 503
_TRANSIENT = frozenset({408, 429, 500, 502, 503, 504})
_TIMEOUT = httpx.Timeout(30, connect=10)
_LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=100)
_NATIVE = ResponseHandlerOption(NativeResponseHandler())


class Graph:
    """A client of one tenant's Microsoft Graph; one per worker, made inside the running loop.

    Args:
        base_url: Graph's root, without a version.
        credential: for the access token; ``None`` for the emulator on loopback alone.
    """

    def __init__(self, base_url: str, credential: AsyncTokenCredential | None) -> None:
        self._url = base_url
        # Held here, since the SDK's own transport around it does not pass a close on.
        self._transport = AiohttpTransport(limits=_LIMITS)
        telemetry = cast(
            "GraphTelemetryHandlerOption", options[GraphTelemetryHandlerOption.get_key()]
        )
        self._client = GraphClientFactory.create_with_custom_middleware(
            [GraphTelemetryHandler(telemetry)],
            client=httpx.AsyncClient(
                base_url=f"{base_url}/v1.0", timeout=_TIMEOUT, transport=self._transport
            ),
        )
        self._adapter = GraphRequestAdapter(
            AzureIdentityAuthenticationProvider(credential, scopes=[f"{base_url}/.default"])
            if credential
            else AnonymousAuthenticationProvider(),
            self._client,
        )
        self._gates = {_READS: Gate(), _INVITATIONS: Gate()}
        self._pace = Pace()
        # Spans must not carry what could identify a person.
        self._adapter.observability_options = ObservabilityOptions(include_euii_attributes=False)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()
        await self._transport.aclose()

    async def turn(self, most_seconds: float) -> None:
        """Wait until another invitation is within this worker's share of the tenant's limit.

        Far below the limit it never waits. Near it the wait is short, and keeps one of the host's
        messages in flight: that is what makes the host fetch fewer.

        Args:
            most_seconds: the longest wait.

        Raises:
            GraphUnavailable: the turn is too far off, or Graph has said to wait.
        """
        self._refuse_early(_INVITATIONS, "inviting the user")
        wait = self._pace.reserve(most_seconds)
        if wait is None:
            raise GraphUnavailable("inviting the user, in turn", retry_after=most_seconds)
        if wait:
            await asyncio.sleep(wait)

    def give_turn_back(self) -> None:
        """Let others have a turn that no invitation was made in."""
        self._pace.give_back()

    async def read(self, reads: Sequence[Read[Any]], trace: Trace) -> Answers:
        """Send reads as one ``$batch``, at most 20 ("Combine multiple HTTP requests").

        Raises:
            GraphUnavailable: the batch, or any item of it, was throttled or failed for a while.
        """
        items = [
            {"id": str(number), "method": "GET", "url": read.path, "headers": dict(read.headers)}
            for number, read in enumerate(reads)
        ]
        what = "reading " + ", ".join(read.what for read in reads)
        body = {"requests": items}
        whole = await self._send(Method.POST, "/v1.0/$batch", body, trace, what, _READS)
        if whole.status != _OK:
            return Answers({read.what: whole for read in reads})
        try:
            by_id = {item["id"]: item_answer(item) for item in whole.body["responses"]}
            answers = {read.what: by_id[str(number)] for number, read in enumerate(reads)}
        except (KeyError, TypeError, AttributeError):
            raise whole.unavailable(what) from None
        for about, answer in answers.items():
            if answer.status in _TRANSIENT:
                self._note(answer, _READS)
                raise answer.unavailable(f"reading {about}")
        return Answers(answers)

    async def invite(self, body: Json, trace: Trace) -> Invitation:
        """Make the invitation: the one call of this product that changes anything.

        Raises:
            GraphRefused: Graph says no for good.
            GraphUnavailable: nothing is known; the invitation may or may not have been made.
        """
        what = "inviting the user"
        trace.invitations += 1
        if wait := self._pace.smooth():
            await asyncio.sleep(wait)
        path = "/v1.0/invitations"
        answer = await self._send(Method.POST, path, body, trace, what, _INVITATIONS)
        self._pace.made(answer.limit_used)
        if answer.status != _CREATED:
            raise GraphRefused(answer.status, *answer.error(), answer.request_id)
        try:
            return Invitation(
                id=answer.body["id"],
                status=answer.body["status"],
                invited_user_id=answer.body["invitedUser"]["id"],
                redeem_url=answer.body["inviteRedeemUrl"],
                redirect_url=answer.body["inviteRedirectUrl"],
                request_id=answer.request_id,
            )
        except (KeyError, TypeError):
            raise answer.unavailable(what) from None

    async def read_beta(self, read: Read[T], trace: Trace) -> T | Unread:
        """Send one read to the beta endpoint, for what v1.0 does not have.

        Raises:
            GraphUnavailable: it was throttled or failed for a while.
        """
        what, path = f"reading {read.what}", f"/beta{read.path}"
        answer = await self._send(Method.GET, path, None, trace, what, _READS)
        return Answers({read.what: answer}).fact(read)

    async def _send(  # noqa: PLR0913, PLR0917 - a request, and what is to be said of it
        self, method: Method, path: str, body: Json | None, trace: Trace, what: str, lane: str
    ) -> Answer:
        """Send one request; return any answer that is final.

        Raises:
            GraphUnavailable: there was none, or it is not final.
        """
        self._refuse_early(lane, what)
        information = RequestInformation(method)
        information.url = self._url + path
        information.headers.add("Accept", "application/json")
        information.headers.add("client-request-id", trace.correlation_id)
        if body is not None:
            information.set_stream_content(json.dumps(body).encode(), "application/json")
        information.add_request_options([_NATIVE])
        try:
            response = cast(
                "httpx.Response",
                await self._adapter.send_primitive_async(information, "bytes", {}),
            )
        except (httpx.HTTPError, aiohttp.ClientError, AzureError) as error:
            # The chain would carry the client's own texts into logs.
            raise GraphUnavailable(f"{what} ({type(error).__name__})") from None
        answer = Answer(response.status_code, response.headers, json_object(response.content))
        if answer.request_id:
            trace.graph_request_ids.append(answer.request_id)
        if answer.status in _TRANSIENT:
            self._note(answer, lane)
            raise answer.unavailable(what)
        return answer

    def _refuse_early(self, lane: str, what: str) -> None:
        """Raise in place of a call that Graph has asked not to make yet."""
        remaining = self._gates[lane].remaining()
        if remaining:
            raise GraphUnavailable(f"{what}, too early", retry_after=remaining)

    def _note(self, answer: Answer, lane: str) -> None:
        if answer.status == _THROTTLED:
            self._gates[lane].close(answer.retry_after)
            if lane == _INVITATIONS:
                self._pace.refused()
        elif answer.status == _UNAVAILABLE and answer.retry_after:
            self._gates[lane].close(answer.retry_after)
