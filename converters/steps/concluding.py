"""From a verdict, and what came of it, to an outcome. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from converters.model.outcome import GraphTrace, Outcome, Reason, Status
from converters.policy import guidance, refusals
from converters.steps import endings

if TYPE_CHECKING:
    from converters.model.errors import GraphRefused
    from converters.model.outcome import Invitation
    from converters.policy.eligibility import Verdict
# Graph's own text is handed on, but an outcome has to fit into a queue message.
MOST_TEXT = 1000


def concluded(verdict: Verdict) -> Outcome:
    """Conclude without inviting: the rules said no, or the request only asked."""
    return outcome_of(verdict, verdict.status, verdict.reasons)


def confirmed(verdict: Verdict) -> Outcome:
    """Conclude from the directory that an invitation was made whose answer never came."""
    return outcome_of(verdict, Status.INVITED, ()).warned(endings.ANSWER_LOST)


def invited_anew(verdict: Verdict, invitation: Invitation) -> Outcome:
    """Conclude from an invitation that was made again because nobody has the first one's URL."""
    made = invited(verdict, invitation).warned(endings.OLDER_LINK_VOID)
    # Not the same event: whoever has a URL of the first must hear that it no longer works.
    return replace(made, step=f"invitation {invitation.id}")


def resent(verdict: Verdict, answer: Invitation | Outcome) -> Outcome:
    """Conclude from the answer to an invitation that somebody asked to be made again."""
    if isinstance(answer, Outcome):
        return answer
    made = invited(verdict, answer) if answer.is_made else not_made(verdict, answer)
    return made.warned(endings.LINK_VOIDED) if made.status is Status.INVITED else made


def resent_perhaps(verdict: Verdict) -> Outcome:
    """Conclude that an invitation may have been made again; a person is not mailed twice."""
    return outcome_of(verdict, Status.INVITED, ()).warned(endings.RESEND_UNSURE)


def not_resent(verdict: Verdict, reasons: tuple[Reason, ...]) -> Outcome:
    """Conclude that a pending invitation is not made again."""
    external = verdict.status is Status.ALREADY_EXTERNAL
    return outcome_of(verdict, verdict.status if external else Status.INELIGIBLE, reasons)


def asked_anew(verdict: Verdict, answer: Invitation | Outcome) -> Outcome:
    """Conclude from the answer to the question for another redeem URL."""
    if isinstance(answer, Outcome):
        return answer.warned(endings.URL_LOST)
    if answer.is_made:
        return invited_anew(verdict, answer)
    return not_made(verdict, answer).warned(endings.URL_LOST)


def overtaken(verdict: Verdict, rival: str, *, invited: bool) -> Outcome:
    """Conclude that another request, by its id, converts the user or has just done so."""
    if invited:
        reason = endings.JUST_INVITED.filled(rival=rival)
        return outcome_of(verdict, Status.ALREADY_INVITED, (reason,))
    reason = endings.IN_PROGRESS.filled(rival=rival)
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


def not_made(verdict: Verdict, invitation: Invitation) -> Outcome:
    """Conclude that Graph answered with an invitation that was not made."""
    request, status = verdict.case.request, invitation.status
    reason = endings.NOT_MADE.filled(status=status[:MOST_TEXT])
    trace = GraphTrace(request.correlation_id, invitation.request_id, 201)
    return outcome_of(verdict, Status.FAILED, (reason,), trace)


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
