"""The request: frozen, and without any I/O. Names are Microsoft's."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from converters.model.completion import NOTHING, Completion

if TYPE_CHECKING:
    from converters.model.event import Origin


class Mode(StrEnum):
    """Whether to invite, to invite again, or only to say whether one could."""

    CONVERT = "convert"
    CHECK = "check"
    RESEND = "resend"


@dataclass(frozen=True, slots=True)
class Recipient:
    """A copy of the invitation mail goes here."""

    address: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class MessageInfo:
    """How the invitation mail is written: Graph's ``invitedUserMessageInfo``."""

    language: str | None = None
    cc: tuple[Recipient, ...] = ()
    text: str | None = None


@dataclass(frozen=True, slots=True)
class GraphFailure:
    """A failure of Graph's, in its own words, and how often in a row it came.

    Attributes:
        times: how often, word for word.
        status, code, text: the HTTP status, and what Graph's error says.
        request_id: Graph's ``request-id`` of the last one.
    """

    times: int
    status: int
    code: str
    text: str
    request_id: str | None


@dataclass(frozen=True, slots=True)
class Waits:
    """What a request that has waited carries along.

    Attributes:
        times: how often it has waited.
        attempts: how many of those were for as long as we thought best.
        since: when they began, seconds since 1970; ``None`` before the first.
        announced: codes of the reasons for waiting that somebody was told of.
        failure: what Graph said the last time, where it said what is wrong.
    """

    times: int = 0
    attempts: int = 0
    since: int | None = None
    announced: tuple[str, ...] = ()
    failure: GraphFailure | None = None


@dataclass(frozen=True, slots=True)
class ConversionRequest:
    """A request as the queue delivered it, valid in form.

    Attributes:
        request_id: idempotency key and correlation.
        correlation_id: a GUID for Graph's ``client-request-id``, from the trace where there is one.
        user_id, user_principal_name: whom to convert; neither means the holder of the address.
        email_address: the external address, where the request names one.
        source: the event's, where ``request_id`` is an event's id: two systems may both count
            from 1.
        from_event: whether a directory's event, and not a person, asks.
        origin: where that event says that it comes from; ``None`` once it was believed and waits.
        waits: what it carries along where it has waited.
        completion: what to do once the person has redeemed.
    """

    request_id: str
    correlation_id: str
    mode: Mode = Mode.CONVERT
    user_id: str | None = None
    user_principal_name: str | None = None
    email_address: str | None = None
    send_invitation_message: bool = True
    message_info: MessageInfo = MessageInfo()
    redirect_url: str | None = None
    requested_by: str | None = None
    source: str | None = None
    from_event: bool = False
    origin: Origin | None = field(default=None, compare=False, repr=False)
    waits: Waits = Waits()
    completion: Completion = NOTHING

    @property
    def is_delivered_event(self) -> bool:
        """Whether this is an event as it came; not one that waits, nor a change that was found."""
        return self.origin is not None

    @property
    def idempotency_key(self) -> str:
        """What tells this request from every other."""
        return idempotency_key(self.request_id, self.source)


def idempotency_key(request_id: str, source: str | None) -> str:
    """Return what tells a request from every other; neither of its parts has a line end."""
    return request_id if source is None else f"{request_id}\n{source}"
