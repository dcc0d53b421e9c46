"""The refusals of Graph's that are known, each by its telling part. Pure.

The texts are those of "Create invitation", of "Troubleshoot common issues with B2B collaboration",
and of field reports.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from converters.model.facts import Unread
from converters.model.outcome import Owner
from converters.policy.refusal import Refusal
from converters.settings.reader import GUID

if TYPE_CHECKING:
    from converters.model.errors import GraphRefused
    from converters.policy.rule import Case


def _invites_are_allowed(_refused: GraphRefused, case: Case) -> bool:
    allowed = case.facts.tenant.allow_invites_from
    return not isinstance(allowed, Unread) and allowed != "none"


def _names_the_user(refused: GraphRefused, case: Case) -> bool:
    return case.user.id.lower() in {found.lower() for found in _guids(refused.text)}


def _names_another(refused: GraphRefused, case: Case) -> bool:
    return bool(_guids(refused.text)) and not _names_the_user(refused, case)


def _guids(text: str) -> list[str]:
    return [match[0] for match in re.finditer(GUID, text)]


def _mail_holds_it(_refused: GraphRefused, case: Case) -> bool:
    mail, address = case.user.mail, case.facts.choice.address
    return bool(mail and address and mail.lower() == address.key)


_ALREADY_EXISTS = "the invited user already exists in the directory"
_NOT_ON_USER = "doesn't match any emails on the user object"
_NOT_ALLOWED = "guest invitations not allowed for your company"

REFUSALS = (
    Refusal(
        code="invitationsRefusedByTenant",
        message=(
            "Graph refused guest invitations, though the tenant's settings allow them"
            " (allowInvitesFrom)."
        ),
        remediation=(
            "Grant the application User.Invite.All. If it has that, wait: a change of the external"
            " collaboration settings takes up to an hour. {consent}"
        ),
        owner=Owner.OPERATOR,
        texts=(_NOT_ALLOWED,),
        retriable=True,
        only_if=_invites_are_allowed,
    ),
    Refusal(
        code="invitationsRefusedByTenant",
        message="Graph refused: guest invitations are not allowed in this tenant.",
        remediation="Allow B2B invitations in the external collaboration settings.",
        owner=Owner.IDENTITY_ADMIN,
        texts=(_NOT_ALLOWED,),
        retriable=True,
    ),
    Refusal(
        code="mailInTenantDomain",
        message="Graph refused: the user's mail is in a verified domain of this tenant.",
        remediation="Put the person's external address into mail.",
        owner=Owner.IDENTITY_ADMIN,
        texts=("email address cannot be in a verified domain",),
    ),
    Refusal(
        code="inviteeInThisTenant",
        message="Graph refused: the invited identity belongs to this tenant.",
        remediation="Use the person's address in their own organisation.",
        owner=Owner.REQUESTER,
        texts=("invitee is in inviter tenant", "is a verified domain of this directory"),
    ),
    Refusal(
        code="addressNotSeenByGraph",
        message="Graph does not see yet that the user's mail holds the address.",
        remediation=(
            "Send the request again in an hour; if Graph still refuses, give Microsoft's support"
            " graph.requestId."
        ),
        owner=Owner.REQUESTER,
        texts=(_NOT_ON_USER,),
        retriable=True,
        only_if=_mail_holds_it,
    ),
    Refusal(
        code="addressNotSeenByGraph",
        message="Graph refused: the address does not match the user's own.",
        remediation=(
            "Put the address into the user's mail (otherMails is not enough for Graph), then send"
            " the request again."
        ),
        owner=Owner.IDENTITY_ADMIN,
        texts=(_NOT_ON_USER,),
        retriable=True,
    ),
    Refusal(
        code="addressHeldByUser",
        message="Graph refused: another internal user holds the address, perhaps a deleted one.",
        remediation=(
            "Take the address from that user. If you find none, look among the deleted users:"
            " remove the one that holds it permanently, or wait 30 days."
        ),
        owner=Owner.IDENTITY_ADMIN,
        texts=("non-external user already exists with the given mail address",),
    ),
    Refusal(
        code="homeTenantRefuses",
        message="Graph refused: the person's own tenant does not let them be invited here.",
        remediation=(
            "Ask the partner's administrators to allow outbound B2B collaboration with this tenant,"
            " or use another address of the person."
        ),
        owner=Owner.PARTNER_ADMIN,
        texts=("can't be invited to this directory", "cannot be invited to this directory"),
    ),
    Refusal(
        code="invitedUserIgnored",
        message="Graph took the request for the invitation of a new guest, not for a conversion.",
        remediation=(
            "Change nothing in the directory: the object that Graph names is the user itself. Give"
            " Microsoft's support graph.requestId, and report this as a fault of the service."
        ),
        owner=Owner.OPERATOR,
        texts=(_ALREADY_EXISTS,),
        only_if=_names_the_user,
    ),
    Refusal(
        code="inviteeAlreadyExists",
        message="Graph refused: the address already belongs to another object of this directory.",
        remediation="Remove the address from the other object, or delete that object.",
        owner=Owner.IDENTITY_ADMIN,
        texts=(_ALREADY_EXISTS,),
        only_if=_names_another,
    ),
    Refusal(
        code="inviteeAlreadyExists",
        message="Graph refused: the address already belongs to an object of this directory.",
        remediation="Find the object that holds the address, and take the address from it.",
        owner=Owner.IDENTITY_ADMIN,
        texts=(_ALREADY_EXISTS,),
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
            "Allow B2B collaboration between the two tenants: inbound here, outbound at the"
            " partner."
        ),
        owner=Owner.PARTNER_ADMIN,
        texts=("blocked by cross-tenant access settings",),
    ),
    Refusal(
        code="convertedBack",
        message=(
            "Graph refused: the user was converted back to internal and cannot be invited again."
        ),
        remediation=(
            "Take the address off this account, invite the person as a new guest, and move groups"
            " and app assignments there."
        ),
        owner=Owner.IDENTITY_ADMIN,
        statuses=(412,),
    ),
    Refusal(
        code="syncedUserRefused",
        message="Graph refused the request as invalid, as it does for some synced users.",
        remediation=(
            "Look at the user's on-premises attributes, onPremisesUserPrincipalName above all. If"
            " that does not help, invite the person as a new guest."
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
            "Grant the application User.Invite.All; if it has that, User.ReadWrite.All is the one"
            " that Microsoft's own example of a conversion adds. {consent}"
        ),
        owner=Owner.OPERATOR,
        texts=("insufficient privileges",),
        statuses=(401, 403),
        retriable=True,
    ),
)
