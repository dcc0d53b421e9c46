"""From what is known at the end of a request to its outcome. Pure."""

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
from converters.policy import guidance, refusals
from converters.steps import endings
from converters.steps.retrying import fails_alike, not_set_up

if TYPE_CHECKING:
    from converters.model.errors import GraphRefused, RequestInvalid
    from converters.model.event import Notice
    from converters.model.outcome import Deferral, Invitation
    from converters.model.request import ConversionRequest, GraphFailure
    from converters.policy.eligibility import Verdict

# Graph's own text is handed on, but an outcome has to fit into a queue message.
MOST_TEXT = 1000


def concluded(verdict: Verdict) -> Outcome:
    """Conclude without inviting: the rules said no, or the request only asked."""
    return outcome_of(verdict, verdict.status, verdict.reasons)


def confirmed(verdict: Verdict) -> Outcome:
    """Conclude from the directory that an invitation was made whose answer never came."""
    made = outcome_of(verdict, Status.INVITED, ())
    return replace(made, warnings=(*made.warnings, endings.ANSWER_LOST))


def invited_anew(verdict: Verdict, invitation: Invitation) -> Outcome:
    """Conclude from an invitation that was made again because nobody has the first one's URL."""
    made = invited(verdict, invitation)
    # Not the same event: whoever has a URL of the first must hear that it no longer works.
    step = f"invitation {invitation.id}"
    return replace(made, warnings=(*made.warnings, endings.OLDER_LINK_VOID), step=step)


def resent(verdict: Verdict, answer: Invitation | Outcome) -> Outcome:
    """Conclude from the answer to an invitation that somebody asked to be made again."""
    if isinstance(answer, Outcome):
        return answer
    made = invited(verdict, answer) if answer.is_made else not_made(verdict, answer)
    warnings = (endings.LINK_VOIDED,) if made.status is Status.INVITED else ()
    return replace(made, warnings=(*made.warnings, *warnings))


def resent_perhaps(verdict: Verdict) -> Outcome:
    """Conclude that an invitation may have been made again; a person is not mailed twice."""
    unsure = outcome_of(verdict, Status.INVITED, ())
    return replace(unsure, warnings=(*unsure.warnings, endings.RESEND_UNSURE))


def not_resent(verdict: Verdict, reasons: tuple[Reason, ...]) -> Outcome:
    """Conclude that a pending invitation is not made again."""
    external = verdict.status is Status.ALREADY_EXTERNAL
    return outcome_of(verdict, verdict.status if external else Status.INELIGIBLE, reasons)


def asked_anew(verdict: Verdict, answer: Invitation | Outcome) -> Outcome:
    """Conclude from the answer to the question for another redeem URL."""
    if isinstance(answer, Outcome):
        return url_lost(answer)
    made = answer.is_made
    return invited_anew(verdict, answer) if made else url_lost(not_made(verdict, answer))


def url_lost(outcome: Outcome) -> Outcome:
    """Add that an invitation was made whose redeem URL was lost and cannot be had anew."""
    return replace(outcome, warnings=(*outcome.warnings, endings.URL_LOST))


def overtaken(verdict: Verdict, rival: str, *, invited: bool) -> Outcome:
    """Conclude that another request, by its id, converts the user or has just done so."""
    if invited:
        reason = filled(endings.JUST_INVITED, rival=rival)
        return outcome_of(verdict, Status.ALREADY_INVITED, (reason,))
    reason = filled(endings.IN_PROGRESS, rival=rival)
    return outcome_of(verdict, Status.INELIGIBLE, (reason,))


def invited(verdict: Verdict, invitation: Invitation) -> Outcome:
    """Conclude from Graph's answer, once it is certain who was invited."""
    case = verdict.case
    trace = GraphTrace(case.request.correlation_id, invitation.request_id)
    if invitation.invited_user_id.lower() != case.user.id.lower():
        reasons = (refusals.OTHER_USER_INVITED,)
        return outcome_of(verdict, Status.FAILED, reasons, trace, invitation)
    return outcome_of(verdict, Status.INVITED, (), trace, invitation)


def refused(verdict: Verdict, refusal: GraphRefused) -> Outcome:
    """Conclude from Graph's refusal."""
    code, text = refusal.code[:MOST_TEXT], refusal.text[:MOST_TEXT]
    correlation_id = verdict.case.request.correlation_id
    trace = GraphTrace(correlation_id, refusal.request_id, refusal.status, code, text)
    return outcome_of(verdict, Status.FAILED, (refusals.explain(refusal, verdict.case),), trace)


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
    reason = filled(endings.JUST_INVITED, rival=rival)
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
    return filled(endings.STORAGE_AWAY if of_storage else endings.GRAPH_AWAY, hours=hours)


def failed_alike(request: ConversionRequest, failure: GraphFailure) -> Outcome:
    """Conclude that Graph fails with the same words each time it is asked."""
    step = f"failure {request.waits.since}"
    outcome = _unread(request, Status.FAILED, (endings.FAILS_ALIKE,), step)
    trace = GraphTrace(
        request.correlation_id, failure.request_id, failure.status, failure.code, failure.text
    )
    return replace(outcome, graph=trace)


def not_made(verdict: Verdict, invitation: Invitation) -> Outcome:
    """Conclude that Graph answered with an invitation that was not made."""
    request, status = verdict.case.request, invitation.status
    reason = filled(endings.NOT_MADE, status=status[:MOST_TEXT])
    trace = GraphTrace(request.correlation_id, invitation.request_id, 201)
    return outcome_of(verdict, Status.FAILED, (reason,), trace)


def tries_ran_out(request: ConversionRequest, digest: str) -> Outcome:
    """Conclude that the worker died of the message, or that nothing could be stored for it."""
    return _unread(request, Status.FAILED, (endings.TRIES_RAN_OUT,), f"poison {digest}")


def filled(reason: Reason, **details: object) -> Reason:
    """Return a reason whose message names some details."""
    return replace(reason, message=reason.message.format_map(details))


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


def outcome_of(
    verdict: Verdict,
    status: Status,
    reasons: tuple[Reason, ...],
    trace: GraphTrace | None = None,
    invitation: Invitation | None = None,
) -> Outcome:
    """Return an outcome of a verdict, with what a person should know beside it."""
    case = verdict.case
    request, user, settings = case.request, case.facts.user, case.settings
    could = status in {Status.INVITED, Status.ELIGIBLE}
    address = case.facts.choice.address
    return Outcome(
        request_id=request.request_id,
        status=status,
        user=user,
        user_id=request.user_id,
        email_address=address.checked if address else request.email_address,
        reasons=reasons,
        warnings=verdict.warnings + (guidance.warnings(request, settings) if could else ()),
        next_steps=guidance.next_steps(request, user, settings) if user and could else (),
        invitation=invitation,
        mail_sent=request.send_invitation_message,
        graph=trace or GraphTrace(request.correlation_id),
        requested_by=request.requested_by,
        source=request.source,
    )
