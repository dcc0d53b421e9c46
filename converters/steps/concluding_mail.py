"""From what is known of an own mail to its request's outcome. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from converters.graph.mailbox import is_of_mail
from converters.model.outcome import GraphTrace, Invitation, Outcome, Status
from converters.steps import concluding_unjudged, endings
from converters.steps.concluding import MOST_TEXT, invited, outcome_of

if TYPE_CHECKING:
    from converters.model.errors import GraphRefused
    from converters.model.outcome import Reason
    from converters.model.request import ConversionRequest
    from converters.policy.eligibility import Verdict


def mailed(verdict: Verdict, warning: Reason) -> Outcome:
    """Conclude that the invitation was made, and what is known of its mail."""
    return outcome_of(verdict, Status.INVITED, ()).warned(warning)


def gave_up(request: ConversionRequest, error: Exception, hours: int) -> Outcome:
    """Conclude that what the request needs was not available for too long, its mail perhaps."""
    outcome = concluding_unjudged.gave_up(request, error, hours)
    return outcome.warned(endings.MAIL_IN_DOUBT) if is_of_mail(error) else outcome


def made_anew(verdict: Verdict, answer: Invitation | Outcome) -> Outcome:
    """Conclude from the answer to an invitation that was made anew so that it can be mailed."""
    if isinstance(answer, Invitation) and answer.is_made:
        return invited(verdict, answer)
    pending = outcome_of(verdict, Status.INVITED, ())
    return mail_not_sent(pending, "the invitation could not be made anew for it")


def mail_not_sent(made: Outcome, why: str, refusal: GraphRefused | None = None) -> Outcome:
    """Add that the mail of an invitation that was made was not sent."""
    warning, trace = endings.MAIL_NOT_SENT.filled(why=why), made.graph
    if refusal and trace:
        code, text = refusal.code[:MOST_TEXT], refusal.text[:MOST_TEXT]
        words = (refusal.request_id, refusal.status, code, text)
        trace = GraphTrace(trace.correlation_id, *words)
    return replace(made.warned(warning), graph=trace)


def mail_refused(verdict: Verdict) -> Outcome:
    """Conclude that nobody is invited whom the mailbox would not mail."""
    return outcome_of(verdict, Status.FAILED, (endings.MAIL_REFUSED,))
