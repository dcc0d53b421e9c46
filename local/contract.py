"""The published contract, generated from the code: JSON Schemas (2020-12) and AsyncAPI 3.

``python -m local contract`` writes ``docs/contract``; a test holds the files equal to the code.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from converters.model.event import Lifecycle
from converters.model.outcome import Status
from converters.settings.reader import GUID
from converters.wire.envelopes import SOURCE
from converters.wire.events import CHANGES, DELETED, USER_DELETED, USER_UPDATED
from converters.wire.outcomes import DATA_SCHEMA, OutcomeBody, event_type
from converters.wire.requests import RequestBody

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "contract"
DIALECT = "https://json-schema.org/draft/2020-12/schema"
REQUEST_SCHEMA = "urn:b2b-conversion:request:1"
USER_EVENTS = [USER_UPDATED, USER_DELETED]
TEXT = {"type": "string", "minLength": 1}


def documents() -> dict[str, str]:
    """Return every generated file's content by its name."""
    files = {
        "request.schema.json": request_schema(),
        "outcome.schema.json": outcome_schema(),
        "asyncapi.json": asyncapi(),
    }
    return {name: json.dumps(content, indent=2) + "\n" for name, content in files.items()}


def write() -> None:
    """Write the generated files."""
    for name, content in documents().items():
        (FOLDER / name).write_text(content)


def request_schema() -> dict[str, Any]:
    """Return the schema of a request, unwrapped."""
    return {
        "$schema": DIALECT,
        "$id": REQUEST_SCHEMA,
        **RequestBody.model_json_schema(by_alias=True),
    }


def outcome_schema() -> dict[str, Any]:
    """Return the schema of an outcome: the whole CloudEvent."""
    data = OutcomeBody.model_json_schema(by_alias=True, mode="serialization")
    definitions = data.pop("$defs")
    return {
        "$schema": DIALECT,
        "$id": DATA_SCHEMA,
        "title": "Outcome",
        "description": "One CloudEvent 1.0 (structured JSON) for each step of a request's story.",
        "type": "object",
        "required": ["specversion", "id", "source", "type", "time", "dataschema", "data"],
        "properties": {
            "specversion": {"const": "1.0"},
            "id": {
                "type": "string",
                "format": "uuid",
                "description": "The same for every delivery of the same step of a request.",
            },
            "source": {"const": SOURCE},
            "type": {"enum": [event_type(status) for status in Status]},
            "time": {"type": "string", "format": "date-time"},
            "datacontenttype": {"const": "application/json"},
            "dataschema": {"const": DATA_SCHEMA},
            "subject": {
                "type": "string",
                "description": "The user's object id, where it is known.",
            },
            "data": data,
        },
        "$defs": definitions,
    }


def asyncapi() -> dict[str, Any]:
    """Return the AsyncAPI 3 document of both queues."""
    messages = {
        "request": _message("A request", {"$ref": "./request.schema.json"}),
        "wrappedRequest": _message("A request in a CloudEvent", _cloud_event()),
        "userEvent": _message("A user was created, updated or deleted (CloudEvent)", _user_event()),
        "userEventGridEvent": _message("The same in Event Grid's schema", _event_grid_event()),
        "lifecycleEvent": _message("Something is so of the subscription", _lifecycle_event()),
        "outcome": _message("An outcome", {"$ref": "./outcome.schema.json"}, "data/requestId"),
    }
    incoming = [name for name in messages if name != "outcome"]
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Convert internal users to B2B collaboration",
            "version": "1.0.0",
            "description": "Requests in, outcomes out, over two Azure Storage queues. Both may be"
            " delivered more than once; an outcome's id tells repetitions.",
        },
        "defaultContentType": "application/json",
        "channels": {
            "requests": _channel("conversion-requests", "REQUESTS_QUEUE", incoming),
            "results": _channel("conversion-results", "RESULTS_QUEUE", ["outcome"]),
        },
        "operations": {
            "takeRequest": _operation("receive", "requests", incoming),
            "sendOutcome": _operation("send", "results", ["outcome"]),
        },
        "components": {"messages": messages},
    }


def _message(title: str, payload: dict[str, Any], correlation: str = "requestId") -> dict[str, Any]:
    return {
        "title": title,
        "contentType": "application/json",
        "correlationId": {"location": f"$message.payload#/{correlation}"},
        "payload": payload,
    }


def _channel(address: str, setting: str, messages: list[str]) -> dict[str, Any]:
    return {
        "address": address,
        "description": f"A Storage queue; {setting} names it. JSON, plain (or base64, inwards).",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
    }


def _operation(action: str, channel: str, messages: list[str]) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "messages": [{"$ref": f"#/channels/{channel}/messages/{name}"} for name in messages],
    }


def _cloud_event() -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["specversion", "id", "source", "type", "data"],
        "properties": {
            "specversion": {"const": "1.0"},
            "id": {**TEXT, "description": "The requestId, where the request has none."},
            "source": TEXT,
            "type": TEXT,
            "traceparent": {"type": "string", "description": "W3C trace context."},
            "data": {"$ref": "./request.schema.json"},
        },
    }


def _user_event() -> dict[str, Any]:
    event = _cloud_event()
    event["properties"] |= {"type": {"enum": USER_EVENTS}, "data": _user_data()}
    return event


def _lifecycle_event() -> dict[str, Any]:
    event = _cloud_event()
    event["properties"]["data"] = {
        "type": "object",
        "properties": {
            "lifecycleEvent": {"enum": list(Lifecycle)},
            "clientState": {"type": "string"},
            "subscriptionId": _id(),
        },
    }
    return event


def _event_grid_event() -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["id", "eventType", "data"],
        "properties": {
            "id": TEXT,
            "eventType": {"enum": USER_EVENTS},
            "subject": {"type": "string"},
            "data": _user_data(),
        },
    }


def _user_data() -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            "changeType": {"enum": [*CHANGES, DELETED]},
            "clientState": {
                "type": "string",
                "description": "Compared with EVENTS_CLIENT_STATE, where that is set.",
            },
            "resource": {"type": "string", "description": "Users/{object id}"},
            "resourceData": {
                "type": "object",
                "properties": {
                    "id": _id(),
                    "organizationId": _id("Compared with TENANT_ID, where that is set."),
                    "sequenceNumber": {"type": ["string", "integer"]},
                },
            },
            "subscriptionId": _id(),
            "tenantId": _id("Compared with TENANT_ID, where that is set."),
        },
    }


def _id(description: str = "") -> dict[str, Any]:
    told = {"description": description} if description else {}
    return {"type": "string", "pattern": f"^{GUID.pattern}$", **told}
