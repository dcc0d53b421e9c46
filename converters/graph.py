"""The only place that talks to Microsoft Graph: msgraph-sdk's request adapter, used leanly.

The adapter brings authentication (continuous access evaluation included), tracing and the HTTP
client. Its typed models stay out, since one typed user costs over a second to parse the first
time; bodies are plain JSON. So do its retries: a message that meets a throttled Graph goes back to
the queue, and a POST that may have worked must never be repeated blindly.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
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

from converters.errors import GraphRefused, GraphUnavailable
from converters.model import Invitation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from azure.core.credentials_async import AsyncTokenCredential

    from converters.directory import Json, Read
    from converters.facts import Unread
    from converters.trace import Trace

T = TypeVar("T")

_OK, _CREATED = 200, 201
_TRANSIENT = frozenset({408, 429, 500, 502, 503, 504})
_TIMEOUT = httpx.Timeout(30, connect=10)
_LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=100)
_NATIVE = ResponseHandlerOption(NativeResponseHandler())


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer, or one item's answer inside a ``$batch``; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: Json

    @property
    def request_id(self) -> str | None:
        """Graph's own id of the call, for Microsoft's support."""
        return self.headers.get("request-id")

    @property
    def retry_after(self) -> float | None:
        """Seconds to wait; Graph sends a number, never a date."""
        text = self.headers.get("retry-after", "")
        return float(text) if text.isdigit() else None

    def error(self) -> tuple[str, str]:
        """Return Graph's error code and message, empty where the body has none."""
        error = self.body.get("error")
        if not isinstance(error, dict):
            return "", ""
        return str(error.get("code") or ""), str(error.get("message") or "")

    def unavailable(self, what: str) -> GraphUnavailable:
        """Return the error for an answer that concludes nothing."""
        return GraphUnavailable(what, self.status, self.retry_after, self.request_id)


class Answers:
    """The answers of one batch, by what was read."""

    def __init__(self, answers: Mapping[str, Answer]) -> None:
        self._answers = answers

    def fact(self, read: Read[T]) -> T | Unread:
        """Return what a read found.

        Raises:
            GraphUnavailable: the answer makes no sense.
        """
        answer = self._answers[read.what]
        try:
            return read.fact(answer.status, answer.body)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise answer.unavailable(f"reading {read.what}") from None


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
        # Spans must not carry what could identify a person.
        self._adapter.observability_options = ObservabilityOptions(include_euii_attributes=False)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()
        await self._transport.aclose()

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
        whole = await self._send(Method.POST, "/v1.0/$batch", {"requests": items}, trace, what)
        if whole.status != _OK:
            return Answers({read.what: whole for read in reads})
        try:
            by_id = {item["id"]: _item(item) for item in whole.body["responses"]}
            answers = {read.what: by_id[str(number)] for number, read in enumerate(reads)}
        except (KeyError, TypeError, AttributeError):
            raise whole.unavailable(what) from None
        for about, answer in answers.items():
            if answer.status in _TRANSIENT:
                raise answer.unavailable(f"reading {about}")
        return Answers(answers)

    async def invite(self, body: Json, trace: Trace) -> Invitation:
        """Make the invitation: the one call of this product that changes anything.

        Raises:
            GraphRefused: Graph says no for good.
            GraphUnavailable: nothing is known; the invitation may or may not have been made.
        """
        what = "inviting the user"
        answer = await self._send(Method.POST, "/v1.0/invitations", body, trace, what)
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
        answer = await self._send(Method.GET, path, None, trace, what)
        return Answers({read.what: answer}).fact(read)

    async def _send(
        self, method: Method, path: str, body: Json | None, trace: Trace, what: str
    ) -> Answer:
        """Send one request; return any answer that is final.

        Raises:
            GraphUnavailable: there was none, or it is not final.
        """
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
        answer = Answer(response.status_code, response.headers, _json_object(response.content))
        if answer.request_id:
            trace.graph_request_ids.append(answer.request_id)
        if answer.status in _TRANSIENT:
            raise answer.unavailable(what)
        return answer


def _item(item: Json) -> Answer:
    headers = {name.lower(): value for name, value in (item.get("headers") or {}).items()}
    return Answer(item["status"], headers, item.get("body") or {})


def _json_object(content: bytes) -> Json:
    """Return the body; empty where it is none, as a gateway's HTML page is."""
    try:
        parsed = json.loads(content)
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}
