"""Each rule with the cases that it stops, and what its message must name."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from converters.model.completion import Completion, Step
from converters.model.facts import (
    DirectoryRole,
    Groups,
    Holder,
    Identity,
    InvitationDomains,
    Person,
    ServicePlan,
)
from converters.model.request import MessageInfo, Mode, Recipient
from converters.policy.eligibility import decide
from converters.policy.rules.user import MAILBOX_PLANS
from tests.samples import (
    ADDRESS,
    ADDRESS_FACTS,
    DOMAIN_FACTS,
    GROUP_ID,
    OTHER_ID,
    PRIVILEGES,
    TENANT,
    USER_ID,
    case,
    request,
    settings,
    user,
)

if TYPE_CHECKING:
    from converters.model.facts import Unread
    from converters.policy.rule import Case
FOUNDATION = "113feb6c-3fe4-4440-bddc-54d774bf0318"
STANDARD = "9aaf7827-d63c-4b61-89c3-182f06f82e5c"
SYNCED = {"on_premises_synced": True, "other_mails": (), "mail": ADDRESS}
CC = MessageInfo(cc=(Recipient("boss@elsewhere.example"),))
PERSON = Person(OTHER_ID, account_enabled=True, user_type="Member", external_user_state=None)


def completing(
    step: Step,
    *,
    person: Person | Unread | None = PERSON,
    mode: Mode = Mode.CONVERT,
    **keys: str,
) -> Case:
    """Return a case of a request that asks for a step that is allowed."""
    asked = request(completion=Completion((step,), OTHER_ID, OTHER_ID), mode=mode)
    allowed = settings(COMPLETION_STEPS=",".join(Step), **keys)
    made = case(of_request=asked, of_settings=allowed)
    return replace(made, facts=replace(made.facts, sponsor=person, manager=person))


def codes(checked: Case) -> list[str]:
    """Return the codes of what stops a case."""
    return [reason.code for reason in decide(checked).reasons]


# Each rule's rows: the case, and what the message must name.
ROWS: dict[str, list[tuple[Case, str]]] = {
    "userNotFound": [(case(matches=()), "no user")],
    "severalUsersMatch": [(case(matches=(USER_ID, OTHER_ID)), OTHER_ID)],
    "alreadyExternal": [
        (case(of_user=user(external_user_state="Accepted")), "outside"),
        (case(of_user=user(identities=(Identity("federated", "ExternalAzureAD"),))), "outside"),
        (case(of_user=user(identities=(Identity("federated", "mail"),))), "outside"),
    ],
    "invitationPending": [
        (case(of_user=user(external_user_state="PendingAcceptance")), "not redeemed"),
        (
            case(
                of_user=user(
                    external_user_state="PendingAcceptance",
                    external_user_state_changed=datetime(2026, 3, 1, tzinfo=UTC),
                )
            ),
            "since 2026-03-01",
        ),
    ],
    "identityUnclear": [
        (case(of_user=user(identities=None)), "signs in"),
        (case(of_user=user(identities=(), user_type="Guest")), "signs in"),
        (case(of_user=user(external_user_state="Revoked")), "signs in"),
    ],
    "accountDisabled": [(case(of_user=user(account_enabled=False)), "disabled")],
    "mailboxAssigned": [
        (case(of_user=user(assigned_plans=(ServicePlan(plan, state),))), "mailbox")
        for plan in sorted(MAILBOX_PLANS)
        for state in ("Enabled", "Warning")
    ],
    "onPremisesUserPrincipalNameSet": [
        (case(of_user=user(on_premises_user_principal_name="k@x")), "onPremisesUserPrincipalName")
    ],
    "holdsDirectoryRole": [
        (
            case(
                privileges=replace(
                    PRIVILEGES, active_roles=(DirectoryRole("Helpdesk Administrator"),)
                )
            ),
            "Helpdesk",
        )
    ],
    "eligibleForGroup": [
        (case(privileges=replace(PRIVILEGES, eligible_groups=(GROUP_ID,))), GROUP_ID)
    ],
    "eligibleForDirectoryRole": [
        (case(privileges=replace(PRIVILEGES, eligible_roles=(OTHER_ID,))), OTHER_ID)
    ],
    "inRoleAssignableGroup": [
        (
            case(privileges=replace(PRIVILEGES, groups=Groups(frozenset({GROUP_ID}), (GROUP_ID,)))),
            GROUP_ID,
        )
    ],
    "managementRestricted": [(case(of_user=user(management_restricted=True)), "restricted")],
    "protectedByOperator": [
        (case(of_settings=settings(PROTECTED_IDS=USER_ID.upper())), "protects"),
        (case(of_settings=settings(PROTECTED_IDS=f"{OTHER_ID}, {GROUP_ID}")), "protects"),
    ],
    "notInConvertibleGroup": [
        (case(of_settings=settings(CONVERTIBLE_GROUP_ID=OTHER_ID)), OTHER_ID)
    ],
    "eventNeedsConvertibleGroup": [(case(of_request=request(from_event=True)), "event")],
    "mailInTenantDomain": [
        (case(of_user=user(mail="kim@contoso.example")), "contoso.example"),
        (case(of_user=user(mail="k+x@CONTOSO.example.")), "contoso.example"),
    ],
    "mailDomainMismatch": [
        (case(of_user=user(mail="kim@other.example")), "other.example"),
        (case(of_user=user(mail="kim@sub.partner.example")), "sub.partner.example"),
        (case(of_user=user(mail="no address")), "no domain"),
    ],
    "mailEmpty": [
        (
            case(
                of_user=user(mail=None),
                of_settings=settings(RULES_EDITION="current", EXTERNAL_ADDRESS_PROPERTY="byOrigin"),
            ),
            "otherMails",
        )
    ],
    "noExternalAddress": [
        (case(of_user=user(other_mails=())), "user's otherMails "),
        (case(of_user=user(other_mails=(), mail=ADDRESS)), "otherMails"),
        (case(of_user=user(**SYNCED | {"mail": None, "other_mails": (ADDRESS,)})), "user's mail "),
        (
            case(
                of_request=request(email_address=None),
                of_user=user(other_mails=("kim@contoso.example",)),
            ),
            "otherMails",
        ),
        (
            case(
                of_user=user(mail=None),
                of_settings=settings(EXTERNAL_ADDRESS_PROPERTY="mail"),
            ),
            "mail",
        ),
        (case(of_user=user(mail=None), of_settings=settings(RULES_EDITION="current")), "mail"),
    ],
    "severalExternalAddresses": [
        (
            case(
                of_request=request(email_address=None),
                of_user=user(other_mails=(ADDRESS, "kim@home.example")),
            ),
            "several",
        )
    ],
    "addressNotOnUser": [
        (case(of_request=request(email_address="eve@partner.example")), "otherMails"),
        (
            case(of_request=request(email_address="eve@partner.example"), of_user=user(**SYNCED)),
            "mail",
        ),
    ],
    "addressMalformed": [
        (case(of_request=request(email_address="kim+b2b@partner.example")), "plus addressing"),
        (
            case(
                of_request=request(email_address=None),
                of_user=user(other_mails=("kim!@partner.example",)),
            ),
            "!",
        ),
    ],
    "addressInTenantDomain": [
        (
            case(
                of_request=request(email_address="kim@contoso.example"),
                of_user=user(other_mails=("kim@contoso.example",), mail=None),
                of_settings=settings(ALLOWED_EMAIL_DOMAINS="*"),
            ),
            "contoso.example",
        )
    ],
    "domainNotAllowed": [
        (case(of_settings=settings(ALLOWED_EMAIL_DOMAINS="")), "partner.example"),
        (case(of_settings=settings(ALLOWED_EMAIL_DOMAINS="*.partner.example")), "partner.example"),
    ],
    "addressHeldByUser": [
        (case(address=replace(ADDRESS_FACTS, user_holders=(Holder("user", OTHER_ID),))), OTHER_ID)
    ],
    "addressHeldByContact": [
        (
            case(address=replace(ADDRESS_FACTS, contact_holders=(Holder("contact", OTHER_ID),))),
            OTHER_ID,
        )
    ],
    "directFederation": [
        (case(domain=replace(DOMAIN_FACTS, directly_federated=True)), "partner.example")
    ],
    "homeTenantNotFound": [(case(domain=replace(DOMAIN_FACTS, home_tenant=None)), ADDRESS[4:])],
    "blockedByCrossTenantAccess": [
        (case(domain=replace(DOMAIN_FACTS, inbound_blocked=True)), "Partner")
    ],
    "domainRefusedByTenant": [
        (case(tenant=replace(TENANT, invitation_domains=listed)), "partner.example")
        for listed in (
            InvitationDomains(blocked=frozenset({"partner.example"})),
            InvitationDomains(allowed=frozenset({"other.example"})),
        )
    ],
    "invitationsOff": [(case(tenant=replace(TENANT, allow_invites_from="none")), "none")],
    "redirectUrlNotAllowed": [
        (case(of_request=request(redirect_url=url)), "inviteRedirectUrl")
        for url in (
            "http://myapps.microsoft.com",
            "https://myapps.microsoft.com.evil.example",
            "https://evil.example/myapps.microsoft.com",
            "https://myapps.microsoft.com@evil.example",
            "https://user@myapps.microsoft.com",
            "https://evil.example\\@myapps.microsoft.com",
            "https://myapps.microsoft.com/\\evil.example",
            "https://myapps.microsoft.com:8443",
            "https://my\tapps.microsoft.com",
            "https://myapps.microsoft.com:notaport",
            "javascript:alert(1)",
            "//myapps.microsoft.com",
        )
    ],
    "ccNotAllowed": [
        (case(of_request=request(message_info=CC)), "neither"),
        (
            case(of_request=request(message_info=MessageInfo(cc=(Recipient("a b@x"),)))),
            "no address",
        ),
    ],
    "completionNotAllowed": [
        (case(of_request=request(completion=Completion((step,)))), step) for step in Step
    ],
    "completionNeedsFollowUp": [(completing(Step.USER_TYPE, FOLLOW_UP_SCHEDULE="off"), "off")],
    "completionNotWithResend": [(completing(Step.USER_TYPE, mode=Mode.RESEND), "resend")],
    **{
        f"{step}NotUsable": [
            (completing(step, person=person), problem)
            for person, problem in (
                (None, "no user"),
                (replace(PERSON, id=USER_ID.upper()), "it is the user"),
                (replace(PERSON, account_enabled=False), "disabled"),
                (replace(PERSON, user_type="Guest"), "guest"),
                (replace(PERSON, user_type=None), "guest"),
                (replace(PERSON, external_user_state="Accepted"), "outside"),
            )
        ]
        for step in (Step.SPONSOR, Step.MANAGER)
    },
}
