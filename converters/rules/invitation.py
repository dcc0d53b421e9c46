"""The rules about the invitation itself: whether any may be sent, where it leads, who reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converters.case import Rule, known, when
from converters.choice import parsed
from converters.keys import leads_to
from converters.model import Owner

if TYPE_CHECKING:
    from converters.case import Case, Finding


def _redirect_not_allowed(case: Case) -> Finding | None:
    url = case.request.redirect_url
    return when(url is not None and not leads_to(url, case.settings.redirect_url_hosts))


def _cc_not_allowed(case: Case) -> Finding | None:
    cc = case.request.message_info.cc
    if cc is None:
        return None
    address, problem = parsed(cc.address)
    if address is None:
        return {"problem": f"it is no address ({problem})"}
    if address.domain in case.settings.allowed_email_domains:
        return None
    if address.domain in known(case.facts.tenant.verified_domains):
        return None
    return {"problem": "its domain is neither this tenant's nor on the list of allowed domains"}


def _domain_refused_by_tenant(case: Case) -> Finding | None:
    domain = case.address.domain
    return (
        None if known(case.facts.tenant.invitation_domains).admits(domain) else {"domain": domain}
    )


def _blocked_inbound(case: Case) -> Finding | None:
    if not known(case.of_domain.inbound_blocked):
        return None
    home = known(case.of_domain.home_tenant)
    return {"tenant": home.display_name or home.tenant_id if home else "the home tenant"}


RULES = (
    Rule(
        "blockedByCrossTenantAccess",
        "Cross-tenant access settings keep the people of {tenant} out of B2B collaboration here.",
        "Allow B2B collaboration inbound for that tenant in the cross-tenant access settings.",
        Owner.IDENTITY_ADMIN,
        _blocked_inbound,
    ),
    Rule(
        "domainRefusedByTenant",
        "The tenant's own list for B2B invitations does not let the domain {domain} in.",
        "Change the collaboration restrictions in the external collaboration settings.",
        Owner.IDENTITY_ADMIN,
        _domain_refused_by_tenant,
    ),
    Rule(
        "invitationsOff",
        "This tenant lets nobody invite (allowInvitesFrom is none).",
        "Allow invitations in the external collaboration settings.",
        Owner.IDENTITY_ADMIN,
        lambda case: when(known(case.facts.tenant.allow_invites_from) == "none"),
        retriable=True,
    ),
    Rule(
        "redirectUrlNotAllowed",
        "The request's inviteRedirectUrl leads to no host that the operator allows.",
        "Use an https URL of an allowed host, or leave it out.",
        Owner.REQUESTER,
        _redirect_not_allowed,
    ),
    Rule(
        "ccNotAllowed",
        "The invitation mail cannot be copied to the request's ccRecipients: {problem}.",
        "Copy it to a colleague or somebody of the partner's, or to nobody.",
        Owner.REQUESTER,
        _cc_not_allowed,
    ),
)
