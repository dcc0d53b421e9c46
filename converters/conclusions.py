"""From what is known at the end of a request to its outcome. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converters import advice, refusals
from converters.model import GraphTrace, Outcome, Owner, Reason, Status

if TYPE_CHECKING:
    from converters.case import Case
    from converters.eligibility import Verdict
    from converters.errors import GraphRefused, RequestInvalid
    from converters.model import Deferral, Invitation


# Graph's own text is handed on, but an outcome has to fit into a queue message.
MOST_TEXT = 1000


def concluded(case: Case, verdict: Verdict) -> Outcome:
    """Conclude without inviting: the rules said no, or the request only asked."""
    return _outcome(case, verdict, verdict.status, verdict.reasons)


def invited(case: Case, verdict: Verdict, invitation: Invitation) -> Outcome:
    """Conclude from Graph's answer, once it is certain who was invited."""
    trace = GraphTrace(case.request.correlation_id, invitation.request_id)
    if invitation.invited_user_id.lower() != case.user.id.lower():
        reasons = (refusals.OTHER_USER_INVITED,)
        return _outcome(case, verdict, Status.FAILED, reasons, trace, invitation)
    return _outcome(case, verdict, Status.INVITED, (), trace, invitation)


def refused(case: Case, verdict: Verdict, refusal: GraphRefused) -> Outcome:
    """Conclude from Graph's refusal."""
    code, text = refusal.code[:MOST_TEXT], refusal.text[:MOST_TEXT]
    correlation_id = case.request.correlation_id
    trace = GraphTrace(correlation_id, refusal.request_id, refusal.status, code, text)
    return _outcome(case, verdict, Status.FAILED, (refusals.explain(refusal),), trace)


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
    )


def waiting(deferral: Deferral) -> Outcome:
    """Say that the request waits."""
    request = deferral.request
    return Outcome(
        request_id=request.request_id,
        status=Status.DEFERRED,
        user_id=request.user_id,
        email_address=request.email_address,
        reasons=(deferral.reason,) if deferral.reason else (),
        requested_by=request.requested_by,
    )


def _outcome(  # noqa: PLR0913, PLR0917 - each is one column of the outcome
    case: Case,
    verdict: Verdict,
    status: Status,
    reasons: tuple[Reason, ...],
    trace: GraphTrace | None = None,
    invitation: Invitation | None = None,
) -> Outcome:
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
        warnings=verdict.warnings + (advice.warnings(request, settings) if could else ()),
        next_steps=advice.next_steps(request, user, settings) if user and could else (),
        invitation=invitation,
        mail_sent=request.send_invitation_message,
        graph=trace or GraphTrace(request.correlation_id),
        requested_by=request.requested_by,
    )
