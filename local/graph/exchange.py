"""A request that reached Graph, alone or inside a ``$batch``, and the answer to it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.graph.errors import GraphError
    from local.graph.schema import Json

JSON_TYPE = (
    "application/json; odata.metadata=minimal;odata.streaming=true;"
    "IEEE754Compatible=false;charset=utf-8"
)
ODATA_HEADERS = {"Cache-Control": "no-cache", "OData-Version": "4.0"}


@dataclass(frozen=True, slots=True)
class Call:
    """One request.

    Attributes:
        method: in upper case.
        version: ``v1.0`` or ``beta``.
        target: path and query below the version, percent-encoded, with its leading slash.
        headers: by name in lower case.
        body: what the JSON says; ``None`` for none.
        request_id, client_request_id: as the answer's headers name them.
        in_batch: whether it is an item of a ``$batch``.
    """

    method: str
    version: str
    target: str
    headers: Mapping[str, str]
    body: object
    request_id: str
    client_request_id: str
    in_batch: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; a text for a body is no JSON, as a gateway's HTML page is none."""

    status: int
    body: Json | str | None
    headers: Mapping[str, str] = field(default_factory=dict)


def refusal(error: GraphError, call: Call, headers: Mapping[str, str] | None = None) -> Answer:
    """Return the answer that carries an error."""
    inner = {
        "date": timestamp().removesuffix("Z"),
        "request-id": call.request_id,
        "client-request-id": call.client_request_id,
    }
    body = {"error": {"code": error.code, "message": error.message, "innerError": inner}}
    after = {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}
    return Answer(error.status, body, {"Cache-Control": "no-cache", **(headers or {}), **after})


def timestamp() -> str:
    """Return now as Graph writes it: UTC, to the second."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
