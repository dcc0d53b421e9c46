"""The request as it stands on the wire: bytes in, ``ConversionRequest`` out. Pure.

The properties are those of Graph's "Create invitation", so that the JSON body in Microsoft's
article is a valid request as it stands; ours beside them are ``requestId``, ``mode``,
``requestedBy`` and ``completion``. ``converters.wire.envelopes`` says what it may come wrapped in.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic.alias_generators import to_camel

from converters.model.errors import Fault, RequestInvalid
from converters.model.request import ConversionRequest, MessageInfo, Mode, Recipient
from converters.settings.reader import GUID
from converters.wire import odata
from converters.wire.completion_body import CompletionBody, completion_of
from converters.wire.decoding import Undecodable, json_object
from converters.wire.envelopes import Envelope, unwrap
from converters.wire.faults import faults_of, faults_of_user, listed
from converters.wire.ticket import REQUEST_ID, as_id, readable, readable_id, usable_id

if TYPE_CHECKING:
    from converters.model.event import Notice

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:b2b-conversion")
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
_LINE = 256
# Far below what Exchange Online takes ("Exchange Online limits", recipients of a message).
MOST_COPIES = 100

Guid = Annotated[str, StringConstraints(pattern=f"^{GUID.pattern}$")]
# No spaces or control characters; whether an address can be invited is for the rules to say.
Address = Annotated[
    str, StringConstraints(pattern=r"^[^\s\x00-\x1f\x7f]+@[^\s\x00-\x1f\x7f]+$", max_length=320)
]
Line = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]+$", max_length=_LINE)]


def _or_number(schema: dict[str, Any]) -> None:
    number = {"type": "integer", "minimum": 0, "exclusiveMaximum": 1e128}
    schema["anyOf"].insert(1, number)


class _Wire(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, alias_generator=to_camel)


class InvitedUser(_Wire):
    """The internal user to convert, by exactly one of its two names."""

    model_config = ConfigDict(
        json_schema_extra={
            **odata.schema(odata.USER),
            "oneOf": [
                {"required": ["id"], "properties": {"id": {"type": "string"}}},
                {
                    "required": ["userPrincipalName"],
                    "properties": {"userPrincipalName": {"type": "string"}},
                },
            ],
        }
    )

    id: Guid | None = Field(None, description="The user's object id.")
    user_principal_name: Address | None = Field(None, description="The user's UPN.")


class EmailAddressBody(_Wire):
    """Graph's ``emailAddress``."""

    model_config = ConfigDict(json_schema_extra=odata.schema(odata.EMAIL_ADDRESS))

    name: Line | None = None
    address: Address | None = None


class RecipientBody(_Wire):
    """Graph's ``recipient``."""

    model_config = ConfigDict(json_schema_extra=odata.schema(odata.RECIPIENT))

    email_address: EmailAddressBody | None


class MessageInfoBody(_Wire):
    """How the invitation mail is written: Graph's ``invitedUserMessageInfo``."""

    model_config = ConfigDict(json_schema_extra=odata.schema(odata.MESSAGE_INFO))

    message_language: (
        Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")] | None
    ) = Field(None, description="The mail's language, as in en-US.")
    cc_recipients: Annotated[list[RecipientBody], Field(max_length=MOST_COPIES)] | None = Field(
        None, description="More readers of the mail; Microsoft's own mail takes one."
    )
    customized_message_body: Annotated[str, StringConstraints(max_length=2000)] | None = Field(
        None, description="Text for the mail; used only where the operator allows it."
    )


class RequestBody(_Wire):
    """A request to convert one internal user to B2B collaboration."""

    model_config = ConfigDict(
        title="ConversionRequest",
        json_schema_extra={
            **odata.schema(odata.INVITATION),
            "anyOf": [
                {"required": ["invitedUser"], "properties": {"invitedUser": {"type": "object"}}},
                {
                    "required": ["invitedUserEmailAddress"],
                    "properties": {"invitedUserEmailAddress": {"type": "string"}},
                },
            ],
        },
    )

    invited_user: InvitedUser | None = Field(
        None, description="The user; may be left out when invitedUserEmailAddress names one."
    )
    invited_user_email_address: Address | None = Field(
        None, description="The person's own address; left out, the one that the directory holds."
    )
    send_invitation_message: bool | None = Field(
        default=True,
        description="Whether the invitation is mailed; if not, the outcome has the URL.",
    )
    invited_user_message_info: MessageInfoBody | None = None
    invite_redirect_url: (
        Annotated[str, StringConstraints(pattern=r"^[\x20-\x7e]+$", max_length=2048)] | None
    ) = Field(None, description="Where the person lands after redeeming.")
    request_id: Annotated[str, StringConstraints(pattern=f"^{REQUEST_ID.pattern}$")] | None = Field(
        None,
        description="Idempotency key and correlation; a whole number is taken as text.",
        json_schema_extra=_or_number,
    )
    mode: Annotated[Mode, Field(strict=False)] | None = Field(
        Mode.CONVERT,
        description="check says whether one could, and invites nobody; resend makes a pending"
        " invitation again.",
    )
    requested_by: Line | None = Field(None, description="Who asked: a ticket's number, say.")
    completion: CompletionBody | None = None


