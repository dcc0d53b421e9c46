"""The rules about the invitation itself: whether any may be sent, where it leads, who reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converters.model.outcome import Owner
from converters.policy.external_address import parsed
from converters.policy.rule import Finding, Rule, found_if, known
from converters.settings.reader import leads_to

if TYPE_CHECKING:
    from converters.model.request import Recipient
    from converters.policy.rule import Case


def _redirect_not_allowed(case: Case) -> Finding | None:
    url = case.request.redirect_url
    return found_if(url is not None and not leads_to(url, case.settings.redirect_url_hosts))


def _cc_not_allowed(case: Case) -> Finding | None:
    cc = case.request.message_info.cc
    if len(cc) > 1 and case.settings.mail is None:
        # "invitedUserMessageInfo resource type": currently only one.
        return Finding({"problem": "Microsoft's own mail takes one, and MAIL_SENDER is not set"})
    problems = (_problem_of_copy(case, each) for each in cc)
    return next((Finding({"problem": problem}) for problem in problems if problem), None)


def _problem_of_copy(case: Case, recipient: Recipient) -> str | None:
    address, problem = parsed(recipient.address)
    if address is None:
        return f"it is no address ({problem})"
    if address.domain in case.settings.allowed_email_domains:
        return None
    if address.domain in known(case.facts.tenant.verified_domains):
        return None
    return "its domain is neither this tenant's nor on the list of allowed domains"


def _domain_refused_by_tenant(case: Case) -> Finding | None:
    domain = case.address.domain
    return found_if(not known(case.facts.tenant.invitation_domains).admits(domain), domain=domain)


def _blocked_inbound(case: Case) -> Finding | None:
    if not known(case.of_domain.inbound_blocked):
        return None
    home = known(case.of_domain.home_tenant)
    return Finding({"tenant": home.display_name or home.tenant_id if home else "the home tenant"})


RULES = (
    Rule(
        code="blockedByCrossTenantAccess",
        message=(
            "Cross-tenant access settings keep people of {tenant} out of B2B collaboration here."
        ),
        remediation=(
            "Allow B2B collaboration inbound for that tenant in the cross-tenant access settings."
        ),
        owner=Owner.IDENTITY_ADMIN,
        check=_blocked_inbound,
    ),
    Rule(
        code="domainRefusedByTenant",
        message="The tenant's own list of domains for B2B invitations excludes {domain}.",
        remediation="Change the collaboration restrictions in the external collaboration settings.",
        owner=Owner.IDENTITY_ADMIN,
        check=_domain_refused_by_tenant,
    ),
    Rule(
        code="invitationsOff",
        message="This tenant lets nobody invite (allowInvitesFrom is none).",
        remediation="Allow invitations in the external collaboration settings.",
        owner=Owner.IDENTITY_ADMIN,
        check=lambda case: found_if(known(case.facts.tenant.allow_invites_from) == "none"),
        retriable=True,
    ),
    Rule(
        code="redirectUrlNotAllowed",
        message=(
            "The request's inviteRedirectUrl does not lead to a host that the operator allows."
        ),
        remediation="Use an https URL of an allowed host, or leave it out.",
        owner=Owner.REQUESTER,
        check=_redirect_not_allowed,
    ),
    Rule(
        code="ccNotAllowed",
        message="The invitation mail cannot be copied to the request's ccRecipients: {problem}.",
        remediation="Name a colleague or somebody at the partner as ccRecipients, or nobody.",
        owner=Owner.REQUESTER,
        check=_cc_not_allowed,
    ),
)
