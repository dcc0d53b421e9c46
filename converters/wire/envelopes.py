"""What a request may come wrapped in, and what it is wrapped in to wait. Pure.

- a CloudEvent 1.0 (structured JSON) whose ``data`` is the request;
- a directory's event about a user (``converters.wire.events``), as a CloudEvent or in Event Grid's
  own schema: the request is then to convert that user, with the address that the directory holds;
- one that asks for nothing: a user is gone for good, or it is about the subscription itself;
- our own ``B2BConversion.Deferred``, in which a request waits for a better time.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from converters.model.errors import Fault
from converters.model.event import Notice
from converters.model.request import Waits
from converters.settings.reader import GUID
from converters.wire import encodings, events
from converters.wire.decoding import NOT_A_REQUEST
from converters.wire.faults import invalid, missing
from converters.wire.properties import written
from converters.wire.telling import found
from converters.wire.ticket import usable_id
from converters.wire.waits import read_waits, written_waits

if TYPE_CHECKING:
    from converters.model.event import Lifecycle, Origin
    from converters.model.request import ConversionRequest

DEFERRED = "B2BConversion.Deferred"
SOURCE = "urn:b2b-conversion"
_ID, _TEXT = "a text of 1 to 128 letters, digits and ._~:/=+-,", "a text that is not empty"
# A URI reference, as CloudEvents has it; an outcome has to have room for it.
_SOURCE = re.compile(r"[^\s\x00-\x1f\x7f]{1,512}")


@dataclass(slots=True)
class Envelope:
    """A message's request, and what the wrapping adds to it.

    Attributes:
        request: the request's properties, still to be validated.
        id: the id to use where the request has none.
        traceparent: the W3C trace context, still to be validated.
        from_event: whether a directory's event, and not a person, asks.
        waits: what a request that has waited carries along.
        correlation_id: the one it had before it waited.
        source: the event's, which tells its id from another system's.
        faults: what is wrong with the wrapping.
        holds_request: whether there is a request to validate.
        origin: where a directory's event says that it comes from.
        notice: the event as a whole, where it asks for no conversion.
    """

    request: dict[str, Any]
    id: str
    faults: list[Fault]
    source: str | None = None
    holds_request: bool = True
    traceparent: object = None
    from_event: bool = False
    waits: Waits = field(default_factory=Waits)
    correlation_id: str | None = None
    origin: Origin | None = None
    notice: Notice | None = None


def unwrap(value: dict[str, Any], fallback_id: str) -> Envelope:
    """Take the wrapping off, if there is one; faults are collected, not raised."""
    if "specversion" in value:
        envelope = _event(value, fallback_id, ("id", "source", "type"))
        _take_source(envelope, value, "source")
        envelope.traceparent = value.get("traceparent")
        if value["specversion"] != "1.0":
            envelope.faults.insert(0, invalid("specversion", value["specversion"], '"1.0"'))
        return _of_type(envelope, value, value.get("type"))
    if "eventType" in value:
        envelope = _event(value, fallback_id, ("id", "eventType"))
        _take_source(envelope, value, "topic")
        return _of_type(envelope, value, value["eventType"])
    return Envelope(value, fallback_id, [])


def deferred(request: ConversionRequest) -> bytes:
    """Write a request down so that it can wait; its size is bounded by what a request may hold."""
    event = {
        "specversion": "1.0",
        "id": request.request_id,
        "source": SOURCE,
        "type": DEFERRED,
        "data": {
            "request": written(request),
            "fromEvent": request.from_event,
            "source": request.source,
            "correlationId": request.correlation_id,
            "waits": written_waits(request.waits),
        },
    }
    return json.dumps(event, separators=(",", ":")).encode("ascii")


def _event(value: dict[str, Any], fallback_id: str, names: tuple[str, ...]) -> Envelope:
    faults = []
    for name in names:
        if name not in value:
            faults.append(missing(name, _TEXT))
        elif not isinstance(value[name], str) or not value[name]:
            faults.append(invalid(name, value[name], _TEXT))
    if isinstance(value.get("id"), str) and value["id"] and not usable_id(value["id"]):
        faults.append(invalid("id", value["id"], _ID))
    data = value.get("data")
    id_ = usable_id(value.get("id")) or fallback_id
    if isinstance(data, dict):
        return Envelope(data, id_, faults)
    # Not validated, but whose request it is may be told from it.
    text = value.get("data_base64") if data is None else data
    inside = encodings.recognised(text).value if isinstance(text, str) else None
    what = found(data) if "data" in value else "missing"
    if inside is not None:
        what = "a text that holds the request" if data else "in data_base64"
    problem = f"is {what}, where the request itself, a JSON object, is wanted"
    faults.append(Fault(NOT_A_REQUEST, "data", problem))
    return Envelope(inside or {}, id_, faults, holds_request=False)


def _take_source(envelope: Envelope, value: dict[str, Any], name: str) -> None:
    source = value.get(name)
    if not isinstance(source, str) or not source:
        return
    if _SOURCE.fullmatch(source):
        envelope.source = source
    else:
        wanted = "a text of at most 512 characters, without spaces or control characters,"
        envelope.faults.append(invalid(name, source, wanted))


def _of_type(envelope: Envelope, value: dict[str, Any], type_: object) -> Envelope:
    lifecycle = events.lifecycle_of(type_, envelope.request)
    is_event = lifecycle is not None or events.is_graphs(type_)
    if "specversion" not in value and isinstance(type_, str) and not is_event:
        envelope.faults.append(_unknown_type("eventType", type_))
    if type_ == DEFERRED:
        _take_waiting_request(envelope)
    elif is_event:
        _take_event(envelope, value, type_, lifecycle)
    return envelope


def _take_event(
    envelope: Envelope, value: dict[str, Any], type_: object, lifecycle: Lifecycle | None
) -> None:
    data, envelope.from_event = envelope.request, True
    envelope.origin = events.origin_of(value, data)
    if lifecycle or events.says_deleted(type_, data):
        user_id = None if lifecycle else events.user_of(value, data)
        envelope.notice = Notice(envelope.id, envelope.origin, envelope.source, user_id, lifecycle)
        return
    if not events.is_of_user(type_):
        name = "type" if "specversion" in value else "eventType"
        envelope.faults.append(_unknown_type(name, type_))
    _take_user(envelope, value)


def _take_waiting_request(envelope: Envelope) -> None:
    data = envelope.request
    request, waits = data.get("request"), read_waits(data.get("waits"))
    correlation_id = data.get("correlationId")
    if not isinstance(request, dict) or waits is None or not isinstance(correlation_id, str):
        problem = "is not what this service writes for a request that waits, where that is wanted"
        envelope.faults.append(Fault(NOT_A_REQUEST, "data", problem))
        envelope.holds_request = False
        return
    source = data.get("source")
    envelope.source = source if isinstance(source, str) and _SOURCE.fullmatch(source) else None
    envelope.request, envelope.waits = request, waits
    envelope.from_event = data.get("fromEvent") is True
    envelope.correlation_id = correlation_id if GUID.fullmatch(correlation_id) else None


def _take_user(envelope: Envelope, value: dict[str, Any]) -> None:
    """Make the request that an event about a user stands for."""
    data = envelope.request
    if events.folded_change(data) not in (None, *events.CHANGES):
        wanted = " or ".join(events.CHANGES)
        envelope.faults.append(invalid("data.changeType", data["changeType"], wanted))
    if user_id := events.user_of(value, data):
        envelope.request = {"invitedUser": {"id": user_id}}
        return
    envelope.holds_request = False
    problem = (
        "names no user, and neither do data.resource and subject, where one object id is wanted"
    )
    envelope.faults.append(Fault("missingProperty", "data.resourceData.id", problem))


def _unknown_type(name: str, value: object) -> Fault:
    return invalid(name, value, f"{events.USER_UPDATED} or {events.USER_DELETED}")
