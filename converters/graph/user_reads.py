"""What is asked of the directory, and how its answers become facts. Pure: no I/O.

Every path and filter is built here, from values that were validated before and are quoted here.
Source: the Microsoft Graph v1.0 reference, page by page as each read's function names it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from converters.graph.read import Absence, Incomplete, Read
from converters.model.facts import DirectoryRole, Groups, Holder, Identity, ServicePlan, User

if TYPE_CHECKING:
    from converters.graph.read import Item

USER_PROPERTIES = (
    "id",
    "userPrincipalName",
    "accountEnabled",
    "createdDateTime",
    "userType",
    "externalUserState",
    "externalUserStateChangeDateTime",
    "identities",
    "mail",
    "otherMails",
    "onPremisesSyncEnabled",
    "onPremisesUserPrincipalName",
    "isManagementRestricted",
    "assignedPlans",
)
# Advanced queries, as a cast with $count is one, are answered from an index that lags a little.
_EVENTUAL = {"ConsistencyLevel": "eventual"}
NO_PIM_LICENCE = Absence[tuple[str, ...]]("no licence for PIM", (), "AadPremiumLicenseRequired")
_SELECT_USER = "$select=" + ",".join(USER_PROPERTIES)


def user(user_id: str) -> Read[User | None]:
    """Ask for one user ("Get user"); that there is none is a fact too."""
    return Read(
        name="user",
        what="the user",
        path=f"/users/{quoted(user_id)}?{_SELECT_USER}",
        permission="User.Read.All",
        parse=lambda item: _user(item, user_id),
        absence=Absence("no such user", None),
    )


def users_named(user_principal_name: str) -> Read[tuple[str, ...]]:
    """Ask for the ids of the users with a UPN ("List users"): none or one."""
    condition = f"userPrincipalName eq {literal(user_principal_name)}"
    return Read(
        name="usersNamed",
        what="the user by userPrincipalName",
        path=f"/users?$select=id&$filter={quoted(condition)}",
        permission="User.Read.All",
        parse=_ids,
    )


def users_addressed(address: str) -> Read[tuple[str, ...]]:
    """Ask for the ids of the users whose ``mail`` or ``otherMails`` holds an address."""
    text = literal(address)
    condition = f"mail eq {text} or otherMails/any(o:o eq {text})"
    return Read(
        name="usersAddressed",
        what="the user by address",
        path=f"/users?$select=id&$filter={quoted(condition)}",
        permission="User.Read.All",
        parse=_ids,
    )


def active_roles(user_id: str) -> Read[tuple[DirectoryRole, ...]]:
    """Ask for the activated directory roles that a user holds, through groups too."""
    return Read(
        name="activeRoles",
        what="the user's directory roles",
        path=f"/users/{quoted(user_id)}/transitiveMemberOf/microsoft.graph.directoryRole"
        "?$select=id,displayName,roleTemplateId&$count=true",
        permission="RoleManagement.Read.Directory",
        parse=_active_roles,
        headers=_EVENTUAL,
    )


def role_assignments(user_id: str) -> Read[tuple[str, ...]]:
    """Ask for the roles assigned to a user itself ("List unifiedRoleAssignments").

    Those of ``active_roles`` are only the built-in ones that were activated in the tenant.
    """
    condition = f"principalId eq {literal(user_id)}"
    return Read(
        name="roleAssignments",
        what="the user's role assignments",
        path=f"/roleManagement/directory/roleAssignments?$filter={quoted(condition)}",
        permission="RoleManagement.Read.Directory",
        parse=lambda body: tuple(one.text("roleDefinitionId") for one in body.items("value")),
    )


def eligible_groups(user_id: str) -> Read[tuple[str, ...]]:
    """Ask for the groups that a user can activate ("List eligibilityScheduleInstances").

    A tenant without the licence for Privileged Identity Management has none.
    """
    condition = f"principalId eq {literal(user_id)}"
    return Read(
        name="eligibleGroups",
        what="the groups the user is eligible for",
        path="/identityGovernance/privilegedAccess/group/eligibilityScheduleInstances"
        f"?$filter={quoted(condition)}",
        permission="PrivilegedEligibilitySchedule.Read.AzureADGroup",
        parse=lambda body: tuple(one.text("groupId") for one in body.items("value")),
        absence=NO_PIM_LICENCE,
    )


def eligible_roles(user_id: str) -> Read[tuple[str, ...]]:
    """Ask for the roles that a user can activate ("List roleEligibilityScheduleInstances").

    A tenant without the licence for Privileged Identity Management has none.
    """
    condition = f"principalId eq {literal(user_id)}"
    return Read(
        name="eligibleRoles",
        what="the roles the user is eligible for",
        path=f"/roleManagement/directory/roleEligibilityScheduleInstances?$filter={quoted(condition)}",
        permission="RoleEligibilitySchedule.Read.Directory",
        parse=lambda body: tuple(one.text("roleDefinitionId") for one in body.items("value")),
        absence=NO_PIM_LICENCE,
    )


def groups(user_id: str) -> Read[Groups]:
    """Ask for the groups of a user, through groups too."""
    return Read(
        name="groups",
        what="the user's groups",
        path=f"/users/{quoted(user_id)}/transitiveMemberOf/microsoft.graph.group"
        "?$select=id,isAssignableToRole&$count=true&$top=999",
        permission="GroupMember.Read.All",
        parse=_groups,
        headers=_EVENTUAL,
    )


def user_holders(address: str) -> Read[tuple[Holder, ...]]:
    """Ask which users hold an address in any property that must be unique or signs in."""
    text, proxy = literal(address), literal(f"smtp:{address}")
    condition = (
        f"mail eq {text} or otherMails/any(o:o eq {text})"
        f" or proxyAddresses/any(p:p eq {proxy}) or userPrincipalName eq {text}"
    )
    return Read(
        name="userHolders",
        what="the users who hold the address",
        path=f"/users?$select=id&$filter={quoted(condition)}",
        permission="User.Read.All",
        parse=lambda body: tuple(Holder("user", id_) for id_ in _ids(body)),
    )


def contact_holders(address: str) -> Read[tuple[Holder, ...]]:
    """Ask which organisational contacts hold an address ("List orgContacts")."""
    text, proxy = literal(address), literal(f"smtp:{address}")
    condition = f"mail eq {text} or proxyAddresses/any(p:p eq {proxy})"
    return Read(
        name="contactHolders",
        what="the contacts that hold the address",
        path=f"/contacts?$select=id&$filter={quoted(condition)}",
        permission="OrgContact.Read.All",
        parse=lambda body: tuple(Holder("contact", id_) for id_ in _ids(body)),
    )


def literal(value: str) -> str:
    """Write an OData string literal."""
    return "'" + value.replace("'", "''") + "'"


def quoted(value: str) -> str:
    """Percent-encode a value for any place in a URL."""
    return quote(value, safe="")


def _ids(body: Item) -> tuple[str, ...]:
    return tuple(item.text("id") for item in body.items("value"))


def _active_roles(body: Item) -> tuple[DirectoryRole, ...]:
    return tuple(
        DirectoryRole(role.label("displayName") or role.text("id"), role.label("roleTemplateId"))
        for role in body.items("value")
    )


def _groups(body: Item) -> Groups:
    found = {
        group.text("id"): group.flag_or_none("isAssignableToRole") for group in body.items("value")
    }
    return Groups(
        frozenset(id_.lower() for id_ in found),
        tuple(id_ for id_, assignable in found.items() if assignable),
    )


def check_is_asked(item: Item, asked: str) -> None:
    """Hold an answer to be about the user who was asked for.

    Raises:
        Incomplete: another user's facts would be judged, and that user invited.
    """
    if item.text("id").lower() != asked.lower():
        raise Incomplete


def _user(item: Item, asked: str) -> User:
    check_is_asked(item, asked)
    identities = item.items_or_none("identities")
    return User(
        id=item.text("id"),
        user_principal_name=item.text("userPrincipalName"),
        user_type=item.text_or_none("userType"),
        # Unknown means no: a user whose state Graph does not tell counts as disabled.
        account_enabled=item.flag_or_none("accountEnabled") is True,
        external_user_state=item.text_or_none("externalUserState"),
        external_user_state_changed=item.time_or_none("externalUserStateChangeDateTime"),
        identities=None
        if identities is None
        else tuple(Identity(i.text("signInType"), i.label("issuer")) for i in identities),
        mail=item.text_or_none("mail"),
        other_mails=item.texts("otherMails"),
        on_premises_synced=item.flag_or_none("onPremisesSyncEnabled") is True,
        on_premises_user_principal_name=item.text_or_none("onPremisesUserPrincipalName"),
        created=item.time_if_there("createdDateTime"),
        # Graph answers null where no restricted administrative unit holds the user.
        management_restricted=item.flag_or_none("isManagementRestricted") is True,
        assigned_plans=tuple(
            ServicePlan(plan.text("servicePlanId"), plan.text_or_none("capabilityStatus") or "")
            for plan in item.items("assignedPlans")
        ),
    )
