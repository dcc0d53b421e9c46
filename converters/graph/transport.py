"""HTTP to Microsoft Graph: msgraph-sdk's request adapter, used leanly.

The adapter brings authentication (continuous access evaluation included), tracing and the HTTP
client. Its typed models stay out, since one typed user costs over a second to parse the first
time; bodies are plain JSON. So do its retries: a message that meets a throttled Graph goes back to
the queue, and a POST that may have worked must never be repeated blindly.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

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

from converters.graph.responses import Response, json_object
from converters.model.errors import GraphUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure.core.credentials_async import AsyncTokenCredential

    from converters.graph.read import Json
    from converters.model.trace import Trace

_TIMEOUT = httpx.Timeout(30, connect=10)
_LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=100)
_NATIVE = ResponseHandlerOption(NativeResponseHandler())


class Transport:
    """Sends requests to one Graph; one per worker, made inside the running loop.

    Args:
        base_url: Graph's root, without a version.
        credential: for the access token; ``None`` for the emulator on loopback alone.
        headers: what goes along with every request.
    """

    def __init__(
        self,
        base_url: str,
        credential: AsyncTokenCredential | None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.base_url, self._headers = base_url, dict(headers or {})
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

    async def get(self, path: str, what: str, trace: Trace) -> Response:
        """Send a GET; ``path`` begins with the version.

        Raises:
            GraphUnavailable: there was no answer.
        """
        return await self._send(RequestInformation(Method.GET), path, what, trace)

    async def post(self, path: str, body: Json, what: str, trace: Trace) -> Response:
        """Send a POST, likewise."""
        return await self._send(_with_body(Method.POST, body), path, what, trace)

    async def post_text(self, path: str, text: bytes, what: str, trace: Trace) -> Response:
        """Send a POST whose body is plain text, likewise."""
        information = RequestInformation(Method.POST)
        information.set_stream_content(text, "text/plain")
        return await self._send(information, path, what, trace)

    async def patch(self, path: str, body: Json, what: str, trace: Trace) -> Response:
        """Send a PATCH, likewise."""
        return await self._send(_with_body(Method.PATCH, body), path, what, trace)

    async def put(self, path: str, body: Json, what: str, trace: Trace) -> Response:
        """Send a PUT, likewise."""
        return await self._send(_with_body(Method.PUT, body), path, what, trace)

    async def delete(self, path: str, what: str, trace: Trace) -> Response:
        """Send a DELETE, likewise."""
        return await self._send(RequestInformation(Method.DELETE), path, what, trace)

    async def _send(
        self, information: RequestInformation, path: str, what: str, trace: Trace
    ) -> Response:
        information.url = self.base_url + path
        information.headers.add("Accept", "application/json")
        information.headers.add("client-request-id", trace.correlation_id)
        for name, value in self._headers.items():
            information.headers.add(name, value)
        information.add_request_options([_NATIVE])
        try:
            response = cast(
                "httpx.Response",
                await self._adapter.send_primitive_async(information, "bytes", {}),
            )
        except (httpx.HTTPError, aiohttp.ClientError, AzureError) as error:
            # The chain would carry the client's own texts into logs.
            raise GraphUnavailable(f"{what} ({type(error).__name__})") from None
        answer = Response(response.status_code, response.headers, json_object(response.content))
        if answer.request_id:
            trace.graph_request_ids.append(answer.request_id)
        return answer


def _with_body(method: Method, body: Json) -> RequestInformation:
    information = RequestInformation(method)
    information.set_stream_content(json.dumps(body).encode(), "application/json")
    return information
