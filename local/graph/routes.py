"""Every path that is known, with what it needs and what it costs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from local.graph import (
    applications,
    completions,
    deltas,
    groups,
    invitations,
    mailing,
    policies,
    subscribing,
    users,
)
from local.graph.errors import unknown_segment, wrong_method
from local.graph.routing import Route

if TYPE_CHECKING:
    from collections.abc import Sequence

    from local.graph.routing import Permissions

_ANY = re.compile(r"(.+)", re.DOTALL)
_FIND_TENANT = re.compile(
    r"(?:microsoft\.graph\.)?findTenantInformationByDomainName\(domainName='(.*)'\)", re.DOTALL
)
_APPLICATION = re.compile(r"servicePrincipals\(appId='([^']+)'\)")
_ROLES_CAST = re.compile(r"(?:microsoft\.)?graph\.directoryRole")
_GROUPS_CAST = re.compile(r"(?:microsoft\.)?graph\.group")
_USERS_CAST = re.compile(r"(?:microsoft\.)?graph\.user")
_SENT_ITEMS = re.compile(r"(?i:sentitems)")
_FEDERATIONS_CAST = re.compile(r"(?:microsoft\.)?graph\.samlOrWsFedExternalDomainFederation")


def find(version: str, method: str, segments: Sequence[str]) -> tuple[Route, list[str]]:
    """Return the route of a request, and its arguments.

    Raises:
        GraphError: 400 for a path, 405 for a method that is not known.
    """
    other_method = False
    for route in ROUTES.get(version, ()):
        arguments = route.arguments(segments)
        if arguments is not None:
            if route.method == method:
                return route, arguments
            other_method = True
    if other_method:
        raise wrong_method()
    heads = {route.segments[0] for route in ROUTES.get(version, ())}
    raise unknown_segment(segments[-1] if segments[0] in heads else segments[0])


def _one_of(*alternatives: str) -> Permissions:
    """Return permissions, each text naming, after a plus, what is needed beside."""
    return tuple(frozenset(alternative.split("+")) for alternative in alternatives)


_READ_USERS = _one_of("User.Read.All", "User.ReadWrite.All", "Directory.Read.All")
_WRITE_USERS = _one_of("User.ReadWrite.All")
_WRITE_PROPERTIES = _one_of("User.ReadWrite.All", "User-PasswordProfile.ReadWrite.All")
_READ_GROUPS = _one_of(
    "GroupMember.Read.All+User.Read.All", "GroupMember.Read.All+User.ReadWrite.All",
    "Directory.Read.All",
)  # fmt: skip
_READ_MEMBERS = _one_of("GroupMember.Read.All", "Group.Read.All", "Directory.Read.All")
_READ_POLICIES = _one_of("Policy.Read.All")

_WATCHING = (
    # Of "subscription resource type": for changes of users.
    Route("GET", ("subscriptions",), subscribing.list_all, _READ_USERS),
    Route("POST", ("subscriptions",), subscribing.create, _READ_USERS, 201, "write"),
    Route("GET", ("subscriptions", _ANY), subscribing.get, _READ_USERS),
    Route("PATCH", ("subscriptions", _ANY), subscribing.update, _READ_USERS, 200, "write"),
    Route("DELETE", ("subscriptions", _ANY), subscribing.delete, _READ_USERS, 204, "write"),
    # Before the paths that take any id.
    Route("GET", ("users", "delta"), deltas.users, _READ_USERS, units=2),
    Route("GET", ("groups", "delta"), deltas.groups, _READ_MEMBERS, units=2),
    Route("GET", ("groups", _ANY, "transitiveMembers"), deltas.members, _READ_MEMBERS, units=2),
)
_V1 = (
    *_WATCHING,
    Route("GET", ("users", _ANY), users.get_user, _READ_USERS),
    # Which of its properties takes which permission is for the handler to say.
    Route("PATCH", ("users", _ANY), users.update_user, _WRITE_PROPERTIES, 204, "write"),
    Route("GET", ("users", _ANY, "sponsors"), completions.list_sponsors, _READ_USERS),
    Route("GET", ("users", _ANY, "manager"), completions.get_manager, _READ_USERS),
    Route(
        "POST",
        ("users", _ANY, "sponsors", "$ref"),
        completions.add_sponsor,
        _WRITE_USERS,
        204,
        "write",
    ),
    Route(
        "PUT",
        ("users", _ANY, "manager", "$ref"),
        completions.set_manager,
        _WRITE_USERS,
        204,
        "write",
    ),
    Route(
        "POST",
        ("users", _ANY, "revokeSignInSessions"),
        completions.revoke_sessions,
        _one_of("User.RevokeSessions.All"),
        200,
        "write",
    ),
    Route("GET", ("users",), users.list_users, _READ_USERS, units=2),
    Route(
        "GET",
        ("users", _ANY, "transitiveMemberOf", _ROLES_CAST),
        users.list_roles,
        _one_of("RoleManagement.Read.Directory", "Directory.Read.All"),
        units=2,
    ),
    Route(
        "GET",
        ("users", _ANY, "transitiveMemberOf", _GROUPS_CAST),
        users.list_groups,
        _READ_GROUPS,
        units=2,
    ),
    Route("GET", ("groups",), groups.list_groups, _READ_GROUPS, units=2),
    Route(
        "GET",
        ("groups", _ANY, "transitiveMembers", _USERS_CAST),
        groups.list_transitive_members,
        _READ_GROUPS,
        units=3,
    ),
    Route("POST", ("users", _ANY, "checkMemberGroups"), users.check_member_groups, _READ_GROUPS),
    Route(
        "GET",
        ("contacts",),
        users.list_contacts,
        _one_of("OrgContact.Read.All", "Directory.Read.All"),
        units=2,
    ),
    Route(
        "GET",
        ("roleManagement", "directory", "roleEligibilityScheduleInstances"),
        policies.list_role_eligibility,
        _one_of("RoleEligibilitySchedule.Read.Directory"),
    ),
    Route(
        "GET",
        ("roleManagement", "directory", "roleAssignments"),
        policies.list_role_assignments,
        _one_of("RoleManagement.Read.Directory", "Directory.Read.All"),
    ),
    Route(
        "GET",
        ("roleManagement", "directory", "roleDefinitions"),
        policies.list_role_definitions,
        _one_of("RoleManagement.Read.Directory", "Directory.Read.All"),
    ),
    Route(
        "GET",
        ("identityGovernance", "privilegedAccess", "group", "eligibilityScheduleInstances"),
        policies.list_group_eligibility,
        _one_of("PrivilegedEligibilitySchedule.Read.AzureADGroup"),
    ),
    Route(
        "GET",
        ("domains",),
        policies.list_domains,
        _one_of("Domain.Read.All", "Directory.Read.All"),
    ),
    Route(
        "GET",
        ("directory", "federationConfigurations", _FEDERATIONS_CAST),
        policies.list_federations,
        # Sources disagree which of the two it is.
        _one_of("Domain.Read.All", "IdentityProvider.Read.All"),
    ),
    Route(
        "GET",
        ("tenantRelationships", _FIND_TENANT),
        policies.find_tenant,
        _one_of("CrossTenantInformation.ReadBasic.All"),
    ),
    Route(
        "GET",
        ("policies", "authorizationPolicy"),
        policies.get_authorization_policy,
        _READ_POLICIES,
    ),
    Route(
        "GET",
        ("policies", "crossTenantAccessPolicy", "partners"),
        policies.list_partners,
        _READ_POLICIES,
    ),
    Route(
        "GET",
        ("policies", "crossTenantAccessPolicy", "partners", _ANY),
        policies.get_partner,
        _READ_POLICIES,
    ),
    Route(
        "GET",
        ("policies", "crossTenantAccessPolicy", "default"),
        policies.get_default_access,
        _READ_POLICIES,
    ),
    Route(
        "GET",
        ("organization",),
        policies.list_organizations,
        _one_of("Organization.Read.All", "Directory.Read.All"),
    ),
    Route(
        "GET",
        (_APPLICATION,),
        applications.get_service_principal,
        _one_of("Application.Read.All", "Directory.Read.All"),
    ),
    Route(
        "GET",
        (_APPLICATION, "appRoleAssignments"),
        applications.list_app_role_assignments,
        _one_of("Application.Read.All", "Directory.Read.All"),
    ),
    # Mailboxes word their own refusals: what an application may do there, Exchange knows too.
    Route("POST", ("users", _ANY, "sendMail"), mailing.send_mail, (), 202, "mail"),
    Route(
        "GET",
        ("users", _ANY, "mailFolders", _SENT_ITEMS, "messages"),
        mailing.list_sent_items,
        (),
        kind="mail",
    ),
    # The invitation API words its own refusals, that of a missing permission too.
    Route("POST", ("invitations",), invitations.create, (), 201, "invitation"),
)
_BETA = (
    Route(
        "GET",
        ("policies", "b2bManagementPolicies"),
        policies.list_b2b_management_policies,
        _one_of("Policy.Read.B2BManagementPolicy"),
    ),
)
ROUTES = {"v1.0": _V1, "beta": _BETA}
