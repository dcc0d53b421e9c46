"""The rules about what a request asks to be done later: told at once, and not after a month.

Whoever can write requests can ask for a completion, so each step is the operator's to allow, and
the person whom one names has to be a user of this tenant's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from converters.model.completion import Step
from converters.model.outcome import Owner
from converters.model.request import Mode
from converters.policy.rule import Finding, Rule, found_if, known, named

if TYPE_CHECKING:
    from converters.model.facts import Person, Unread
    from converters.policy.rule import Case

STEP_NOT_ALLOWED = "completionNotAllowed"


def problem_with(person: Person | None, user_id: str) -> str:
    """Say why a person cannot be the user's sponsor or manager; empty for nothing."""
    if person is None:
        return "the directory has no user of that object id or user principal name"
    if person.id.lower() == user_id.lower():
        return "it is the user"
    if not person.account_enabled:
        return "that account is disabled"
    if person.user_type != "Member" or person.external_user_state is not None:
        return "that user is a guest, or comes from outside"
    return ""


def _allowed(case: Case) -> frozenset[Step]:
    return case.settings.follow_up.completion_steps


def _not_allowed(case: Case) -> Finding | None:
    allowed = _allowed(case)
    steps = [step for step in case.request.completion.steps if step not in allowed]
    return found_if(steps, steps=named(steps))


def _without_follow_up(case: Case) -> Finding | None:
    return found_if(case.request.completion and not case.settings.follow_up.is_on)


def _with_resend(case: Case) -> Finding | None:
    return found_if(case.request.completion and case.request.mode is Mode.RESEND)


def _unusable(case: Case, step: Step, person: Person | Unread | None) -> Finding | None:
    # Of a step that is not allowed nobody is read: whether a name exists is not told by that road.
    if step not in case.request.completion.steps or step not in _allowed(case):
        return None
    problem = problem_with(known(person), case.user.id)
    return found_if(problem, problem=problem)


_OTHER_PERSON = "Name an enabled internal user of this tenant, or leave the step out."

RULES = (
    Rule(
        code=STEP_NOT_ALLOWED,
        message="The request asks for completion steps that the operator does not allow: {steps}.",
        remediation="Leave them out, or ask the operator to name them in COMPLETION_STEPS.",
        owner=Owner.OPERATOR,
        check=_not_allowed,
        retriable=True,
    ),
    Rule(
        code="completionNeedsFollowUp",
        message="The request asks for a completion, and the follow-up is switched off.",
        remediation="Leave completion out, or switch the follow-up on (FOLLOW_UP_SCHEDULE).",
        owner=Owner.OPERATOR,
        check=_without_follow_up,
        retriable=True,
    ),
    Rule(
        code="completionNotWithResend",
        message="A request with mode resend cannot ask for a completion.",
        remediation="Leave completion out; what the first request asked for still holds.",
        owner=Owner.REQUESTER,
        check=_with_resend,
    ),
    Rule(
        code="sponsorNotUsable",
        message="The person named in completion.sponsor cannot be a sponsor: {problem}.",
        remediation=_OTHER_PERSON,
        owner=Owner.REQUESTER,
        check=lambda case: _unusable(case, Step.SPONSOR, case.facts.sponsor),
        retriable=True,
    ),
    Rule(
        code="managerNotUsable",
        message="The person named in completion.manager cannot be the manager: {problem}.",
        remediation=_OTHER_PERSON,
        owner=Owner.REQUESTER,
        check=lambda case: _unusable(case, Step.MANAGER, case.facts.manager),
        retriable=True,
    ),
)
