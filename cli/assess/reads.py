"""What is asked of a whole tenant, and how its answers become facts. Pure: no I/O.

The answers become the very facts that the service reads for one user; what parses them is its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from converters.graph import tenant_reads, user_reads
from converters.graph.read import Absence, Read
from converters.graph.user_reads import literal, quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from converters.graph.read import Item

T = TypeVar("T")
_MEMBERS = {"ConsistencyLevel": "eventual"}
_PROXY = "smtp:"
# Beside what the rules look at: what candidates are found by, and what a person wants to see.
SHOWN = ("displayName", "companyName", "department", "employeeType", "assignedLicenses")
SELECTED = (*user_reads.USER_PROPERTIES, "proxyAddresses", *SHOWN)


@dataclass(frozen=True, slots=True)
class Assignment:
    """Who was given what: a role, or a group to activate.

    Attributes:
        principal: whose id, in lower case.
        given: the id of the role's definition, or of the group.
        everywhere: whether it holds in the whole tenant.
    """

    principal: str
    given: str
    everywhere: bool = True


@dataclass(frozen=True, slots=True)
class AllGroups:
    """What matters of the tenant's groups.

    Attributes:
        role_assignable: ids of those that can hold directory roles.
        activatable: ids of those that Privileged Identity Management can manage.
        holders: ids of those that hold an address, by the address.
    """

    role_assignable: tuple[str, ...]
    activatable: tuple[str, ...]
    holders: dict[str, list[str]]


def users(more: Sequence[str]) -> Read[int]:
    """Ask for every user, with ``more`` properties than are always asked for."""
    select = ",".join(dict.fromkeys((*SELECTED, *more)))
    return Read(
        name="users",
        what="the users",
        path=f"/users?$top=999&$select={select}",
        permission="User.Read.All",
        parse=lambda body: len(body.items("value")),
    )


def contacts() -> Read[dict[str, list[str]]]:
    """Ask which contact holds which address."""
    return Read(
        name="contacts",
        what="the contacts that hold the address",
        path="/contacts?$top=999&$select=id,mail,proxyAddresses",
        permission="OrgContact.Read.All",
        parse=lambda body: _holders(body.items("value")),
    )


def groups() -> Read[AllGroups]:
    """Ask for every group."""
    select = "id,mail,proxyAddresses,isAssignableToRole,groupTypes,onPremisesSyncEnabled"
    return Read(
        name="groups",
        what="the user's groups",
        path=f"/groups?$top=999&$select={select}",
        permission="GroupMember.Read.All",
        parse=_groups,
    )


def members(group_id: str, name: str = "members") -> Read[frozenset[str]]:
    """Ask for the users in a group, through groups too; nobody where it is no group."""
    path = f"/groups/{quoted(group_id)}/transitiveMembers/microsoft.graph.user"
    return Read(
        name=f"{name}-{group_id}",
        what="the user's groups",
        path=f"{path}?$select=id&$count=true&$top=999",
        permission="GroupMember.Read.All",
        parse=lambda body: frozenset(one.text("id").lower() for one in body.items("value")),
        absence=Absence("no such group", frozenset()),
        headers=_MEMBERS,
    )


def role_assignments() -> Read[tuple[Assignment, ...]]:
    """Ask for every role that is assigned."""
    return Read(
        name="roleAssignments",
        what="the user's role assignments",
        path="/roleManagement/directory/roleAssignments",
        permission="RoleManagement.Read.Directory",
        parse=_assignments,
    )


def role_definitions() -> Read[dict[str, str]]:
    """Ask for the names of the built-in roles, by id."""
    return Read(
        name="roleDefinitions",
        what="the user's directory roles",
        path="/roleManagement/directory/roleDefinitions?$select=id,displayName,isBuiltIn",
        permission="RoleManagement.Read.Directory",
        parse=lambda body: {
            one.text("id"): one.label("displayName") or one.text("id")
            for one in body.items("value")
            if one.flag_or_none("isBuiltIn") is not False
        },
    )


def eligible_roles() -> Read[tuple[Assignment, ...]]:
    """Ask for every role that can be activated."""
    return Read(
        name="eligibleRoles",
        what="the roles the user is eligible for",
        path="/roleManagement/directory/roleEligibilityScheduleInstances",
        permission="RoleEligibilitySchedule.Read.Directory",
        parse=_assignments,
        absence=Absence("no licence for PIM", (), user_reads.NO_PIM_LICENCE.code),
    )


def eligible_for(group_id: str) -> Read[tuple[Assignment, ...]]:
    """Ask who can activate one group; Graph answers for a group or a person, never for all."""
    condition = f"groupId eq {literal(group_id)}"
    return Read(
        name=f"eligibleGroups-{group_id}",
        what="the groups the user is eligible for",
        path="/identityGovernance/privilegedAccess/group/eligibilityScheduleInstances"
        f"?$filter={quoted(condition)}",
        permission="PrivilegedEligibilitySchedule.Read.AzureADGroup",
        parse=lambda body: tuple(
            Assignment(one.text("principalId").lower(), one.text("groupId"))
            for one in body.items("value")
        ),
        absence=Absence("no licence for PIM", (), user_reads.NO_PIM_LICENCE.code),
    )


def federated_domains() -> Read[frozenset[str]]:
    """Ask for the domains that sign in by direct federation."""
    one = tenant_reads.direct_federation("")
    return Read(
        name="directFederations",
        what=one.what,
        path=f"{one.path.partition('?')[0]}?$expand=domains",
        permission=one.permission,
        parse=lambda body: frozenset(
            domain.text("id").lower()
            for federation in body.items("value")
            for domain in federation.items("domains")
        ),
    )


def partners() -> Read[dict[str, bool | None]]:
    """Ask which partner tenants' people are kept out, by tenant id."""
    one = tenant_reads.partner_inbound("")
    return Read(
        name="partners",
        what=one.what,
        path="/policies/crossTenantAccessPolicy/partners",
        permission=one.permission,
        parse=lambda body: {
            partner.text("tenantId").lower(): one.parse(partner) for partner in body.items("value")
        },
    )


def renamed(read: Read[T], name: str) -> Read[T]:
    """Return a read under a name of its own, for a batch that has several of its kind."""
    return replace(read, name=f"{read.name}-{name}")


def addresses_in(item: Item) -> set[str]:
    """Return the addresses that an object holds, in lower case."""
    proxies = [each.lower() for each in item.texts("proxyAddresses")]
    held = {each.removeprefix(_PROXY) for each in proxies if each.startswith(_PROXY)}
    mail = item.text_or_none("mail")
    return held | {mail.lower()} if mail else held


def _holders(items: Sequence[Item]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for item in items:
        for address in addresses_in(item):
            found.setdefault(address, []).append(item.text("id"))
    return found


def _groups(body: Item) -> AllGroups:
    items = body.items("value")
    return AllGroups(
        role_assignable=tuple(
            one.text("id") for one in items if one.flag_or_none("isAssignableToRole")
        ),
        # "Privileged Identity Management for Groups": neither dynamic nor synchronised ones.
        activatable=tuple(
            one.text("id")
            for one in items
            if "DynamicMembership" not in one.texts("groupTypes")
            and not one.flag_or_none("onPremisesSyncEnabled")
        ),
        holders=_holders(items),
    )


def _assignments(body: Item) -> tuple[Assignment, ...]:
    return tuple(
        Assignment(
            one.text("principalId").lower(),
            one.text("roleDefinitionId"),
            one.label("directoryScopeId") == "/",
        )
        for one in body.items("value")
    )
