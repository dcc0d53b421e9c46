"""The rules about the external address: whose it is, and where it leads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converters.case import Rule, known, named, when
from converters.choice import address_property
from converters.model import Owner
from converters.rules.remedies import DELETE_AND_INVITE

if TYPE_CHECKING:
    from converters.case import Case, Finding


def _no_external_address(case: Case) -> Finding | None:
    if not case.facts.choice.missing:
        return None
    return {"property": address_property(case.user, case.settings)}


def _foreign_address(case: Case) -> Finding | None:
    if not case.facts.choice.foreign:
        return None
    return {"property": address_property(case.user, case.settings)}


def _malformed(case: Case) -> Finding | None:
    problem = case.facts.choice.malformed
    return {"problem": problem} if problem else None


def _own_domain(case: Case) -> Finding | None:
    domain = case.address.domain
    return {"domain": domain} if domain in known(case.facts.tenant.verified_domains) else None


def _domain_not_allowed(case: Case) -> Finding | None:
    domain = case.address.domain
    return None if domain in case.settings.allowed_email_domains else {"domain": domain}


def _held_by_user(case: Case) -> Finding | None:
    holders = known(case.of_address.user_holders)
    meant = case.facts.user.id if case.facts.user else None
    # Without one user meant, several matches are a reason of their own.
    others = [holder.id for holder in holders if holder.id != meant] if meant else []
    return {"holders": named(others)} if others else None


def _held_by_contact(case: Case) -> Finding | None:
    holders = known(case.of_address.contact_holders)
    return {"holders": named(holder.id for holder in holders)} if holders else None


def _directly_federated(case: Case) -> Finding | None:
    return {"domain": case.address.domain} if known(case.of_domain.directly_federated) else None


def _home_not_in_entra(case: Case) -> Finding | None:
    if case.user.on_premises_synced or known(case.of_domain.home_tenant):
        return None
    return {"domain": case.address.domain}


RULES = (
    Rule(
        "noExternalAddress",
        "The user's {property} holds no external address.",
        "Have an administrator put the person's own address there (otherMails for cloud-only users,"
        " mail for synced ones, unless the service demands mail for all).",
        Owner.IDENTITY_ADMIN,
        _no_external_address,
    ),
    Rule(
        "severalExternalAddresses",
        "The user holds several external addresses.",
        "Name one of them as invitedUserEmailAddress.",
        Owner.REQUESTER,
        lambda case: when(case.facts.choice.ambiguous),
    ),
    Rule(
        "addressNotOnUser",
        "The requested address is not the one in the user's {property}.",
        "Correct invitedUserEmailAddress, or have an administrator correct the user; a message's"
        " address is never written to the directory.",
        Owner.REQUESTER,
        _foreign_address,
    ),
    Rule(
        "addressMalformed",
        "B2B collaboration does not take the address: {problem}.",
        "Use a plain address of the person, without plus addressing or special characters.",
        Owner.REQUESTER,
        _malformed,
    ),
    Rule(
        "addressInTenantDomain",
        "The address's domain {domain} is a verified domain of this tenant.",
        "Use the person's address in their own organisation.",
        Owner.REQUESTER,
        _own_domain,
    ),
    Rule(
        "domainNotAllowed",
        "The address's domain {domain} is not on the operator's list of allowed domains.",
        "Add the domain to ALLOWED_EMAIL_DOMAINS if people may be invited from there.",
        Owner.OPERATOR,
        _domain_not_allowed,
    ),
    Rule(
        "addressHeldByUser",
        "Another user holds the address: {holders}.",
        "Take the address from the other user, or delete that user if it is the person's second.",
        Owner.IDENTITY_ADMIN,
        _held_by_user,
    ),
    Rule(
        "addressHeldByContact",
        "An organisational contact holds the address: {holders}.",
        "Delete the contact or change its address.",
        Owner.IDENTITY_ADMIN,
        _held_by_contact,
    ),
    Rule(
        "directFederation",
        "The address's domain {domain} signs in here by direct (SAML/WS-Fed) federation.",
        DELETE_AND_INVITE,
        Owner.IDENTITY_ADMIN,
        _directly_federated,
    ),
    Rule(
        "homeTenantNotFound",
        "The user is cloud-only, and the address's domain {domain} is in no Entra tenant.",
        DELETE_AND_INVITE,
        Owner.IDENTITY_ADMIN,
        _home_not_in_entra,
    ),
)
