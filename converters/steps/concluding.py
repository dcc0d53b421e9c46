"""From what is known at the end of a request to its outcome. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from converters.model.errors import GraphUnavailable, LedgerUnavailable, QueueUnavailable
from converters.model.outcome import GraphTrace, Outcome, Owner, Reason, Status
from converters.policy import guidance, refusals

if TYPE_CHECKING:
    from converters.model.errors import GraphRefused, RequestInvalid
    from converters.model.outcome import Deferral, Invitation
    from converters.model.request import ConversionRequest
    from converters.policy.eligibility import Verdict

# Graph's own text is handed on, but an outcome has to fit into a queue message.
MOST_TEXT = 1000

_ANSWER_LOST = Reason(
    "answerLost",
    "Graph's answer to the invitation was lost; the directory shows that it was made.",
    "Nothing is to be done; invitation is missing from this outcome for that reason.",
    Owner.OPERATOR,
)
_OLDER_LINK_VOID = Reason(
    "olderLinkVoid",
    "The invitation was made anew since its redeem URL was lost; an older link no longer works.",
    "Send the person invitation.inviteRedeemUrl of this outcome, even if another one was sent.",
    Owner.REQUESTER,
)
_URL_LOST = Reason(
    "redeemUrlLost",
    "An invitation by this request is pending, but its redeem URL was lost and none was had anew.",
    "Resend the invitation from the user's page in the Entra admin centre.",
    Owner.IDENTITY_ADMIN,
)
_JUST_INVITED = Reason(
    "invitationPending",
    "The user was invited a moment ago, by request {rival}.",
    "Ask the person to redeem it; an administrator can resend it, and voids the link.",
    Owner.REQUESTER,
)
_IN_PROGRESS = Reason(
    "conversionInProgress",
    "Request {rival} is converting this user right now.",
    "Wait for the outcome of that request; send this one again only if that one fails.",
    Owner.REQUESTER,
    retriable=True,
)
_ID_REUSED = Reason(
    "requestIdReused",
    "Another request with other content has the same requestId.",
    "Give every request an id of its own; only an unchanged one may be sent again under its id.",
    Owner.REQUESTER,
)
_GRAPH_AWAY = Reason(
    "graphUnavailable",
    "Microsoft Graph was throttling or did not answer for {hours} hours.",
    "Look at Microsoft 365's service health, then send the request again.",
    Owner.OPERATOR,
    retriable=True,
)
_STORAGE_AWAY = Reason(
    "storageUnavailable",
    "The service's storage did not answer for {hours} hours.",
    "Look at the storage account and the identity's roles there, then send the request again.",
    Owner.OPERATOR,
    retriable=True,
)
_TRIES_RAN_OUT = Reason(
    "triesRanOut",
    "Every try to handle the message failed; it is kept among the dead letters.",
    "Look at the log for the cause; once that is mended, put the dead letter back into the requests"
    " queue. The user may have been invited: the directory tells.",
    Owner.OPERATOR,
    retriable=True,
)


def concluded(verdict: Verdict) -> Outcome:
    """Conclude without inviting: the rules said no, or the request only asked."""
    return _outcome(verdict, verdict.status, verdict.reasons)


def confirmed(verdict: Verdict) -> Outcome:
    """Conclude from the directory that an invitation was made whose answer never came."""
    made = _outcome(verdict, Status.INVITED, ())
    return replace(made, warnings=(*made.warnings, _ANSWER_LOST))


def invited_anew(verdict: Verdict, invitation: Invitation) -> Outcome:
    """Conclude from an invitation that was made again because nobody has the first one's URL."""
    made = invited(verdict, invitation)
    # Not the same event: whoever has a URL of the first must hear that it no longer works.
    step = f"invitation {invitation.id}"
    return replace(made, warnings=(*made.warnings, _OLDER_LINK_VOID), step=step)


def url_lost(outcome: Outcome) -> Outcome:
    """Add that an invitation was made whose redeem URL was lost and cannot be had anew."""
    return replace(outcome, warnings=(*outcome.warnings, _URL_LOST))


def overtaken(verdict: Verdict, rival: str, *, invited: bool) -> Outcome:
    """Conclude that another request, by its id, converts the user or has just done so."""
    if invited:
        reason = replace(_JUST_INVITED, message=_JUST_INVITED.message.format(rival=rival))
        return _outcome(verdict, Status.ALREADY_INVITED, (reason,))
    reason = replace(_IN_PROGRESS, message=_IN_PROGRESS.message.format(rival=rival))
    return _outcome(verdict, Status.INELIGIBLE, (reason,))


def invited(verdict: Verdict, invitation: Invitation) -> Outcome:
    """Conclude from Graph's answer, once it is certain who was invited."""
    case = verdict.case
    trace = GraphTrace(case.request.correlation_id, invitation.request_id)
    if invitation.invited_user_id.lower() != case.user.id.lower():
        reasons = (refusals.OTHER_USER_INVITED,)
        return _outcome(verdict, Status.FAILED, reasons, trace, invitation)
    return _outcome(verdict, Status.INVITED, (), trace, invitation)


def refused(verdict: Verdict, refusal: GraphRefused) -> Outcome:
    """Conclude from Graph's refusal."""
    code, text = refusal.code[:MOST_TEXT], refusal.text[:MOST_TEXT]
    correlation_id = verdict.case.request.correlation_id
    trace = GraphTrace(correlation_id, refusal.request_id, refusal.status, code, text)
    return _outcome(verdict, Status.FAILED, (refusals.explain(refusal),), trace)


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
    return _unread(request, Status.REJECTED, (_ID_REUSED,), f"rejection {digest}")


def waiting(deferral: Deferral) -> Outcome:
    """Say that the request waits."""
    codes = ",".join(sorted(reason.code for reason in deferral.reasons))
    return _unread(deferral.request, Status.DEFERRED, deferral.reasons, f"deferral {codes}")


def gave_up(request: ConversionRequest, error: Exception, hours: int) -> Outcome:
    """Conclude that what the request needs was not available for too long."""
    of_storage = isinstance(error, LedgerUnavailable | QueueUnavailable)
    reason = _STORAGE_AWAY if of_storage else _GRAPH_AWAY
    reason = replace(reason, message=reason.message.format(hours=hours))
    trace = None
    if isinstance(error, GraphUnavailable):
        trace = GraphTrace(request.correlation_id, error.request_id, error.status)
    outcome = _unread(request, Status.FAILED, (reason,), f"patience {request.waits.since}")
    return replace(outcome, graph=trace)


def tries_ran_out(request: ConversionRequest, digest: str) -> Outcome:
    """Conclude that the worker died of the message, or that nothing could be stored for it."""
    return _unread(request, Status.FAILED, (_TRIES_RAN_OUT,), f"poison {digest}")


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


def _outcome(
    verdict: Verdict,
    status: Status,
    reasons: tuple[Reason, ...],
    trace: GraphTrace | None = None,
    invitation: Invitation | None = None,
) -> Outcome:
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
