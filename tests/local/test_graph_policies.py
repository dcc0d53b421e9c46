"""Reads of what the tenant has set, and the permission that each read needs."""

from __future__ import annotations

import json

import pytest

from tests.local.test_graph_http import KIM, LEE, PARTNER_TENANT, directory, emulated

FEDERATIONS = "directory/federationConfigurations/graph.samlOrWsFedExternalDomainFederation"
HOME = "tenantRelationships/findTenantInformationByDomainName(domainName='{}')"
ELIGIBLE = "roleManagement/directory/roleEligibilityScheduleInstances"
BLOCKED = {"usersAndGroups": {"accessType": "blocked"}}


async def test_domains_say_what_is_verified() -> None:
    domains = [{"id": "contoso.example"}, {"id": "new.example", "isVerified": False}]
    async with emulated(directory(domains=domains)) as client:
        reply = await client.get("domains?$select=id,isVerified,authenticationType")
    assert reply.body["value"] == [
        {"id": "contoso.example", "isVerified": True, "authenticationType": "Managed"},
        {"id": "new.example", "isVerified": False, "authenticationType": "Managed"},
    ]


@pytest.mark.parametrize("spelling", [FEDERATIONS, FEDERATIONS.replace("graph", "microsoft.graph")])
async def test_federation_is_found_by_domain(spelling: str) -> None:
    federations = [{"displayName": "A", "issuerUri": "urn:a", "domains": ["adatum.example"]}]
    async with emulated(directory(federations=federations)) as client:
        found = await client.get(f"{spelling}?$filter=domains/any(x:x/id%20eq%20'Adatum.example')")
        none = await client.get(f"{spelling}?$filter=domains/any(x:x/id%20eq%20'other.example')")
        expanded = await client.get(f"{spelling}?$expand=domains")
        other = await client.get(f"{spelling}?$expand=secrets")
    assert [domain["id"] for domain in found.body["value"][0]["domains"]] == ["adatum.example"]
    assert (none.ids, expanded.ids, other.status) == ([], found.ids, 400)


async def test_home_tenant_is_found_by_domain() -> None:
    async with emulated() as client:
        found = await client.get(HOME.format("Partner.example"))
        none = await client.get(HOME.format("o''hara.example"))
    assert (found.body["tenantId"], found.body["defaultDomainName"]) == (
        PARTNER_TENANT, "partner.example",
    )  # fmt: skip
    assert (none.status, none.error.partition(":")[0]) == (404, "Directory_ObjectNotFound")


async def test_authorization_policy_says_who_may_invite() -> None:
    async with emulated(directory(allowInvitesFrom="none")) as client:
        reply = await client.get("policies/authorizationPolicy")
    assert (reply.body["id"], reply.body["allowInvitesFrom"]) == ("authorizationPolicy", "none")


async def test_partner_and_default_are_read() -> None:
    access = {"partners": [{"tenantId": PARTNER_TENANT, "b2bCollaborationInbound": BLOCKED}]}
    root = "policies/crossTenantAccessPolicy"
    async with emulated(directory(crossTenantAccess=access)) as client:
        partner = await client.get(f"{root}/partners/{PARTNER_TENANT}")
        nobody = await client.get(f"{root}/partners/{KIM}")
        default = await client.get(f"{root}/default")
    assert partner.body["b2bCollaborationInbound"] == BLOCKED
    assert nobody.status == 404
    inbound = default.body["b2bCollaborationInbound"]
    assert (default.body["isServiceDefault"], inbound["usersAndGroups"]["accessType"]) == (
        True, "allowed",
    )  # fmt: skip


async def test_lists_of_domains_are_read_from_beta() -> None:
    lists = {"BlockedDomains": ["bad.example"]}
    policy = {"invitationsAllowedAndBlockedDomainsPolicy": lists}
    async with emulated(directory(b2bManagementPolicy=policy)) as client:
        reply = await client.get("/beta/policies/b2bManagementPolicies")
        assert (await client.get("policies/b2bManagementPolicies")).status == 400
    definition = json.loads(reply.body["value"][0]["definition"][0])["B2BManagementPolicy"]
    assert definition["InvitationsAllowedAndBlockedDomainsPolicy"] == lists


