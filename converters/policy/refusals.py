"""What Graph's refusals of an invitation mean, and what to do about each.

The texts are those of "Create invitation", of the troubleshooting page "Troubleshoot common issues
with B2B collaboration", and of field reports; an unknown refusal stays permanent and is handed on
as Graph wrote it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from converters.model.outcome import Owner, Reason

if TYPE_CHECKING:
    from converters.model.errors import GraphRefused


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One known refusal.

    Attributes:
        code: our reason's code.
        texts: beginnings of Graph's message, lower case; any one is enough.
        statuses: HTTP statuses that mean this whatever the message.
        codes: Graph error codes that mean this whatever the message.
    """

    code: str
    message: str
    remediation: str
    owner: Owner
    texts: tuple[str, ...] = ()
    statuses: tuple[int, ...] = ()
    codes: tuple[str, ...] = ()
    retriable: bool = False

    def explains(self, refused: GraphRefused) -> bool:
        """Tell whether this row is what Graph meant."""
        text = refused.text.lower()
        return (
            any(known in text for known in self.texts)
            or refused.status in self.statuses
            or refused.code in self.codes
        )


REFUSALS = (
    Refusal(
        code="invitationsRefusedByTenant",
        message="Graph refused: guest invitations are not allowed in this tenant.",
        remediation="Allow B2B invitations in the external collaboration settings.",
        owner=Owner.IDENTITY_ADMIN,
        texts=("guest invitations not allowed for your company",),
        retriable=True,
    ),
    Refusal(
        code="inviteeInThisTenant",
        message="Graph refused: the invited identity belongs to this tenant.",
        remediation="Use the person's address in their own organisation.",
        owner=Owner.REQUESTER,
        texts=("invitee is in inviter tenant", "is a verified domain of this directory"),
    ),
    Refusal(
        code="inviteeAlreadyExists",
        message="Graph refused: the address already belongs to another object of this directory.",
        remediation="Remove the address from the other object, or delete that object.",
        owner=Owner.IDENTITY_ADMIN,
        texts=("the invited user already exists in the directory",),
    ),
    Refusal(
        code="addressConflict",
        message="Graph refused: another object has the address among its proxyAddresses.",
        remediation="Remove the address from the other object's proxyAddresses.",
        owner=Owner.IDENTITY_ADMIN,
        texts=("another object with the same value for property proxyaddresses",),
    ),
    Refusal(
        code="groupAddress",
        message="Graph refused: the address is a group's.",
        remediation="Use the person's own address.",
        owner=Owner.REQUESTER,
        texts=("group email address is not supported",),
    ),
    Refusal(
        code="blockedByCrossTenantAccess",
        message="Graph refused: cross-tenant access settings block the invitation.",
        remediation=(
            "Allow B2B collaboration between the two tenants: inbound here, outbound at the "
            "partner."
        ),
        owner=Owner.PARTNER_ADMIN,
        texts=("blocked by cross-tenant access settings",),
    ),
    Refusal(
        code="convertedBack",
        message=(
            "Graph refused: the user was converted back to internal and cannot be invited again."
        ),
        remediation="Delete the internal account and invite the person anew.",
        owner=Owner.IDENTITY_ADMIN,
        statuses=(412,),
    ),
    Refusal(
        code="syncedUserRefused",
        message="Graph refused the request as invalid, as it does for some synced users.",
        remediation=(
            "Look at the user's on-premises attributes, onPremisesUserPrincipalName above all; else"
            " delete the internal account and invite the person anew."
        ),
        owner=Owner.IDENTITY_ADMIN,
        texts=("user invitation failed. invalid request input",),
    ),
    Refusal(
        code="notYetVisible",
        message="Graph could not find the user, as happens for some minutes after a change.",
        remediation="Send the request again in five minutes.",
        owner=Owner.REQUESTER,
        codes=("Directory_ObjectNotFound", "Request_ResourceNotFound"),
        retriable=True,
    ),
    # Last, since Graph dresses other refusals in a 401 or 403 too.
    Refusal(
        code="permissionMissing",
        message="Graph refused: this application may not make the invitation.",
        remediation=(
            "Grant the application User.Invite.All; if it has that, User.ReadWrite.All is the one "
            "that Microsoft's own example of a conversion adds."
        ),
        owner=Owner.OPERATOR,
        texts=("insufficient privileges",),
        statuses=(401, 403),
        retriable=True,
    ),
)

UNKNOWN = Refusal(
    code="graphRefused",
    message="Graph refused the invitation for a reason this version does not know.",
    remediation=(
        "Read Graph's own code and message in `graph`; quote its requestId to Microsoft's support."
    ),
    owner=Owner.OPERATOR,
)

OTHER_USER_INVITED = Reason(
    "otherUserInvited",
    "Graph invited another object than the user asked for, most likely a new guest.",
    "Find the object that `invitation.invitedUserId` names and delete it if it is a new guest; then"
    " report this as a fault of the service.",
    Owner.IDENTITY_ADMIN,
)


def explain(refused: GraphRefused) -> Reason:
    """Turn a refusal into a reason with its remedy."""
    row = next((row for row in REFUSALS if row.explains(refused)), UNKNOWN)
    return Reason(row.code, row.message, row.remediation, row.owner, row.retriable)
