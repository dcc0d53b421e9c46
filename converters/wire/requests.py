"""The request as it stands on the wire: bytes in, ``ConversionRequest`` out. Pure.

The properties are those of Graph's "Create invitation", so that the JSON body in Microsoft's
article is a valid request as it stands; ours beside them are ``requestId``, ``mode`` and
``requestedBy``. ``converters.wire.envelopes`` says what it may come wrapped in.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic.alias_generators import to_camel

from converters.model.errors import Fault, RequestInvalid
from converters.model.request import ConversionRequest, MessageInfo, Mode, Recipient
from converters.settings.reader import GUID
from converters.wire.decoding import Undecodable, json_object
from converters.wire.envelopes import REQUEST_ID, Envelope, unwrap, usable_id

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:b2b-conversion")
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
_NAME_SHOWN = 64
_LINE = 256
_MOST_FAULTS = 50

Guid = Annotated[str, StringConstraints(pattern=f"^{GUID.pattern}$")]
# No spaces or control characters; whether an address can be invited is for the rules to say.
Address = Annotated[
    str, StringConstraints(pattern=r"^[^\s\x00-\x1f\x7f]+@[^\s\x00-\x1f\x7f]+$", max_length=320)
]
Line = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]+$", max_length=_LINE)]


class _Wire(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, alias_generator=to_camel)


class InvitedUser(_Wire):
    """The internal user to convert, by exactly one of its two names."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {"required": ["id"], "properties": {"id": {"type": "string"}}},
                {
                    "required": ["userPrincipalName"],
                    "properties": {"userPrincipalName": {"type": "string"}},
                },
            ]
        }
    )

    id: Guid | None = Field(None, description="The user's object id.")
    user_principal_name: Address | None = Field(None, description="The user's UPN.")


class EmailAddressBody(_Wire):
    """Graph's ``emailAddress``."""

    name: Line | None = None
    address: Address | None = None


class RecipientBody(_Wire):
    """Graph's ``recipient``."""

    email_address: EmailAddressBody


class MessageInfoBody(_Wire):
    """How the invitation mail is written: Graph's ``invitedUserMessageInfo``."""

    message_language: (
        Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")] | None
    ) = Field(None, description="The mail's language, as in en-US.")
    cc_recipients: Annotated[list[RecipientBody], Field(max_length=1)] | None = Field(
        None, description="One more reader of the mail; Graph takes one."
    )
    customized_message_body: Annotated[str, StringConstraints(max_length=2000)] | None = Field(
        None, description="Text for the mail; used only where the operator allows it."
    )


class RequestBody(_Wire):
    """A request to convert one internal user to B2B collaboration."""

    model_config = ConfigDict(
        title="ConversionRequest",
        json_schema_extra={
            "anyOf": [
                {"required": ["invitedUser"], "properties": {"invitedUser": {"type": "object"}}},
                {
                    "required": ["invitedUserEmailAddress"],
                    "properties": {"invitedUserEmailAddress": {"type": "string"}},
                },
            ]
        },
    )

    invited_user: InvitedUser | None = Field(
        None, description="The user; may be left out when invitedUserEmailAddress names one."
    )
    invited_user_email_address: Address | None = Field(
        None, description="The person's own address; left out, the one that the directory holds."
    )
    send_invitation_message: bool = Field(
        default=True,
        description="Whether Microsoft mails the invitation; if not, the outcome has the URL.",
    )
    invited_user_message_info: MessageInfoBody | None = None
    invite_redirect_url: (
        Annotated[str, StringConstraints(pattern=r"^[\x20-\x7e]+$", max_length=2048)] | None
    ) = Field(None, description="Where the person lands after redeeming.")
    request_id: Annotated[str, StringConstraints(pattern=f"^{REQUEST_ID.pattern}$")] | None = Field(
        None, description="Idempotency key and correlation."
    )
    mode: Annotated[Mode, Field(strict=False)] = Field(
        Mode.CONVERT, description="check says whether one could, and invites nobody."
    )
    requested_by: Line | None = Field(None, description="Who asked: a ticket's number, say.")


