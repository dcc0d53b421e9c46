"""Outcomes of what ends, or waits, before the rules have said anything of it. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from converters.model.errors import (
    GraphUnavailable,
    LedgerUnavailable,
    QueueUnavailable,
    Unavailable,
)
from converters.model.outcome import GraphTrace, Outcome, Owner, Reason, Status
from converters.steps import endings
from converters.steps.concluding import MOST_TEXT
from converters.steps.retrying import fails_alike, not_set_up

if TYPE_CHECKING:
    from converters.model.errors import RequestInvalid
    from converters.model.event import Notice
    from converters.model.outcome import Deferral
    from converters.model.request import ConversionRequest, GraphFailure


def rejected(invalid: RequestInvalid) -> Outcome:
    """Conclude that the message is no request."""
    reasons = tuple(
        Reason(
            fault.code,
            f"{fault.where or 'The message'} {fault.problem}.",
            "Correct the message and send it again; docs/contract has its schema.",
            Owner.REQUESTER,
        )
        for fault in invalid.faults
    )
    return Outcome(
        request_id=invalid.request_id,
        status=Status.REJECTED,
        reasons=reasons,
        requested_by=invalid.requested_by,
        source=invalid.source,
        # Whoever sends nonsense under another's id must not take the id of that one's outcome.
        step=f"rejection {invalid.digest}",
    )


def reused(request: ConversionRequest, digest: str) -> Outcome:
    """Conclude that the request's id is another request's; that one's outcome stays as it is."""
    return _unread(request, Status.REJECTED, (endings.ID_REUSED,), f"rejection {digest}")


def of_event(event: ConversionRequest | Notice, status: Status, reason: Reason) -> Outcome:
    """Conclude that an event, by what it is or by what came before it, leads to nothing."""
    return Outcome(
        request_id=event.request_id,
        status=status,
        user_id=event.user_id,
        reasons=(reason,),
        source=event.source,
        # Never the event of a conversion: whoever forges an id must not take that one's.
        step=f"event {reason.code}",
    )


def just_invited(event: ConversionRequest, rival: str) -> Outcome:
    """Conclude that an event tells of nothing but this service's own invitation, by its id."""
    reason = endings.JUST_INVITED.filled(rival=rival)
    return of_event(event, Status.ALREADY_INVITED, reason)


def waiting(deferral: Deferral) -> Outcome:
    """Say that the request waits."""
    codes = ",".join(sorted(reason.code for reason in deferral.reasons))
    return _unread(deferral.request, Status.DEFERRED, deferral.reasons, f"deferral {codes}")


def gave_up(request: ConversionRequest, error: Exception, hours: int) -> Outcome:
    """Conclude that what the request needs was not available for too long."""
    failure = fails_alike(request)
    if isinstance(error, GraphUnavailable) and failure:
        return failed_alike(request, failure)
    reason = _gone_for(error, hours)
    trace = None
    if isinstance(error, GraphUnavailable):
        code, text = error.code[:MOST_TEXT] or None, error.text[:MOST_TEXT] or None
        correlation_id = request.correlation_id
        trace = GraphTrace(correlation_id, error.request_id, error.status, code, text)
    outcome = _unread(request, Status.FAILED, (reason,), f"patience {request.waits.since}")
    return replace(outcome, graph=trace)


def _gone_for(error: Exception, hours: int) -> Reason:
    if isinstance(error, Unavailable) and error.not_set_up:
        return not_set_up(error)
    of_storage = isinstance(error, LedgerUnavailable | QueueUnavailable)
    reason = endings.STORAGE_AWAY if of_storage else endings.GRAPH_AWAY
    return reason.filled(hours=hours)


def failed_alike(request: ConversionRequest, failure: GraphFailure) -> Outcome:
    """Conclude that Graph fails with the same words each time it is asked."""
    step = f"failure {request.waits.since}"
    outcome = _unread(request, Status.FAILED, (endings.FAILS_ALIKE,), step)
    trace = GraphTrace(
        request.correlation_id, failure.request_id, failure.status, failure.code, failure.text
    )
    return replace(outcome, graph=trace)


def tries_ran_out(request: ConversionRequest, digest: str) -> Outcome:
    """Conclude that the worker died of the message, or that nothing could be stored for it."""
    return _unread(request, Status.FAILED, (endings.TRIES_RAN_OUT,), f"poison {digest}")


def _unread(
    request: ConversionRequest, status: Status, reasons: tuple[Reason, ...], step: str
) -> Outcome:
    return Outcome(
        request_id=request.request_id,
        status=status,
        user_id=request.user_id,
        email_address=request.email_address,
        reasons=reasons,
        mail_sent=request.send_invitation_message,
        requested_by=request.requested_by,
        source=request.source,
        step=step,
    )
