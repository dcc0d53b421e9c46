"""The only place that talks to Table storage: its REST API over azure-core's pipeline.

Three calls are made for every conversion, and may cost a millisecond of CPU together: by the
pipeline alone, on which azure-data-tables stands too, each costs a third of one, but half of one
with that library's serialisers. What goes over the wire is held equal to the library's by a test.

Source: "Table service REST API" (Insert, Merge, Get and Delete Entity; payload format; status and
error codes), "Authorize with Shared Key" (Shared Key Lite).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import formatdate
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote, urlsplit

from azure.core import AsyncPipelineClient
from azure.core.credentials import AzureSasCredential
from azure.core.pipeline.policies import (
    AsyncBearerTokenCredentialPolicy,
    AsyncRetryPolicy,
    AzureSasCredentialPolicy,
    SansIOHTTPPolicy,
)
from azure.core.rest import AsyncHttpResponse, HttpRequest

from converters.storage import table_access

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential
    from azure.core.pipeline import PipelineRequest
    from azure.core.pipeline.policies import AsyncHTTPPolicy

    from converters.storage import Storage

    Policy = SansIOHTTPPolicy[Any, Any] | AsyncHTTPPolicy[Any, Any]

Values = dict[str, Any]

_SCOPE = "https://storage.azure.com/.default"
_HEADERS = {
    "Accept": "application/json;odata=minimalmetadata",
    "Content-Type": "application/json",
    "DataServiceVersion": "3.0",
    "Prefer": "return-no-content",
    "x-ms-version": "2019-02-02",
}
_OPTIONS: dict[str, Any] = {
    "connection_timeout": 20,
    "read_timeout": 60,
    # As for queues.
    "use_env_settings": False,
}
_NOT_SUCCESSFUL = 300
# What a path may hold as it is: aiohttp would send it so, whatever was signed (RFC 3986, 3.3).
_PLAIN = "!$&'()*+,;=:@"
_TYPE, _TIME = "@odata.type", "Edm.DateTime"


@dataclass(frozen=True, slots=True)
class Reply:
    """What the service answered.

    Attributes:
        status: HTTP's.
        code: the service's error code, empty where the call succeeded.
        etag: of the row, where the answer has one.
        values: the row's, where one was asked for.
    """

    status: int
    code: str = ""
    etag: str = ""
    values: Values = field(default_factory=dict)


class Table:
    """A table; one per worker, made inside the running loop.

    Every method raises AzureError where there was no answer.

    Args:
        storage: where the table is.
        name: its name.
        credential: used with ``storage.table_service_uri``.
    """

    def __init__(
        self, storage: Storage, name: str, credential: AsyncTokenCredential | None
    ) -> None:
        endpoint, authentication = _reached(storage, credential)
        self._url = f"{endpoint.rstrip('/')}/{name}"
        # A request that meets a table that is away waits in its queue, not here. What is sent
        # again is dated and signed anew.
        retries = AsyncRetryPolicy(retry_total=2, retry_backoff_factor=0.2)
        self._client: AsyncPipelineClient[HttpRequest, AsyncHttpResponse] = AsyncPipelineClient(
            endpoint, policies=[retries, _Dated(), authentication], **_OPTIONS
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def insert(self, values: Values) -> Reply:
        """Insert a row, whose keys are among its values."""
        return await self._sent("POST", self._url, values=values)

    async def merge(self, values: Values, etag: str) -> Reply:
        """Change values of a row that is as it was read."""
        url = self._row_url(values["PartitionKey"], values["RowKey"])
        return await self._sent("PATCH", url, etag, values)

    async def get(self, partition: str, row: str) -> Reply:
        """Read a row."""
        return await self._sent("GET", self._row_url(partition, row))

    async def delete(self, partition: str, row: str, etag: str) -> Reply:
        """Delete a row that is as it was read."""
        return await self._sent("DELETE", self._row_url(partition, row), etag)

    def _row_url(self, partition: str, row: str) -> str:
        return f"{self._url}(PartitionKey='{_quoted(partition)}',RowKey='{_quoted(row)}')"

    async def _sent(
        self,
        method: str,
        url: str,
        etag: str | None = None,
        values: Values | None = None,
    ) -> Reply:
        headers = {**_HEADERS, "If-Match": etag} if etag else _HEADERS
        content = json.dumps(_encoded(values)) if values else None
        request = HttpRequest(method, url, headers=headers, content=content)
        answer = await self._client.send_request(request)
        status, body = answer.status_code, _object(answer.content)
        if status >= _NOT_SUCCESSFUL:
            return Reply(status, code=_code(answer, body))
        return Reply(status, etag=answer.headers.get("ETag", ""), values=_decoded(body))


class _Dated(SansIOHTTPPolicy[HttpRequest, AsyncHttpResponse]):
    """Says when a request is sent, as the service asks of every one."""

    def on_request(self, request: PipelineRequest[HttpRequest]) -> None:
        """Write the time down."""
        request.http_request.headers["x-ms-date"] = formatdate(usegmt=True)


class _SharedKeyLite(SansIOHTTPPolicy[HttpRequest, AsyncHttpResponse]):
    """Signs requests with the account's key."""

    def __init__(self, account: str, key: bytes) -> None:
        super().__init__()
        self._account, self._key = account, key

    def on_request(self, request: PipelineRequest[HttpRequest]) -> None:
        """Sign the time and the path."""
        sent = request.http_request
        signed = f"{sent.headers['x-ms-date']}\n/{self._account}{urlsplit(sent.url).path}"
        digest = hmac.new(self._key, signed.encode(), hashlib.sha256).digest()
        signature = base64.b64encode(digest).decode()
        sent.headers["Authorization"] = f"SharedKeyLite {self._account}:{signature}"


def _reached(storage: Storage, credential: AsyncTokenCredential | None) -> tuple[str, Policy]:
    if storage.connection_string:
        access = table_access(storage.connection_string)
        if access.key:
            return access.endpoint, _SharedKeyLite(access.account, access.key)
        return access.endpoint, AzureSasCredentialPolicy(AzureSasCredential(access.signature))
    held = cast("AsyncTokenCredential", credential)
    return storage.table_service_uri or "", AsyncBearerTokenCredentialPolicy(held, _SCOPE)


def _quoted(key: str) -> str:
    return quote(key.replace("'", "''"), safe=_PLAIN)


def _encoded(values: Values) -> Values:
    encoded: Values = {}
    for name, value in values.items():
        if isinstance(value, datetime):
            encoded[name] = value.isoformat().replace("+00:00", "Z")
            encoded[name + _TYPE] = _TIME
        else:
            encoded[name] = value
    return encoded


def _decoded(body: Values) -> Values:
    return {
        name: datetime.fromisoformat(value) if body.get(name + _TYPE) == _TIME else value
        for name, value in body.items()
        if "odata." not in name
    }


def _object(content: bytes) -> Values:
    try:
        body = json.loads(content or b"{}")
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _code(answer: AsyncHttpResponse, body: Values) -> str:
    error = body.get("odata.error")
    code = error.get("code") if isinstance(error, dict) else None
    return str(code or answer.headers.get("x-ms-error-code") or answer.status_code)