def parse(body: bytes, message_id: str | None) -> ConversionRequest:
    """Read a queue message.

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


def _parse(body: bytes, fallback: str) -> ConversionRequest:
    try:
        value = json_object(body)
    except Undecodable as undecodable:
        raise RequestInvalid([undecodable.fault], fallback) from None
    envelope = unwrap(value, fallback)
    content = envelope.request
    own_id = usable_id(content.get("requestId"))
    request_id, source = (own_id, None) if own_id else (envelope.id, envelope.source)
    request, faults = _validated(content) if envelope.holds_request else (None, [])
    faults = envelope.faults + faults
    if faults or request is None:
        by = content.get("requestedBy")
        known_by = by if isinstance(by, str) and by.isprintable() and len(by) <= _LINE else None
        raise RequestInvalid(_listed(faults), request_id, known_by, source) from None
    return _request(request, request_id, source, envelope)


def _validated(value: dict[str, Any]) -> tuple[RequestBody | None, list[Fault]]:
    faults = _user_faults(value)
    try:
        body = RequestBody.model_validate(value)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        return None, faults + [_fault(detail) for detail in details]
    return body, faults


def _listed(faults: list[Fault]) -> list[Fault]:
    """Keep as many faults as an outcome has room for, and count the rest."""
    rest = len(faults) - _MOST_FAULTS
    if rest <= 0:
        return faults
    return [*faults[:_MOST_FAULTS], Fault("moreFaults", "", f"has {rest} more faults")]


def _user_faults(value: dict[str, Any]) -> list[Fault]:
    """Check what no single property can tell, to report it beside their faults."""
    user = value.get("invitedUser")
    if user is None:
        if value.get("invitedUserEmailAddress") is None:
            problem = (
                "is missing, and so is invitedUserEmailAddress: one of them must name the user"
            )
            return [Fault("missingProperty", "invitedUser", problem)]
        return []
    names = [user.get("id"), user.get("userPrincipalName")] if isinstance(user, dict) else [user]
    if len([name for name in names if name is not None]) == 1:
        return []
    return [Fault("invalidValue", "invitedUser", "must have either id or userPrincipalName")]


def _fault(detail: Any) -> Fault:  # noqa: ANN401 - pydantic's ErrorDetails, a TypedDict of its core
    where = ".".join(_shown(part) for part in detail["loc"])
    if detail["type"] == "extra_forbidden":
        return Fault("unknownProperty", where, "is no property of a request")
    if detail["type"] == "missing":
        return Fault("missingProperty", where, "is missing")
    return Fault("invalidValue", where, _PROBLEMS.get(detail["type"], detail["msg"]))


_PROBLEMS = {
    "string_pattern_mismatch": "does not have the form it must have",
    "string_unicode": "has characters that are no valid Unicode",
}


def _shown(part: str | int) -> str:
    """Write a name from the message for an outcome: short, ASCII, no controls."""
    text = str(part).encode("unicode_escape").decode("ascii")
    return text if len(text) <= _NAME_SHOWN else text[:_NAME_SHOWN] + "..."


def _request(
    body: RequestBody, request_id: str, source: str | None, envelope: Envelope
) -> ConversionRequest:
    user, info = body.invited_user, body.invited_user_message_info
    return ConversionRequest(
        request_id=request_id,
        correlation_id=envelope.correlation_id or _correlation_id(request_id, envelope.traceparent),
        mode=body.mode,
        user_id=user.id.lower() if user and user.id else None,
        user_principal_name=user.user_principal_name if user else None,
        email_address=body.invited_user_email_address,
        send_invitation_message=body.send_invitation_message,
        message_info=_message_info(info) if info else MessageInfo(),
        redirect_url=body.invite_redirect_url,
        requested_by=body.requested_by,
        source=source,
        from_event=envelope.from_event,
        waits=envelope.waits,
    )


def _message_info(info: MessageInfoBody) -> MessageInfo:
    # The article's own example has recipients whose name or address is null.
    cc = [item.email_address for item in info.cc_recipients or () if item.email_address.address]
    return MessageInfo(
        language=info.message_language,
        cc=Recipient(cc[0].address or "", cc[0].name) if cc else None,
        text=info.customized_message_body or None,
    )


def _correlation_id(request_id: str, traceparent: object) -> str:
    """Return a GUID for Graph's ``client-request-id``: the trace's id, else the request's."""
    match = _TRACEPARENT.fullmatch(traceparent) if isinstance(traceparent, str) else None
    return str(uuid.UUID(match[1]) if match else uuid.uuid5(NAMESPACE, request_id))
