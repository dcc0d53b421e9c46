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

import httpx
from azure.core.exceptions import AzureError
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

from converters import directory
from converters.errors import GraphRefused, GraphUnavailable
from converters.model import AddressFacts, DomainFacts, Invitation, TenantFacts, Unread
from converters.remembered import Remembered

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from azure.core.credentials_async import AsyncTokenCredential

    from converters.addresses import EmailAddress
    from converters.directory import Json, Read
    from converters.model import User

T = TypeVar("T")

_TRANSIENT = frozenset({408, 429, 500, 502, 503, 504})
_TIMEOUT = httpx.Timeout(30, connect=10)
_LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=100)
_NATIVE = ResponseHandlerOption(NativeResponseHandler())
_CREATED = 201


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


class Graph:
    """A client of one tenant's Microsoft Graph; one per worker, made inside the running loop.

    Args:
        base_url: Graph's root, without a version.
        credential: for the access token; ``None`` for the emulator on loopback alone.
        facts_seconds: how long tenant and domain facts are kept.
    """

    def __init__(
        self, base_url: str, credential: AsyncTokenCredential | None, facts_seconds: float
    ) -> None:
        self._url = f"{base_url}/v1.0"
        telemetry = cast(
            "GraphTelemetryHandlerOption", options[GraphTelemetryHandlerOption.get_key()]
        )
        self._client = GraphClientFactory.create_with_custom_middleware(
            [GraphTelemetryHandler(telemetry)],
            client=httpx.AsyncClient(base_url=self._url, timeout=_TIMEOUT, limits=_LIMITS),
        )
        self._adapter = GraphRequestAdapter(
            AzureIdentityAuthenticationProvider(credential, scopes=[f"{base_url}/.default"])
            if credential
            else AnonymousAuthenticationProvider(),
            self._client,
        )
        # Spans must not carry what could identify a person.
        self._adapter.observability_options = ObservabilityOptions(include_euii_attributes=False)
        self._tenant: Remembered[TenantFacts] = Remembered(facts_seconds, _is_whole)
        self._domains: Remembered[DomainFacts] = Remembered(facts_seconds, _is_whole)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def users_named(self, name: str, correlation_id: str) -> tuple[str, ...] | Unread:
        """Return the ids of the users with a userPrincipalName: none or one."""
        read = directory.users_named(name)
        return _fact(read, await self._batch([read], correlation_id))

    async def users_addressed(self, address: str, correlation_id: str) -> tuple[str, ...] | Unread:
        """Return the ids of the users whose ``mail`` or ``otherMails`` holds an address."""
        read = directory.users_addressed(address)
        return _fact(read, await self._batch([read], correlation_id))

    async def user_and_address(
        self, user_id: str, address: EmailAddress | None, correlation_id: str
    ) -> tuple[User | Unread | None, AddressFacts | None]:
        """Read one user, and who holds the address, in one round trip."""
        user = directory.user(user_id)
        if address is None:
            return _fact(user, await self._batch([user], correlation_id)), None
        users, contacts = (
            directory.user_holders(address.key),
            directory.contact_holders(address.key),
        )
        answers = await self._batch([user, users, contacts], correlation_id)
        return _fact(user, answers), AddressFacts(_fact(users, answers), _fact(contacts, answers))

    async def address_facts(self, address: EmailAddress, correlation_id: str) -> AddressFacts:
        """Read who holds an address."""
        users, contacts = (
            directory.user_holders(address.key),
            directory.contact_holders(address.key),
        )
        answers = await self._batch([users, contacts], correlation_id)
        return AddressFacts(_fact(users, answers), _fact(contacts, answers))

    async def tenant_facts(self, correlation_id: str) -> TenantFacts:
        """Return what holds for this tenant, read at most every few minutes."""

        async def load() -> TenantFacts:
            domains, invites = directory.verified_domains(), directory.allow_invites_from()
            answers = await self._batch([domains, invites], correlation_id)
            return TenantFacts(_fact(domains, answers), _fact(invites, answers))

        return await self._tenant.get("", load)

    async def domain_facts(self, domain: str, correlation_id: str) -> DomainFacts:
        """Return what holds for an external domain, read at most every few minutes."""

        async def load() -> DomainFacts:
            federation, home = directory.direct_federation(domain), directory.home_tenant(domain)
            answers = await self._batch([federation, home], correlation_id)
            return DomainFacts(_fact(federation, answers), _fact(home, answers))

        return await self._domains.get(domain, load)

    async def invite(self, body: Json, correlation_id: str) -> Invitation:
        """Make the invitation: the one call of this product that changes anything.

        Raises:
            GraphRefused: Graph says no for good.
            GraphUnavailable: nothing is known; the invitation may or may not have been made.
        """
        what = "inviting the user"
        answer = await self._send(Method.POST, "/invitations", body, correlation_id, what)
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
            raise GraphUnavailable(what, answer.status, None, answer.request_id) from None

    async def _batch(self, reads: Sequence[Read[Any]], correlation_id: str) -> dict[str, Answer]:
        """Send reads as one ``$batch``; return the answers by what was read.

        Raises:
            GraphUnavailable: the batch, or any item of it, was throttled or failed for a while.
        """
        items = [
            {"id": read.what, "method": "GET", "url": read.path, "headers": dict(read.headers)}
            for read in reads
        ]
        what = "reading " + ", ".join(read.what for read in reads)
        body = {"requests": items}
        whole = await self._send(Method.POST, "/$batch", body, correlation_id, what)
        if whole.status != 200:  # noqa: PLR2004
            return {read.what: whole for read in reads}
        try:
            answers = {
                item["id"]: Answer(
                    item["status"],
                    {name.lower(): value for name, value in (item.get("headers") or {}).items()},
                    item.get("body") or {},
                )
                for item in whole.body["responses"]
            }
        except (KeyError, TypeError, AttributeError):
            raise GraphUnavailable(what, whole.status, None, whole.request_id) from None
        if absent := [read.what for read in reads if read.what not in answers]:
            raise GraphUnavailable(f"no answer about {', '.join(absent)}", whole.status)
        for about, answer in answers.items():
            _raise_if_transient(f"reading {about}", answer)
        return answers

    async def _send(
        self, method: Method, path: str, body: Json, correlation_id: str, what: str
    ) -> Answer:
        """Send one request; return any answer that is final.

        Raises:
            GraphUnavailable: there was none, or it is not final.
        """
        information = RequestInformation(method)
        information.url = self._url + path
        information.headers.add("Accept", "application/json")
        information.headers.add("client-request-id", correlation_id)
        information.set_stream_content(json.dumps(body).encode(), "application/json")
        information.add_request_options([_NATIVE])
        try:
            response = cast(
                "httpx.Response",
                await self._adapter.send_primitive_async(information, "bytes", {}),
            )
        except (httpx.HTTPError, AzureError) as error:
            # The chain would carry the client's own texts into logs.
            raise GraphUnavailable(f"{what} ({type(error).__name__})") from None
        answer = Answer(response.status_code, response.headers, _json_object(response.content))
        _raise_if_transient(what, answer)
        return answer


def _json_object(content: bytes) -> Json:
    """Return the body; empty where it is none, as a gateway's HTML page is."""
    try:
        parsed = json.loads(content)
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _fact(read: Read[T], answers: Mapping[str, Answer]) -> T | Unread:
    answer = answers[read.what]
    try:
        return read.fact(answer.status, answer.body)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise GraphUnavailable(
            f"reading {read.what}", answer.status, None, answer.request_id
        ) from None


def _raise_if_transient(what: str, answer: Answer) -> None:
    if answer.status in _TRANSIENT:
        raise GraphUnavailable(what, answer.status, answer.retry_after, answer.request_id)


def _is_whole(facts: TenantFacts | DomainFacts) -> bool:
    """Tell whether every fact was read; a consent that is given now must count at once."""
    return not any(
        isinstance(getattr(facts, name), Unread) for name in type(facts).__dataclass_fields__
    )
