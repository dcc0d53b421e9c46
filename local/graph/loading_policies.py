"""Reads what a tenant's description says of policies and of other tenants."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.graph import schema
from local.graph.loading import choice, identifier, known

if TYPE_CHECKING:
    from local.graph.schema import Json

ALLOW_INVITES_FROM = (
    "none", "adminsAndGuestInviters", "adminsGuestInvitersAndAllMembers", "everyone",
)  # fmt: skip
LISTS_OF_DOMAINS = "invitationsAllowedAndBlockedDomainsPolicy"
_EVERYONE: Json = {
    "accessType": "allowed", "targets": [{"target": "AllUsers", "targetType": "user"}],
}  # fmt: skip
_EVERYTHING: Json = {
    "accessType": "allowed",
    "targets": [{"target": "AllApplications", "targetType": "application"}],
}
COLLABORATION: Json = {"usersAndGroups": _EVERYONE, "applications": _EVERYTHING}


def federation(entry: Json) -> Json:
    """Return a direct federation; ``domains`` are names here, objects at Graph."""
    known("a federation", entry, schema.FEDERATION.names)
    names = entry.get("domains", [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError("a federation's domains are a list of names")
    made = {
        "id": identifier("federation", ",".join(names)), "displayName": None, "issuerUri": None,
        "preferredAuthenticationProtocol": "saml",
    }  # fmt: skip
    return {**made, **entry, "domains": [{"id": name} for name in names]}


def home_tenants(entries: Json) -> dict[str, Json]:
    """Return what is known of other tenants, by domain."""
    names = schema.TENANT_INFORMATION.names | {"$refusesInvitations"}
    return {
        domain.lower(): {
            "tenantId": identifier("tenant", domain), "displayName": domain,
            "defaultDomainName": domain, **known(f"the home tenant of {domain}", entry, names),
        }
        for domain, entry in entries.items()
    }  # fmt: skip


def cross_tenant_access(entry: Json) -> tuple[Json, dict[str, Json]]:
    """Return the default of the cross-tenant access policy, and the partners by tenant id."""
    known("crossTenantAccess", entry, {"default", "partners"})
    default = known("the default access", entry.get("default", {}), schema.PARTNER_DEFAULT.names)
    partners: dict[str, Json] = {}
    for partner in entry.get("partners", []):
        known("a partner", partner, schema.PARTNER.names)
        _inbound(partner)
        partners[partner["tenantId"].lower()] = partner
    _inbound(default)
    service_default = {"isServiceDefault": not default, "b2bCollaborationInbound": COLLABORATION}
    return {**service_default, **default}, partners


def domain_lists(entry: Json) -> Json:
    """Return the lists of domains that invitations are allowed or blocked for; empty for none."""
    lists = known("b2bManagementPolicy", entry, {LISTS_OF_DOMAINS}).get(LISTS_OF_DOMAINS, {})
    return known(LISTS_OF_DOMAINS, lists, {"AllowedDomains", "BlockedDomains"})


def _inbound(policy: Json) -> None:
    inbound = known(
        "b2bCollaborationInbound", policy.get("b2bCollaborationInbound") or {}, COLLABORATION
    )
    for target in inbound.values():
        known("an inbound setting", target, _EVERYONE)
        choice("accessType", target.get("accessType"), ("allowed", "blocked"))
