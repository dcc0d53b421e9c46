"""What is asked about this tenant and about external domains, and how answers become facts. Pure.

Source: the Microsoft Graph v1.0 reference, page by page as each read's function names it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from converters.graph.read import Absence, Incomplete, Read, embedded
from converters.graph.user_reads import literal, quoted
from converters.model.facts import HomeTenant, InvitationDomains

if TYPE_CHECKING:
    from converters.graph.read import Item

# "crossTenantAccessPolicyTargetConfiguration resource type".
_ACCESS = frozenset({"allowed", "blocked"})


def verified_domains() -> Read[frozenset[str]]:
    """Ask for the domains verified in this tenant ("List domains")."""
    return Read(
        name="verifiedDomains",
        what="this tenant's domains",
        path="/domains?$select=id,isVerified",
        permission="Domain.Read.All",
        parse=_verified_domains,
    )


def allow_invites_from() -> Read[str]:
    """Ask who may invite in this tenant ("Get authorizationPolicy")."""
    return Read(
        name="allowInvitesFrom",
        what="who may invite in this tenant",
        path="/policies/authorizationPolicy",
        permission="Policy.Read.All",
        parse=lambda body: body.text("allowInvitesFrom"),
    )


def invitation_domains() -> Read[InvitationDomains]:
    """Ask for the tenant's own list of domains ("b2bManagementPolicy resource type", beta)."""
    return Read(
        name="invitationDomains",
        what="the tenant's list of domains for invitations",
        path="/policies/b2bManagementPolicies",
        permission="Policy.Read.B2BManagementPolicy",
        parse=_invitation_domains,
    )


def direct_federation(domain: str) -> Read[bool]:
    """Ask whether a domain signs in by SAML/WS-Fed federation set up in this tenant."""
    condition = f"domains/any(x: x/id eq {literal(domain)})"
    return Read(
        name="directFederation",
        what="the direct federations of this tenant",
        path="/directory/federationConfigurations/graph.samlOrWsFedExternalDomainFederation"
        f"?$filter={quoted(condition)}",
        permission="IdentityProvider.Read.All",
        parse=lambda body: bool(body.items("value")),
    )


def home_tenant(domain: str) -> Read[HomeTenant | None]:
    """Ask in which Entra tenant a domain is verified ("findTenantInformationByDomainName")."""
    return Read(
        name="homeTenant",
        what="the home tenant of the address's domain",
        path=f"/tenantRelationships/findTenantInformationByDomainName(domainName={quoted(literal(domain))})",
        permission="CrossTenantInformation.ReadBasic.All",
        parse=lambda body: HomeTenant(body.text("tenantId"), body.label("displayName")),
        absence=Absence("in no tenant", None),
    )


def partner_inbound(tenant_id: str) -> Read[bool | None]:
    """Ask whether a partner tenant's people are kept out ("Get crossTenantAccessPolicy partner").

    ``None`` where the default applies to that partner.
    """
    return Read(
        name="partnerInbound",
        what="the cross-tenant access policy for the home tenant",
        path=f"/policies/crossTenantAccessPolicy/partners/{quoted(tenant_id)}",
        permission="Policy.Read.All",
        parse=_inbound_blocked,
        absence=Absence("no policy for the partner", None),
    )


def default_inbound() -> Read[bool]:
    """Ask whether all tenants' people are kept out ("Get crossTenantAccessPolicy default")."""
    return Read(
        name="defaultInbound",
        what="the default cross-tenant access policy",
        path="/policies/crossTenantAccessPolicy/default",
        permission="Policy.Read.All",
        parse=_default_inbound_blocked,
    )


def _verified_domains(body: Item) -> frozenset[str]:
    domains = {item.text("id").lower(): item.flag("isVerified") for item in body.items("value")}
    verified = frozenset(domain for domain, is_verified in domains.items() if is_verified)
    if not verified:
        # Every tenant has its initial domain.
        raise Incomplete
    return verified


def _invitation_domains(body: Item) -> InvitationDomains:
    allowed, blocked = set[str](), set[str]()
    for policy in body.items("value"):
        for definition in policy.texts("definition"):
            management = embedded(definition).item("B2BManagementPolicy")
            lists = management.item("InvitationsAllowedAndBlockedDomainsPolicy")
            allows = lists.texts_if_there("AllowedDomains")
            blocks = lists.texts_if_there("BlockedDomains")
            if None in (allows, blocks) and not (allows or blocks):
                # One of the two is set, and it is not the one that is here.
                raise Incomplete
            allowed |= {domain.lower() for domain in allows or ()}
            blocked |= {domain.lower() for domain in blocks or ()}
    return InvitationDomains(frozenset(allowed) or None, frozenset(blocked))


def _inbound_blocked(body: Item) -> bool | None:
    # A block of some users or groups of the partner is Graph's to judge: their ids are not ours.
    inbound = body.item_or_none("b2bCollaborationInbound")
    people = inbound and inbound.item_or_none("usersAndGroups")
    if people is None:
        return None
    access = people.text("accessType")
    if access not in _ACCESS:
        raise Incomplete
    everyone = any(target.text("target") == "AllUsers" for target in people.items("targets"))
    return access == "blocked" and everyone


def _default_inbound_blocked(body: Item) -> bool:
    blocked = _inbound_blocked(body)
    if blocked is None:
        # There is no default behind the default.
        raise Incomplete
    return blocked
