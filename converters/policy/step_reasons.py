"""Why a step of a completion was refused or does not apply, and what to do about it. Pure.

Sources: "user: revokeSignInSessions", "Update user", "passwordProfile resource type", "Assign
sponsors", "Assign manager", "Password policies and restrictions in Microsoft Entra ID".
"""

from __future__ import annotations

from dataclasses import replace

from converters.model.completion import PERMISSIONS, Step
from converters.model.outcome import NextStep, Owner, Reason, StepResult, StepState
from converters.policy.eligibility import FACT_UNKNOWN

_UNREADABLE = "Make sure that the application may read that (b2b doctor names the permission)."
_NOT_AGAIN = "The step is not tried again: then do it by hand."
BY_HAND = "Then do by hand what was asked for."
NOT_VOUCHED = Reason(
    "completionNotVouched",
    "A message asks for the step, and the ledger does not say that a request ever did.",
    "Do by hand what was asked for. If you know of no such request, look who can write to the"
    " queue of redemption checks.",
    Owner.OPERATOR,
)
NOT_ALLOWED_NOW = Reason(
    "completionNotAllowed",
    "The operator does not allow the step any more.",
    "Do it by hand, if it is still wanted.",
    Owner.OPERATOR,
)
REDEMPTION_NOT_SEEN = Reason(
    "redemptionNotSeen",
    "The directory does not show any more, or not everywhere yet, that the person has redeemed.",
    "Look at the user's invitation state in the Entra admin center.",
    Owner.IDENTITY_ADMIN,
    retriable=True,
)
OTHER_MANAGER = Reason(
    "managerAlreadySet",
    "The user has another manager, who is never replaced by a request.",
    "If the new one is right, change the manager by hand.",
    Owner.IDENTITY_ADMIN,
)
PERSON_NOT_USABLE = Reason(
    "personNotUsable",
    "The person who was named cannot be it: {problem}.",
    "Name an enabled internal user by hand.",
    Owner.REQUESTER,
)
PERMISSION_MISSING = Reason(
    "stepPermissionMissing",
    "Graph refused the step (HTTP {status} {code}); it needs {permission}.",
    "Grant the application {permission}, with an administrator's consent.{more}",
    Owner.OPERATOR,
    retriable=True,
)
REFUSED_BY_GRAPH = Reason(
    "stepRefused",
    "Graph refused the step (HTTP {status} {code}).",
    "Do it by hand; give Microsoft's support the request-id {request_id} if you cannot.",
    Owner.IDENTITY_ADMIN,
)
UNAVAILABLE = Reason(
    "graphUnavailable",
    "Microsoft Graph was throttling, did not answer or did not see the user for {hours} hours.",
    "Look at Microsoft 365's service health.",
    Owner.OPERATOR,
    retriable=True,
)
SESSIONS_MAY_GO_ON = Reason(
    "sessionsMayGoOn",
    "Graph took the call that ends sessions, and documents that it does nothing for external users,"
    " which the person is by now.",
    "You need not do anything: sessions of before end by themselves. If it is urgent, block sign-in"
    " for an hour.",
    Owner.IDENTITY_ADMIN,
)
_BY_SYNC = "The user is synced: on-premises Active Directory is the source of authority for {}."
SYNCED = {
    Step.RANDOMISE_PASSWORD: Reason(
        "syncedPassword",
        _BY_SYNC.format("the password"),
        "Set the password there; nextSteps has the line.",
        Owner.IDENTITY_ADMIN,
    ),
    Step.USER_TYPE: Reason(
        "syncedUserType",
        "The user is synced, and Graph does not tell whether the sync sets userType.",
        "Set it in the sync's rules, or by hand where the sync leaves it alone.",
        Owner.IDENTITY_ADMIN,
    ),
    Step.MANAGER: Reason(
        "syncedManager",
        _BY_SYNC.format("the manager"),
        "Set the manager there (Set-ADUser -Manager).",
        Owner.IDENTITY_ADMIN,
    ),
}
_POWERSHELL = (
    "$b = [byte[]]::new(48);"
    " [Security.Cryptography.RandomNumberGenerator]::Create().GetBytes($b);"
    " Set-ADAccountPassword -Identity '<sAMAccountName>' -Reset -NewPassword"
    " (ConvertTo-SecureString ('aA1!' + [Convert]::ToBase64String($b)) -AsPlainText -Force)"
)
_NEXT_STEPS = {
    Step.RANDOMISE_PASSWORD: NextStep(
        "randomisePasswordOnPremises",
        "Set a random password in on-premises Active Directory, in PowerShell with the"
        f" ActiveDirectory module (this service does not run it): {_POWERSHELL}",
        Owner.IDENTITY_ADMIN,
    ),
}
_MORE = {
    Step.RANDOMISE_PASSWORD: " If it holds it, Graph may ask for the role User Administrator too,"
    " on the function's identity.",
}


def person_not_usable(problem: str) -> Reason:
    """Say why a person can no longer be the sponsor or the manager."""
    return PERSON_NOT_USABLE.filled(problem=problem)


def permission_missing(step: Step, status: int, code: str) -> Reason:
    """Say that Graph does not let the application do a step."""
    permission, more = PERMISSIONS[step], _MORE.get(step, "")
    filled = PERMISSION_MISSING.filled(status=status, code=code, permission=permission)
    remediation = filled.remediation.format(permission=permission, more=more)
    return replace(filled, remediation=remediation)


def refused_by_graph(status: int, code: str, request_id: str | None) -> Reason:
    """Say that Graph refused a step for good."""
    filled = REFUSED_BY_GRAPH.filled(status=status, code=code)
    return replace(filled, remediation=filled.remediation.format(request_id=request_id))


def unavailable(hours: int) -> Reason:
    """Say that Graph did not answer for too long."""
    return UNAVAILABLE.filled(hours=hours)


def given_up(reason: Reason) -> Reason:
    """Say of a reason that might have gone away that it is not waited for any longer."""
    if not reason.retriable:
        return reason
    remediation = _UNREADABLE if reason.code == FACT_UNKNOWN else reason.remediation
    return replace(reason, remediation=f"{remediation} {_NOT_AGAIN}", retriable=False)


def warnings_of(results: tuple[StepResult, ...]) -> tuple[Reason, ...]:
    """Say what a person should know of steps that were done."""
    revoked = (Step.REVOKE_SESSIONS, StepState.DONE)
    done = {(result.step, result.state) for result in results}
    return (SESSIONS_MAY_GO_ON,) if revoked in done else ()


def next_steps_of(results: tuple[StepResult, ...]) -> tuple[NextStep, ...]:
    """Say what somebody has to do where a step does not apply."""
    left = [result.step for result in results if result.state is StepState.NOT_APPLICABLE]
    return tuple(_NEXT_STEPS[step] for step in left if step in _NEXT_STEPS)
