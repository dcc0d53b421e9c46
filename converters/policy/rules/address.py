"""The rules about the external address: whose it is, and where it leads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converters.model.addresses import domain_of
from converters.model.outcome import Owner
from converters.policy.external_address import address_property
from converters.policy.rule import Finding, Rule, found_if, known, named
from converters.policy.rules.remedies import DELETE_AND_INVITE
from converters.settings.editions import RulesEdition

if TYPE_CHECKING:
    from converters.policy.rule import Case


def _no_external_address(case: Case) -> Finding | None:
    if not case.facts.choice.missing:
        return None
    return Finding({"property": address_property(case.user, case.settings)})


def _foreign_address(case: Case) -> Finding | None:
    if not case.facts.choice.foreign:
        return None
    return Finding({"property": address_property(case.user, case.settings)})


def _malformed(case: Case) -> Finding | None:
    problem = case.facts.choice.malformed
    return Finding({"problem": problem}) if problem else None


def _own_domain(case: Case) -> Finding | None:
    domain = case.address.domain
    return found_if(domain in known(case.facts.tenant.verified_domains), domain=domain)


def _domain_not_allowed(case: Case) -> Finding | None:
    domain = case.address.domain
    return found_if(domain not in case.settings.allowed_email_domains, domain=domain)


def _held_by_user(case: Case) -> Finding | None:
    holders = known(case.of_address.user_holders)
    meant = case.facts.user.id if case.facts.user else None
    # Without one user meant, several matches are a reason of their own.
    others = [holder.id for holder in holders if holder.id != meant] if meant else []
    return found_if(others, holders=named(others))


def _held_by_contact(case: Case) -> Finding | None:
    holders = known(case.of_address.contact_holders)
    return found_if(holders, holders=named(holder.id for holder in holders))


def _directly_federated(case: Case) -> Finding | None:
    return found_if(known(case.of_domain.directly_federated), domain=case.address.domain)


def _home_not_in_entra(case: Case) -> Finding | None:
    if case.user.on_premises_synced or known(case.of_domain.home_tenant):
        return None
    return Finding({"domain": case.address.domain})


def _mail_in_tenant_domain(case: Case) -> Finding | None:
    domain = domain_of(case.user.mail)
    if case.facts.choice.missing:
        # The reason for that says what to put where.
        return None
    return found_if(domain in known(case.facts.tenant.verified_domains), domain=domain or "")


def _mail_in_another_domain(case: Case) -> Finding | None:
    mail, address, choice = case.user.mail, case.address, case.facts.choice
    if not mail or choice.foreign or choice.missing:
        return None
    domain = domain_of(mail)
    if domain == address.domain or domain in known(case.facts.tenant.verified_domains):
        return None
    return Finding({"mail": domain or "no domain", "domain": address.domain})


def _mail_empty(case: Case) -> Finding | None:
    if case.user.mail or case.facts.choice.missing or case.facts.choice.foreign:
        return None
    elsewhere = address_property(case.user, case.settings) != "mail"
    return found_if(case.facts.choice.address and elsewhere)


RULES = (
    Rule(
        code="noExternalAddress",
        message="The user's {property} does not hold an external address.",
        remediation=(
            "Put the person's own address there: otherMails for cloud-only users, mail for synced "
            "ones, or mail for all if the service is set so."
        ),
        owner=Owner.IDENTITY_ADMIN,
        check=_no_external_address,
    ),
    Rule(
        code="severalExternalAddresses",
        message="The user holds several external addresses.",
        remediation="Name one of them as invitedUserEmailAddress.",
        owner=Owner.REQUESTER,
        check=lambda case: found_if(case.facts.choice.ambiguous),
    ),
    Rule(
        code="addressNotOnUser",
        message="The requested address is not the one in the user's {property}.",
        remediation=(
            "Correct invitedUserEmailAddress, or ask an administrator to correct the user. The "
            "service never writes an address from a request to the directory."
        ),
        owner=Owner.REQUESTER,
        check=_foreign_address,
    ),
    Rule(
        code="addressMalformed",
        message="B2B collaboration does not accept the address: {problem}.",
        remediation=(
            "Use a plain address of the person, without plus addressing or special characters."
        ),
        owner=Owner.REQUESTER,
        check=_malformed,
    ),
    Rule(
        code="addressInTenantDomain",
        message="The address's domain {domain} is a verified domain of this tenant.",
        remediation="Use the person's address in their own organisation.",
        owner=Owner.REQUESTER,
        check=_own_domain,
    ),
    Rule(
        code="domainNotAllowed",
        message="The address's domain {domain} is not on the operator's list of allowed domains.",
        remediation=(
            "If people may be invited from there, add the domain to ALLOWED_EMAIL_DOMAINS."
        ),
        owner=Owner.OPERATOR,
        check=_domain_not_allowed,
    ),
    Rule(
        code="addressHeldByUser",
        message="Another user holds the address: {holders}.",
        remediation=(
            "Take the address from the other user. If that user is the person's second account, "
            "delete it."
        ),
        owner=Owner.IDENTITY_ADMIN,
        check=_held_by_user,
    ),
    Rule(
        code="addressHeldByContact",
        message="An organisational contact holds the address: {holders}.",
        remediation="Delete the contact or change its address.",
        owner=Owner.IDENTITY_ADMIN,
        check=_held_by_contact,
    ),
    Rule(
        code="directFederation",
        message=(
            "People of the address's domain {domain} sign in here by direct (SAML/WS-Fed) "
            "federation."
        ),
        remediation=DELETE_AND_INVITE,
        owner=Owner.IDENTITY_ADMIN,
        check=_directly_federated,
        warns_in=frozenset({RulesEdition.CURRENT}),
        at_graph="Today's article does not name it; no field report of a refusal is known.",
    ),
    Rule(
        code="homeTenantNotFound",
        message=("The user is cloud-only, and no Entra tenant has the address's domain {domain}."),
        remediation=DELETE_AND_INVITE,
        owner=Owner.IDENTITY_ADMIN,
        check=_home_not_in_entra,
        warns_in=frozenset({RulesEdition.CURRENT}),
        at_graph="Graph invites; the person redeems with a Microsoft account or a passcode.",
    ),
    Rule(
        code="mailInTenantDomain",
        message="The user's mail is in {domain}, a verified domain of this tenant.",
        remediation=(
            "Put the person's external address into mail. If the user has a mailbox, remove the"
            " Exchange licence or change the primary SMTP address first."
        ),
        owner=Owner.IDENTITY_ADMIN,
        check=_mail_in_tenant_domain,
    ),
    Rule(
        code="mailDomainMismatch",
        message="The user's mail is in {mail}, and the invitation goes to {domain}.",
        remediation=(
            "Put the address that is invited into mail. Otherwise Teams and other apps cannot "
            "authenticate the person."
        ),
        owner=Owner.IDENTITY_ADMIN,
        check=_mail_in_another_domain,
        at_graph="Graph converts the user; apps cannot authenticate the person afterwards.",
    ),
    Rule(
        code="mailEmpty",
        message="The user's mail is empty; only otherMails holds the external address.",
        remediation=(
            "Put the external address into mail too. Without it, Graph can refuse the invitation."
        ),
        owner=Owner.IDENTITY_ADMIN,
        check=_mail_empty,
        warns_in=frozenset({RulesEdition.OF_2020}),
        at_graph="Graph refuses some of these invitations, and takes others.",
    ),
)
