"""The emulator answers with no name that Graph's published metadata does not have."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from local.graph import schema
from tests.local.test_graph_http import (
    ADDRESS,
    KIM,
    NOBODY,
    PARTNER_TENANT,
    directory,
    emulated,
    kim,
)

METADATA = Path(__file__).parents[1] / "data" / "graph-v1.0-slice.csdl"
EDM = "{http://docs.oasis-open.org/odata/ns/edm}"
# Not in the slice of the metadata: one derives from entity and adds nothing, the other is beta's.
BESIDE = {
    # "privilegedAccessGroupEligibilityScheduleInstance resource type", which the slice lacks.
    "privilegedAccessGroupEligibilityScheduleInstance": {
        "id": "Edm.String", "accessId": "Edm.String", "eligibilityScheduleId": "Edm.String",
        "endDateTime": "Edm.DateTimeOffset", "groupId": "Edm.String", "memberType": "Edm.String",
        "principalId": "Edm.String", "startDateTime": "Edm.DateTimeOffset",
    },
    # "unifiedRoleDefinition resource type", likewise.
    "unifiedRoleDefinition": {
        "id": "Edm.String", "description": "Edm.String", "displayName": "Edm.String",
        "isBuiltIn": "Edm.Boolean", "isEnabled": "Edm.Boolean", "templateId": "Edm.String",
        "version": "Edm.String", "resourceScopes": "Collection(Edm.String)",
        "rolePermissions": "Collection(graph.unifiedRolePermission)",
    },
    "externalDomainName": {"id": "Edm.String"},
    "b2bManagementPolicy": {
        "id": "Edm.String", "deletedDateTime": "Edm.DateTimeOffset", "displayName": "Edm.String",
        "description": "Edm.String", "definition": "Collection(Edm.String)",
        "isOrganizationDefault": "Edm.Boolean",
    },
}  # fmt: skip


@cache
def properties(type_name: str) -> dict[str, str]:
    """Return the properties of a type with their types, inherited ones too."""
    if type_name in BESIDE:
        return BESIDE[type_name]
    for element in ET.parse(METADATA).iter():  # noqa: S314 - the project's own reference
        if element.tag in {f"{EDM}EntityType", f"{EDM}ComplexType"} and (
            element.attrib["Name"] == type_name
        ):
            base = element.attrib.get("BaseType")
            return {
                **(properties(base.rpartition(".")[2]) if base else {}),
                **{
                    child.attrib["Name"]: child.attrib["Type"]
                    for child in element
                    if child.tag in {f"{EDM}Property", f"{EDM}NavigationProperty"}
                },
            }
    raise AssertionError(f"the metadata has no type {type_name}")


def unknown_names(value: object, declared: str) -> set[str]:
    """Return the names in a JSON value that its declared type does not have."""
    if isinstance(value, list):
        assert declared.startswith("Collection("), declared
        inner = declared.removeprefix("Collection(").removesuffix(")")
        return {name for item in value for name in unknown_names(item, inner)}
    assert not declared.startswith("Collection("), (declared, value)
    if not isinstance(value, dict):
        return set()
    type_name = declared.rpartition(".")[2]
    known = properties(type_name)
    found: set[str] = set()
    for name, inner_value in value.items():
        if name.startswith("@odata."):
            continue
        if name not in known:
            found.add(f"{type_name}.{name}")
        else:
            found |= unknown_names(inner_value, known[name])
    return found


@dataclass(frozen=True)
class Case:
    """A request, and the type of what it answers."""

    method: str
    path: str
    answers: str
    body: Any = None


EVERYTHING = ",".join(sorted(schema.USER.names))
FEDERATIONS = (
    "directory/federationConfigurations/microsoft.graph.samlOrWsFedExternalDomainFederation"
)
INVITATION = {
    "invitedUser": {"id": KIM},
    "invitedUserEmailAddress": ADDRESS,
    "inviteRedirectUrl": "https://myapps.microsoft.com",
    "invitedUserMessageInfo": {
        "ccRecipients": [{"emailAddress": {"name": "Lee", "address": "lee@contoso.example"}}]
    },
}
CASES = [
    Case("GET", f"users/{KIM}", "user"),
    Case("GET", f"users/{KIM}?$select={EVERYTHING}", "user"),
    Case("GET", "users", "Collection(user)"),
    Case("GET", "contacts", "Collection(orgContact)"),
    Case("GET", f"users/{KIM}/transitiveMemberOf/microsoft.graph.group", "Collection(group)"),
    Case("GET", f"users/{KIM}/transitiveMemberOf/microsoft.graph.directoryRole",
         "Collection(directoryRole)"),
    Case("POST", f"users/{KIM}/checkMemberGroups", "Collection(Edm.String)", {"groupIds": ["g"]}),
    Case("GET", "roleManagement/directory/roleEligibilityScheduleInstances",
         "Collection(unifiedRoleEligibilityScheduleInstance)"),
    Case("GET", "roleManagement/directory/roleDefinitions", "Collection(unifiedRoleDefinition)"),
    Case("GET", "groups", "Collection(group)"),
    Case("GET", "groups/g/transitiveMembers/microsoft.graph.user", "Collection(user)"),
    Case("GET", "policies/crossTenantAccessPolicy/partners",
         "Collection(crossTenantAccessPolicyConfigurationPartner)"),
    Case("GET", "domains", "Collection(domain)"),
    Case("GET", f"{FEDERATIONS}?$expand=domains",
         "Collection(samlOrWsFedExternalDomainFederation)"),
    Case("GET",
         "tenantRelationships/findTenantInformationByDomainName(domainName='partner.example')",
         "tenantInformation"),
    Case("GET", "policies/authorizationPolicy", "authorizationPolicy"),
    Case("GET", f"policies/crossTenantAccessPolicy/partners/{PARTNER_TENANT}",
         "crossTenantAccessPolicyConfigurationPartner"),
    Case("GET", "policies/crossTenantAccessPolicy/default",
         "crossTenantAccessPolicyConfigurationDefault"),
    Case("GET", "organization", "Collection(organization)"),
    Case("GET", "/beta/policies/b2bManagementPolicies", "Collection(b2bManagementPolicy)"),
    Case("POST", "invitations", "invitation", INVITATION),
]  # fmt: skip


def full() -> dict[str, Any]:
    """Return a tenant that has one of everything."""
    plan = {"servicePlanId": NOBODY, "capabilityStatus": "Enabled", "service": "exchange"}
    return directory(
        kim(assignedPlans=[plan], assignedLicenses=[{"skuId": NOBODY, "disabledPlans": []}]),
        groups=[{"id": "g", "displayName": "G", "isAssignableToRole": True, "members": [KIM]}],
        directoryRoles=[{"displayName": "R", "members": ["g"]}],
        roleEligibility=[{"principalId": KIM, "roleDefinitionId": NOBODY}],
        contacts=[{"mail": "c@x.example"}],
        federations=[{"displayName": "A", "issuerUri": "urn:a", "domains": ["adatum.example"]}],
        crossTenantAccess={"partners": [{"tenantId": PARTNER_TENANT}]},
        b2bManagementPolicy={
            "invitationsAllowedAndBlockedDomainsPolicy": {"BlockedDomains": ["bad.example"]}
        },
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.path[:60])
async def test_answer_has_only_names_of_its_type(case: Case) -> None:
    async with emulated(full()) as client:
        reply = await client.send(case.method, case.path, case.body)
    assert reply.status in {200, 201}, reply.body
    is_collection = case.answers.startswith("Collection(")
    value = reply.body["value"] if is_collection else reply.body
    assert value
    assert unknown_names(value, case.answers) == set()
    beside = {name for name in reply.body if not name.startswith("@odata.")}
    assert beside == {"value"} or not is_collection


@pytest.mark.parametrize(
    "kind",
    [kind for kind in vars(schema).values() if isinstance(kind, schema.EntityType)],
    ids=lambda kind: kind.name,
)
def test_schemas_names_are_the_metadatas(kind: schema.EntityType) -> None:
    known = properties(kind.name)
    assert kind.names <= set(known)
    for name in kind.names:
        assert known[name].startswith("Collection(") is (name in kind.collections)


def test_users_schema_is_complete() -> None:
    of_users = set(properties("user"))
    missing = {name for name in of_users - schema.USER.names if name[0].islower()}
    navigation = {
        child.attrib["Name"]
        for element in ET.parse(METADATA).iter(f"{EDM}EntityType")  # noqa: S314
        if element.attrib["Name"] == "user"
        for child in element.iter(f"{EDM}NavigationProperty")
    }
    assert missing == navigation
