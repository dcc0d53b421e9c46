"""What is asked about this tenant and about external domains, and how answers become facts. Pure.

Source: the Microsoft Graph v1.0 reference, page by page as each read's function names it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from converters.directory import Read, literal, nobody, quoted
from converters.facts import HomeTenant, InvitationDomains

if TYPE_CHECKING:
    from converters.directory import Json


def verified_domains() -> Read[frozenset[str]]:
    """Ask for the domains verified in this tenant ("List domains")."""
    return Read(
        "this tenant's domains",
        "/domains?$select=id,isVerified",
        "Domain.Read.All",
        lambda body: frozenset(
            domain["id"].lower() for domain in body["value"] if domain["isVerified"]
        ),
    )


def allow_invites_from() -> Read[str]:
    """Ask who may invite in this tenant ("Get authorizationPolicy")."""
    return Read(
        "who may invite in this tenant",
        "/policies/authorizationPolicy",
        "Policy.Read.All",
        lambda body: str(body["allowInvitesFrom"]),
    )


def invitation_domains() -> Read[InvitationDomains]:
    """Ask for the tenant's own list of domains ("b2bManagementPolicy resource type", beta)."""
    return Read(
        "the tenant's list of domains for invitations",
        "/policies/b2bManagementPolicies",
        "Policy.Read.B2BManagementPolicy",
        _invitation_domains,
    )


def _invitation_domains(body: Json) -> InvitationDomains:
    allowed, blocked = set[str](), set[str]()
    for policy in body["value"]:
        for definition in policy.get("definition") or ():
            # Each definition is JSON in a text.
            management = json.loads(definition).get("B2BManagementPolicy") or {}
            lists = management.get("InvitationsAllowedAndBlockedDomainsPolicy") or {}
            allowed |= {domain.lower() for domain in lists.get("AllowedDomains") or ()}
            blocked |= {domain.lower() for domain in lists.get("BlockedDomains") or ()}
    return InvitationDomains(frozenset(allowed) or None, frozenset(blocked))


def direct_federation(domain: str) -> Read[bool]:
    """Ask whether a domain signs in by SAML/WS-Fed federation set up in this tenant."""
    condition = f"domains/any(x: x/id eq {literal(domain)})"
    return Read(
        "the direct federations of this tenant",
        "/directory/federationConfigurations/graph.samlOrWsFedExternalDomainFederation"
        f"?$filter={quoted(condition)}",
        "IdentityProvider.Read.All (or Domain.Read.All)",
        lambda body: bool(body["value"]),
    )


def home_tenant(domain: str) -> Read[HomeTenant | None]:
    """Ask in which Entra tenant a domain is verified ("findTenantInformationByDomainName")."""
    return Read(
        "the home tenant of the address's domain",
        f"/tenantRelationships/findTenantInformationByDomainName(domainName={quoted(literal(domain))})",
        "CrossTenantInformation.ReadBasic.All",
        lambda body: HomeTenant(body["tenantId"], body.get("displayName") or ""),
        nobody,
    )


def partner_inbound(tenant_id: str) -> Read[bool | None]:
    """Ask whether a partner tenant's people are kept out ("Get crossTenantAccessPolicy partner").

    ``None`` where the default applies to that partner.
    """
    return Read(
        "the cross-tenant access policy for the home tenant",
        f"/policies/crossTenantAccessPolicy/partners/{quoted(tenant_id)}",
        "Policy.Read.All",
        _inbound_blocked,
        nobody,
    )


def default_inbound() -> Read[bool | None]:
    """Ask whether all tenants' people are kept out ("Get crossTenantAccessPolicy default")."""
    return Read(
        "the default cross-tenant access policy",
        "/policies/crossTenantAccessPolicy/default",
        "Policy.Read.All",
        _inbound_blocked,
        nobody,
    )


def _inbound_blocked(body: Json) -> bool | None:
    # A block of some users or groups of the partner is Graph's to judge: their ids are not ours.
    inbound = (body.get("b2bCollaborationInbound") or {}).get("usersAndGroups")
    if inbound is None:
        return None
    everyone = any(target["target"] == "AllUsers" for target in inbound.get("targets") or ())
    return inbound.get("accessType") == "blocked" and everyone