async def test_without_lists_of_domains_there_is_no_such_policy() -> None:
    async with emulated() as client:
        assert (await client.get("/beta/policies/b2bManagementPolicies")).ids == []


async def test_eligibility_is_found_by_principal() -> None:
    eligibility = [{"principalId": KIM, "roleDefinitionId": "role"}]
    async with emulated(directory(roleEligibility=eligibility)) as client:
        found = await client.get(f"{ELIGIBLE}?$filter=principalId%20eq%20'{KIM}'")
        none = await client.get(f"{ELIGIBLE}?$filter=principalId%20eq%20'{LEE}'")
        wrong = await client.get(f"{ELIGIBLE}?$filter=principalId%20ne%20'{LEE}'")
    assert [each["roleDefinitionId"] for each in found.body["value"]] == ["role"]
    assert (none.ids, wrong.status) == ([], 400)


async def test_eligibility_without_the_licence_is_refused() -> None:
    async with emulated(directory(p2=False)) as client:
        reply = await client.get(ELIGIBLE)
    assert (reply.status, reply.error.partition(":")[0]) == (400, "AadPremiumLicenseRequired")


async def test_organization_is_the_tenant() -> None:
    async with emulated() as client:
        (organization,) = (await client.get("organization")).body["value"]
        assert organization["id"] == client.graph.tenant.tenant_id
    assert [domain["name"] for domain in organization["verifiedDomains"]] == [
        "contoso.example", "contoso.onmicrosoft.com",
    ]  # fmt: skip


NEEDED = {
    f"users/{KIM}": [{"User.Read.All"}, {"User.ReadWrite.All"}, {"Directory.Read.All"}],
    "users": [{"User.Read.All"}, {"Directory.Read.All"}],
    f"users/{KIM}/transitiveMemberOf/microsoft.graph.directoryRole": [
        {"RoleManagement.Read.Directory"}, {"Directory.Read.All"},
    ],
    f"users/{KIM}/transitiveMemberOf/microsoft.graph.group": [
        {"GroupMember.Read.All", "User.Read.All"}, {"Directory.Read.All"},
    ],
    "contacts": [{"OrgContact.Read.All"}, {"Directory.Read.All"}],
    ELIGIBLE: [{"RoleEligibilitySchedule.Read.Directory"}],
    "domains": [{"Domain.Read.All"}],
    FEDERATIONS: [{"Domain.Read.All"}, {"IdentityProvider.Read.All"}],
    HOME.format("partner.example"): [{"CrossTenantInformation.ReadBasic.All"}],
    "policies/authorizationPolicy": [{"Policy.Read.All"}],
    "policies/crossTenantAccessPolicy/default": [{"Policy.Read.All"}],
    "/beta/policies/b2bManagementPolicies": [{"Policy.Read.B2BManagementPolicy"}],
    "organization": [{"Organization.Read.All"}],
}  # fmt: skip


@pytest.mark.parametrize("path", NEEDED)
async def test_read_needs_its_permission(path: str) -> None:
    async with emulated(directory(permissions=[])) as client:
        refused = await client.get(path)
        assert (refused.status, refused.error) == (
            403,
            "Authorization_RequestDenied: Insufficient privileges to complete the operation.",
        )
        for permissions in NEEDED[path]:
            client.graph.tenant.permissions = frozenset(permissions)
            assert (await client.get(path)).status == 200


async def test_groups_need_both_their_permissions() -> None:
    async with emulated(directory(permissions=["GroupMember.Read.All"])) as client:
        path = f"users/{KIM}/transitiveMemberOf/microsoft.graph.group"
        assert (await client.get(path)).status == 403
