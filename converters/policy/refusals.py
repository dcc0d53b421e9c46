"""What Graph's refusals of an invitation mean, and what to do about each. Pure.

What was read of the directory right before says which explanation fits. A refusal that no row knows
stays permanent, and the outcome's ``graph`` has it in Graph's own words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from converters.model.outcome import Owner, Reason
from converters.policy.guidance import consent_takes_time
from converters.policy.refusal import Refusal
from converters.policy.refusal_rows import REFUSALS

if TYPE_CHECKING:
    from converters.model.errors import GraphRefused
    from converters.policy.rule import Case

UNKNOWN = Refusal(
    code="graphRefused",
    message="Graph refused the invitation for a reason this version does not know.",
    remediation=(
        "Read Graph's own code and message in graph; give its requestId to Microsoft's support."
    ),
    owner=Owner.OPERATOR,
)

OTHER_USER_INVITED = Reason(
    "otherUserInvited",
    "Graph invited another object than the user asked for, most likely a new guest.",
    "Find the object that invitation.invitedUserId names and delete it if it is a new guest; then"
    " report this as a fault of the service.",
    Owner.IDENTITY_ADMIN,
)


def explain(refused: GraphRefused, case: Case) -> Reason:
    """Turn a refusal into a reason with its remedy, by the facts of the case."""
    row = next((row for row in REFUSALS if row.explains(refused, case)), UNKNOWN)
    remediation = row.remediation.replace("{consent}", consent_takes_time(case.settings))
    return Reason(row.code, row.message, remediation, row.owner, row.retriable)
