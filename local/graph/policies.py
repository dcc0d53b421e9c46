"""Reads of what the whole tenant has set: domains, federations, policies, eligibilities."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from local.graph import schema
from local.graph.errors import GraphError, bad_request, invalid_filter
from local.graph.loading import identifier
from local.graph.loading_policies import LISTS_OF_DOMAINS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from local.graph.query import Query
    from local.graph.schema import EntityType, Json

_GUEST_ROLE = "10dae51f-b6af-4016-8d66-8c2a99b929b3"


def list_domains(query: Query) -> Json:
    """Answer "List domains"."""
    return _all(query, query.tenant.domains, schema.DOMAIN, "domains")


def list_federations(query: Query) -> Json:
    """Answer "List samlOrWsFedExternalDomainFederations"; the page shows the domains in each."""
    context = (
        "directory/federationConfigurations/microsoft.graph.samlOrWsFedExternalDomainFederation"
    )
    return _all(query, query.tenant.federations, schema.FEDERATION, context)


def find_tenant(query: Query) -> Json:
    """Answer "tenantRelationship: findTenantInformationByDomainName"; 404 where there is none."""
    domain = query.arguments[0].replace("''", "'").lower()
    home = query.tenant.home_tenants.get(domain)
    if home is None:
        raise GraphError(
            404,
            "Directory_ObjectNotFound",
            "Unable to read the company information from the directory.",
        )
    context = f"{query.root}/$metadata#microsoft.graph.tenantInformation"
    kind = schema.TENANT_INFORMATION
    return {"@odata.context": context, **kind.projected(home, kind.shown)}


def get_authorization_policy(query: Query) -> Json:
    """Answer "Get authorizationPolicy"."""
    policy: Json = {
        "id": "authorizationPolicy",
        "displayName": "Authorization Policy",
        "description": "Used to manage authorization related settings across the company.",
        "allowInvitesFrom": query.tenant.allow_invites_from,
        "allowedToSignUpEmailBasedSubscriptions": True,
        "allowedToUseSSPR": True,
        "allowEmailVerifiedUsersToJoinOrganization": False,
        "blockMsolPowerShell": False,
        "guestUserRoleId": _GUEST_ROLE,
        "defaultUserRolePermissions": {
            "allowedToCreateApps": False,
            "allowedToCreateSecurityGroups": False,
            "allowedToReadOtherUsers": True,
            "permissionGrantPoliciesAssigned": [],
        },
    }
    return query.entity(policy, schema.AUTHORIZATION_POLICY, "policies/authorizationPolicy")


def get_partner(query: Query) -> Json:
    """Answer "Get crossTenantAccessPolicyConfigurationPartner"; 404 for who is none."""
    partner = query.tenant.partners.get(query.arguments[0].lower())
    if partner is None:
        raise GraphError(404, "ResourceNotFound", "The requested resource was not found.")
    context = "policies/crossTenantAccessPolicy/partners"
    return query.entity(partner, schema.PARTNER, context)


def list_partners(query: Query) -> Json:
    """Answer "List partners" of the cross-tenant access policy."""
    context = "policies/crossTenantAccessPolicy/partners"
    return _all(query, query.tenant.partners.values(), schema.PARTNER, context)


def get_default_access(query: Query) -> Json:
    """Answer "Get crossTenantAccessPolicyConfigurationDefault"."""
    context = "policies/crossTenantAccessPolicy/default"
    return query.entity(query.tenant.default_access, schema.PARTNER_DEFAULT, context)


def list_b2b_management_policies(query: Query) -> Json:
    """Answer beta's "List b2bManagementPolicy objects": one, or none where no list is set.

    The lists of domains stand in a text of JSON, the policy's one ``definition``.
    """
    policies: list[Json] = []
    if query.tenant.domain_lists:
        name = LISTS_OF_DOMAINS[0].upper() + LISTS_OF_DOMAINS[1:]
        definition = {"B2BManagementPolicy": {"Version": 1, name: query.tenant.domain_lists}}
        policy: Json = {
            "id": identifier("policy", query.tenant.tenant_id),
            "displayName": "B2BManagementPolicy",
            "isOrganizationDefault": True,
            "definition": [json.dumps(definition, separators=(",", ":"))],
        }
        policies.append(policy)
    return _all(query, policies, schema.B2B_MANAGEMENT_POLICY, "policies/b2bManagementPolicies")


def list_role_eligibility(query: Query) -> Json:
    """Answer "List roleEligibilityScheduleInstances"; Graph refuses without a P2 licence."""
    if not query.tenant.p2:
        raise _no_licence()
    context = "roleManagement/directory/roleEligibilityScheduleInstances"
    return _all(query, query.tenant.memberships.eligibility, schema.ROLE_ELIGIBILITY, context)


def list_role_assignments(query: Query) -> Json:
    """Answer "List unifiedRoleAssignments"."""
    context = "roleManagement/directory/roleAssignments"
    found = query.tenant.memberships.assignments_of_all()
    return _all(query, found, schema.ROLE_ASSIGNMENT, context)


def list_role_definitions(query: Query) -> Json:
    """Answer "List unifiedRoleDefinitions": those of the active roles, and the assigned ones."""
    found: dict[str, Json] = {}
    for role in query.tenant.roles.values():
        definition = role.get("roleTemplateId") or role["id"]
        found[definition] = _role_definition(definition, role["displayName"], built_in=True)
    for assignment in query.tenant.memberships.assignments:
        definition = assignment["roleDefinitionId"]
        found.setdefault(definition, _role_definition(definition, definition, built_in=False))
    context = "roleManagement/directory/roleDefinitions"
    return _all(query, found.values(), schema.ROLE_DEFINITION, context)


def _role_definition(id_: str, name: str, *, built_in: bool) -> Json:
    return {
        "id": id_,
        "templateId": id_,
        "displayName": name,
        "isBuiltIn": built_in,
        "isEnabled": True,
    }


def list_group_eligibility(query: Query) -> Json:
    """Answer "List eligibilityScheduleInstances"; it wants a filter, and a licence."""
    if not query.tenant.p2:
        raise _no_licence()
    if "$filter" not in query.options:
        raise bad_request("The filter needs principalId or groupId.")
    context = "identityGovernance/privilegedAccess/group/eligibilityScheduleInstances"
    found = query.tenant.memberships.group_eligibility
    return _all(query, found, schema.GROUP_ELIGIBILITY, context)


def list_organizations(query: Query) -> Json:
    """Answer "List organizations": the tenant itself."""
    verified = [
        {
            "name": domain["id"],
            "type": domain["authenticationType"],
            "isDefault": domain["isDefault"],
            "isInitial": domain["isInitial"],
            "capabilities": "Email, OfficeCommunicationsOnline",
        }
        for domain in query.tenant.domains
        if domain["isVerified"]
    ]
    tenant = query.tenant
    organization: Json = {
        "id": tenant.tenant_id,
        "displayName": tenant.display_name,
        "tenantType": "AAD",
        "verifiedDomains": verified,
    }
    return _all(query, [organization], schema.ORGANIZATION, "organization")


def _no_licence() -> GraphError:
    return GraphError(
        400,
        "AadPremiumLicenseRequired",
        "The tenant needs to have Microsoft Entra ID P2 or Microsoft Entra ID Governance license.",
    )


def _all(query: Query, items: Iterable[Json], kind: EntityType, context: str) -> Json:
    condition = query.condition(kind)
    if condition is not None and condition.advanced():
        raise invalid_filter("The operator is not supported here.")
    found = [item for item in items if condition is None or condition.matches(item)]
    return query.collection(found, kind, context)
