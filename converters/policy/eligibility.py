"""Who may be converted: the whole policy, every reason at once. Pure: facts in, verdict out.

Sources: "Invite internal users to B2B collaboration" as published in 2020 (rules marked
``lowerable``, which today's article no longer lists) and as it stands today, and what Entra is
known to refuse. A fact that could not be read blocks every rule that needs it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from converters.model.outcome import Owner, Reason, Status
from converters.policy.guidance import consent_takes_time
from converters.policy.rule import FactUnknown, NotApplicable
from converters.policy.rules import address, completion, invitation, privilege, user

if TYPE_CHECKING:
    from collections.abc import Iterable

    from converters.model.facts import Unread
    from converters.policy.rule import Case, Rule
    from converters.settings.settings import Settings

RULES = (
    *user.RULES,
    *privilege.RULES,
    *address.RULES,
    *invitation.RULES,
    *completion.RULES,
)
# Those that count after the redemption too: of a user who could be invited no longer.
LASTING_RULES = (
    *(rule for rule in user.RULES if rule.code == user.ACCOUNT_DISABLED),
    *privilege.RULES,
)
FACT_UNKNOWN = "factUnknown"

_OK, _REFUSED = 200, frozenset({401, 403})
# What a request that several rules stop is called.
_PRECEDENCE = (Status.ALREADY_EXTERNAL, Status.ALREADY_INVITED, Status.INELIGIBLE)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules say of a case: no reasons means that the user may be invited."""

    case: Case
    status: Status
    reasons: tuple[Reason, ...]
    warnings: tuple[Reason, ...]


def decide(case: Case) -> Verdict:
    """Apply every rule and report every reason at once."""
    reasons, warnings = _applied(RULES, case)
    statuses = sorted(set(reasons.values()), key=_PRECEDENCE.index)
    status = statuses[0] if statuses else Status.ELIGIBLE
    return Verdict(case, status, tuple(reasons), warnings)


def lasting_reasons(case: Case) -> tuple[Reason, ...]:
    """Apply the rules that count after the redemption too; no verdict, since nobody is invited."""
    reasons, _ = _applied(LASTING_RULES, case)
    return tuple(reasons)


def _applied(rules: Iterable[Rule], case: Case) -> tuple[dict[Reason, Status], tuple[Reason, ...]]:
    """Return the reasons against, each with how the request ends by it, and the warnings."""
    reasons: dict[Reason, Status] = {}
    warnings: list[Reason] = []
    for rule in rules:
        try:
            finding = rule.check(case)
            if finding is None:
                continue
            reason = rule.reason(finding)
        except NotApplicable:
            continue
        except FactUnknown as unknown:
            reason = unknown_fact(unknown.unread, case.settings)
            status = Status.INELIGIBLE
        else:
            status = rule.status
        if rule.warns(case.settings):
            warnings.append(reason)
        else:
            reasons.setdefault(reason, status)
    return reasons, tuple(dict.fromkeys(warnings))


def unknown_fact(unread: Unread, settings: Settings) -> Reason:
    """Say that a fact could not be read, and what to do about it."""
    return Reason(
        FACT_UNKNOWN,
        f"Graph did not tell {unread.what} ({_answer(unread.status)}); unknown means no.",
        f"Grant the application {unread.permission}, with an administrator's consent."
        f" {consent_takes_time(settings)}"
        if unread.status in _REFUSED
        else "Wait: the request is tried again by itself. If it stays so, give Microsoft's support"
        f" graph.correlationId; the read needs {unread.permission}.",
        Owner.OPERATOR,
        retriable=True,
    )


def _answer(status: int) -> str:
    return "its answer was not whole" if status == _OK else f"HTTP {status}"