def parse(body: bytes, message_id: str | None) -> ConversionRequest | Notice:
    """Read a queue message: a request, or an event that asks for none.

    Args:
        body: the message as it stood in the queue.
        message_id: what the host says the message's id is. An event's ``id`` shadows it there,
            which does no harm: that id is the one to use then.

    Raises:
        RequestInvalid: naming every fault at once.
    """
    digest = hashlib.sha256(body).hexdigest()
    try:
        return _parse(body, usable_id(message_id) or f"sha256-{digest}")
    except RequestInvalid as invalid:
        invalid.digest = digest
        raise


def _parse(body: bytes, fallback: str) -> ConversionRequest | Notice:
    try:
        value = json_object(body)
    except Undecodable as undecodable:
        envelope = unwrap(undecodable.value, fallback)
        raise _rejected([undecodable.fault], envelope) from None
    envelope = unwrap(value, fallback)
    if envelope.notice:
        return envelope.notice
    request, faults = _validated(envelope.request) if envelope.holds_request else (None, [])
    faults = envelope.faults + faults
    if faults or request is None:
        raise _rejected(faults, envelope) from None
    if request.request_id:
        return _request(request, request.request_id, None, envelope)
    return _request(request, envelope.id, envelope.source, envelope)


def _rejected(faults: list[Fault], envelope: Envelope) -> RequestInvalid:
    """Tell what can be told of whose request it is, so that the ticket finds its outcome."""
    content = envelope.request
    own_id = readable_id(content)
    request_id, source = (own_id, None) if own_id else (envelope.id, envelope.source)
    by = readable(content, "requestedBy")
    known_by = by if isinstance(by, str) and by.isprintable() and len(by) <= _LINE else None
    from_event = envelope.from_event
    return RequestInvalid(listed(faults), request_id, known_by, source, from_event=from_event)


def _validated(value: dict[str, Any]) -> tuple[RequestBody | None, list[Fault]]:
    content, faults = odata.without(value)
    faults += faults_of_user(content)
    if isinstance(as_id(content.get("requestId")), str):
        content["requestId"] = as_id(content["requestId"])
    try:
        body = RequestBody.model_validate(content)
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False)
        return None, faults + faults_of(details)
    return body, faults


def _request(
    body: RequestBody, request_id: str, source: str | None, envelope: Envelope
) -> ConversionRequest:
    user, info = body.invited_user, body.invited_user_message_info
    return ConversionRequest(
        request_id=request_id,
        correlation_id=envelope.correlation_id or _correlation_id(request_id, envelope.traceparent),
        mode=body.mode or Mode.CONVERT,
        user_id=user.id.lower() if user and user.id else None,
        user_principal_name=user.user_principal_name if user else None,
        email_address=body.invited_user_email_address,
        send_invitation_message=body.send_invitation_message is not False,
        message_info=_message_info(info) if info else MessageInfo(),
        redirect_url=body.invite_redirect_url,
        requested_by=body.requested_by,
        source=source,
        from_event=envelope.from_event,
        origin=envelope.origin,
        waits=envelope.waits,
        completion=completion_of(body.completion),
    )


def _message_info(info: MessageInfoBody) -> MessageInfo:
    # The article's own example has recipients whose name or address is null.
    addresses = [item.email_address for item in info.cc_recipients or ()]
    cc = [Recipient(each.address, each.name) for each in addresses if each and each.address]
    return MessageInfo(
        language=info.message_language,
        cc=tuple(cc),
        text=info.customized_message_body or None,
    )


def _correlation_id(request_id: str, traceparent: object) -> str:
    """Return a GUID for Graph's ``client-request-id``: the trace's id, else the request's."""
    match = _TRACEPARENT.fullmatch(traceparent) if isinstance(traceparent, str) else None
    return str(uuid.UUID(match[1]) if match else uuid.uuid5(NAMESPACE, request_id))
