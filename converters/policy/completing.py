"""What stands between a redemption and each step of its completion: one function, ``permit``. Pure.

``DirectoryWriter.carry_out`` takes a ``Permit`` and nothing else, and ``permit`` alone makes one:
of facts that were read a moment ago, with every rule about power applied anew. Unknown means no.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, final

from converters.model.completion import Step
from converters.model.facts import Facts, Person, TenantFacts, Unread
from converters.model.outcome import StepResult, StepState
from converters.policy import step_reasons
from converters.policy.eligibility import lasting_reasons, unknown_fact
from converters.policy.redemption import OTHER_DOMAIN, USER_DELETED, judge
from converters.policy.rule import Case
from converters.policy.rules.completion import problem_with

if TYPE_CHECKING:
    from converters.model.completion import Completion
    from converters.model.facts import CompletionFacts, User
    from converters.model.outcome import Reason
    from converters.model.request import ConversionRequest
    from converters.settings.settings import Settings

_SEAL = object()
# No rule of a completion looks at the tenant; one that did would find nothing and say no.
_NOT_READ = Unread("the tenant", "", 0)
_TENANT = TenantFacts(_NOT_READ, _NOT_READ)


@final
class Permit:
    """The rules' consent to one write; only ``permit`` makes one.

    Attributes:
        step: what may be done.
        user_id: to whom.
        person_id: who becomes the user's sponsor or manager, in those steps.
    """

    __slots__ = ("person_id", "step", "user_id")

    def __init__(self, step: Step, user_id: str, person_id: str | None, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("Only permit() makes a permit.")
        self.step, self.user_id, self.person_id = step, user_id, person_id


@dataclass(frozen=True, slots=True)
class CompletionCase:
    """One completion with the facts that were read for it, and the operator's settings.

    Attributes:
        request: a request of the follow-up's own, which names the user by id.
        completion: what was asked for.
        domain: of the invited address, where it is known.
    """

    request: ConversionRequest
    completion: Completion
    domain: str | None
    facts: CompletionFacts
    settings: Settings


def permit(step: Step, case: CompletionCase) -> Permit | StepResult:
    """Permit a step's write; or say how the step ends without one, for now or for good."""
    reasons = (*_against_step(step, case), *_against_user(case))
    user = case.facts.user
    if reasons or user is None or isinstance(user, Unread):
        return _refused(step, reasons or (USER_DELETED,))
    if user.on_premises_synced and (reason := step_reasons.SYNCED.get(step)):
        return StepResult(step, StepState.NOT_APPLICABLE, (reason,))
    if step is Step.USER_TYPE and user.user_type == "Guest":
        return StepResult(step, StepState.DONE)
    if step in {Step.SPONSOR, Step.MANAGER}:
        return _with_person(step, case, user)
    return Permit(step, user.id, None, _SEAL)


def resolved(completion: Completion, facts: Facts) -> Completion:
    """Return what a request asks for with its people by object id, as it is kept until then."""
    sponsor, manager = facts.sponsor, facts.manager
    return replace(
        completion,
        sponsor=sponsor.id.lower() if isinstance(sponsor, Person) else None,
        manager=manager.id.lower() if isinstance(manager, Person) else None,
    )


def _against_step(step: Step, case: CompletionCase) -> tuple[Reason, ...]:
    allowed = step in case.settings.follow_up.completion_steps
    return (
        *(() if case.completion.vouched else (step_reasons.NOT_VOUCHED,)),
        *(() if allowed else (step_reasons.NOT_ALLOWED_NOW,)),
    )


def _against_user(case: CompletionCase) -> tuple[Reason, ...]:
    """Return what is against every step: the rules about power, and a redemption in doubt."""
    facts, settings = case.facts, case.settings
    if isinstance(facts.user, Unread):
        return (unknown_fact(facts.user, settings),)
    known = Facts(_TENANT, (), user=facts.user, privileges=facts.privileges)
    return _in_doubt(case) + lasting_reasons(Case(case.request, known, settings))


def _in_doubt(case: CompletionCase) -> tuple[Reason, ...]:
    """Return why it is not certain that the person who was invited has redeemed, if it is not."""
    standing = case.facts.standing
    if isinstance(standing, Unread):
        return (unknown_fact(standing, case.settings),)
    judgement = judge(standing, case.domain, seen=True, settled=True, stale_days=0)
    if judgement is None:
        return (step_reasons.REDEMPTION_NOT_SEEN,)
    # An end other than the redemption has its reason, a redemption that is in doubt its warning;
    # whoever mends either may ask for the steps by hand.
    return tuple(
        replace(reason, remediation=f"{reason.remediation} {step_reasons.BY_HAND}")
        if reason.code == OTHER_DOMAIN.code
        else reason
        for reason in (*judgement.reasons, *judgement.warnings)
    )


def _with_person(step: Step, case: CompletionCase, user: User) -> Permit | StepResult:
    """Permit to name a sponsor or a manager, who was looked at anew too."""
    facts, is_sponsor = case.facts, step is Step.SPONSOR
    person = facts.sponsor if is_sponsor else facts.manager
    current = facts.sponsors if is_sponsor else facts.current_manager
    if isinstance(person, Unread):
        return _refused(step, (unknown_fact(person, case.settings),))
    if isinstance(current, Unread):
        return _refused(step, (unknown_fact(current, case.settings),))
    problem = problem_with(person, user.id)
    if person is None or problem:
        return _refused(step, (step_reasons.person_not_usable(problem),))
    held = (current,) if isinstance(current, str) else current or ()
    if person.id.lower() in {each.lower() for each in held}:
        return StepResult(step, StepState.DONE)
    if held and not is_sponsor:
        return _refused(step, (step_reasons.OTHER_MANAGER,))
    return Permit(step, user.id, person.id.lower(), _SEAL)


def _refused(step: Step, reasons: tuple[Reason, ...]) -> StepResult:
    return StepResult(step, StepState.REFUSED, reasons)
