"""Every rule stops what it should, alone and together; nothing unknown passes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

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
from converters.model.outcome import Owner, Status
from converters.model.request import MessageInfo, Mode, Recipient
from converters.policy.eligibility import FACT_UNKNOWN, RULES, decide
from converters.policy.rules.user import MAILBOX_PLANS
from converters.settings.keys import LOWERABLE_RULES
from tests.samples import (
    ADDRESS,
    ADDRESS_FACTS,
    DOMAIN_FACTS,
    GROUP_ID,
    OTHER_ID,
    PRIVILEGES,
    TENANT,
    UNREAD,
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


def codes(checked: Case) -> list[str]:
    return [reason.code for reason in decide(checked).reasons]


def test_every_rule_has_a_row() -> None:
    assert set(ROWS) == {rule.code for rule in RULES}


def test_codes_are_unique() -> None:
    assert len({rule.code for rule in RULES}) == len(RULES)


@pytest.mark.parametrize(
    ("code", "checked", "named"),
    [
        pytest.param(code, checked, named, id=f"{code}-{number}")
        for code, rows in ROWS.items()
        for number, (checked, named) in enumerate(rows)
    ],
)
def test_rule_alone_stops_its_case(code: str, checked: Case, named: str) -> None:
    verdict = decide(checked)
    assert codes(checked) == [code]
    assert named in verdict.reasons[0].message
    assert verdict.status is next(rule.status for rule in RULES if rule.code == code)


def test_sample_user_is_eligible() -> None:
    verdict = decide(case())
    assert (verdict.status, verdict.reasons, verdict.warnings) == (Status.ELIGIBLE, (), ())


@pytest.mark.parametrize(
    "checked",
    [
        case(of_user=user(**SYNCED)),
        case(of_user=user(user_type="Guest")),
        case(of_user=user(identities=())),
        case(of_user=user(other_mails=(ADDRESS.upper(),))),
        case(of_request=request(email_address=None)),
        case(of_request=request(email_address="KIM@Partner.Example.")),
        case(
            of_request=request(email_address=None),
            of_user=user(other_mails=(ADDRESS, "k@contoso.example")),
        ),
        case(of_user=user(assigned_plans=(ServicePlan(FOUNDATION, "Enabled"),))),
        case(of_user=user(assigned_plans=(ServicePlan(STANDARD, "Deleted"),))),
        case(of_user=user(assigned_plans=(ServicePlan(STANDARD, "Suspended"),))),
        case(of_user=user(**SYNCED), domain=replace(DOMAIN_FACTS, home_tenant=None)),
        case(address=replace(ADDRESS_FACTS, user_holders=(Holder("user", USER_ID),))),
        case(of_settings=settings(CONVERTIBLE_GROUP_ID=GROUP_ID, PROTECTED_IDS=OTHER_ID)),
        case(
            of_request=request(from_event=True),
            of_settings=settings(CONVERTIBLE_GROUP_ID=GROUP_ID),
        ),
        case(of_request=request(redirect_url="https://myapps.microsoft.com?tenantId=")),
        case(of_request=request(redirect_url="https://Teams.Microsoft.com:443/x")),
        case(of_request=request(message_info=MessageInfo(cc=(Recipient("boss@contoso.example"),)))),
        case(
            of_user=user(mail=ADDRESS, other_mails=()),
            of_settings=settings(EXTERNAL_ADDRESS_PROPERTY="mail"),
        ),
    ],
)
def test_what_looks_like_a_reason_but_is_none(checked: Case) -> None:
    assert codes(checked) == []


@pytest.mark.parametrize(
    ("since", "message"),
    [
        (None, "The user was invited and has not redeemed the invitation."),
        (
            datetime(2026, 5, 4, tzinfo=UTC),
            "The user was invited and has not redeemed the invitation since 2026-05-04.",
        ),
    ],
)
def test_pending_says_since_when_if_that_is_known(since: datetime | None, message: str) -> None:
    pending = user(external_user_state="PendingAcceptance", external_user_state_changed=since)
    (reason,) = decide(case(of_user=pending)).reasons
    assert reason.message == message


@pytest.mark.parametrize(
    ("mail", "expected"),
    [
        ("kim@partner.example", []),
        ("kim@PARTNER.example", []),
        ("kim@supplier.example", ["mailDomainMismatch"]),
        # That is another rule's.
        ("kim@contoso.example", ["mailInTenantDomain"]),
    ],
)
def test_mail_has_to_be_in_the_domain_of_the_address(mail: str, expected: list[str]) -> None:
    assert codes(case(of_user=user(mail=mail))) == expected


def test_mail_is_not_missed_where_the_address_is_malformed() -> None:
    of_user = user(other_mails=("kim!@partner.example",), mail=None)
    of_settings = settings(RULES_EDITION="current", EXTERNAL_ADDRESS_PROPERTY="byOrigin")
    checked = case(of_request=request(email_address=None), of_user=of_user, of_settings=of_settings)
    assert codes(checked) == ["addressMalformed"]


def test_mail_is_not_held_against_an_address_that_is_refused_itself() -> None:
    checked = case(of_user=user(mail="kim@supplier.example"))
    assert "mailDomainMismatch" in codes(checked)
    choice = checked.facts.choice
    for refused in (replace(choice, foreign=True), replace(choice, missing=True)):
        facts = replace(checked.facts, choice=refused)
        assert "mailDomainMismatch" not in codes(replace(checked, facts=facts))


def test_every_reason_is_given_at_once() -> None:
    checked = case(
        of_user=user(account_enabled=False, assigned_plans=(ServicePlan(STANDARD, "Enabled"),)),
        domain=replace(DOMAIN_FACTS, directly_federated=True, home_tenant=None),
        tenant=replace(TENANT, allow_invites_from="none"),
        of_settings=settings(ALLOWED_EMAIL_DOMAINS=""),
    )
    assert codes(checked) == [
        "accountDisabled",
        "mailboxAssigned",
        "domainNotAllowed",
        "directFederation",
        "homeTenantNotFound",
        "invitationsOff",
    ]


def test_already_external_names_the_status_among_other_reasons() -> None:
    verdict = decide(case(of_user=user(external_user_state="Accepted", account_enabled=False)))
    assert verdict.status is Status.ALREADY_EXTERNAL
    assert [reason.code for reason in verdict.reasons] == ["alreadyExternal", "accountDisabled"]


@pytest.mark.parametrize("code", sorted(LOWERABLE_RULES))
def test_rule_of_2020_can_be_lowered_to_a_warning(code: str) -> None:
    assert ROWS[code]
    for checked, _ in ROWS[code]:
        lowered = replace(
            checked, settings=replace(checked.settings, lowered_rules=frozenset({code}))
        )
        verdict = decide(lowered)
        assert verdict.status is Status.ELIGIBLE
        assert [warning.code for warning in verdict.warnings] == [code]


@pytest.mark.parametrize("code", ["directFederation", "homeTenantNotFound"])
def test_remedy_of_2020_is_to_delete_and_invite_anew(code: str) -> None:
    rule = next(rule for rule in RULES if rule.code == code)
    assert rule.remediation == "Delete the internal account and invite the person anew."
    assert rule.lowerable


@pytest.mark.parametrize(
    "checked",
    [
        case(matches=UNREAD),
        case(tenant=replace(TENANT, verified_domains=UNREAD)),
        case(tenant=replace(TENANT, allow_invites_from=UNREAD)),
        case(privileges=replace(PRIVILEGES, active_roles=UNREAD)),
        case(privileges=replace(PRIVILEGES, eligible_roles=UNREAD)),
        case(privileges=replace(PRIVILEGES, groups=UNREAD)),
        case(address=replace(ADDRESS_FACTS, user_holders=UNREAD)),
        case(address=replace(ADDRESS_FACTS, contact_holders=UNREAD)),
        case(domain=replace(DOMAIN_FACTS, directly_federated=UNREAD)),
        case(domain=replace(DOMAIN_FACTS, home_tenant=UNREAD)),
        case(domain=replace(DOMAIN_FACTS, inbound_blocked=UNREAD)),
        case(tenant=replace(TENANT, invitation_domains=UNREAD)),
    ],
)
def test_unknown_means_no_and_names_the_read_and_the_permission(checked: Case) -> None:
    verdict = decide(checked)
    assert verdict.status is Status.INELIGIBLE
    assert [reason.code for reason in verdict.reasons] == [FACT_UNKNOWN]
    reason = verdict.reasons[0]
    assert "the fact" in reason.message
    assert "403" in reason.message
    assert "Some.Read.All" in reason.remediation
    assert reason.owner is Owner.OPERATOR


@pytest.mark.parametrize(
    ("status", "message", "remedy"),
    [
        (401, "HTTP 401", "Grant the application Some.Read.All"),
        (403, "HTTP 403", "Grant the application Some.Read.All"),
        (404, "HTTP 404", "Wait"),
        (200, "its answer was not whole", "Wait"),
    ],
)
def test_unknown_fact_says_what_graph_did_and_what_helps(
    status: int, message: str, remedy: str
) -> None:
    unread = replace(UNREAD, status=status)
    (reason,) = decide(case(privileges=replace(PRIVILEGES, active_roles=unread))).reasons
    assert f"({message})" in reason.message
    assert reason.remediation.startswith(remedy)


def test_unknown_fact_of_a_lowered_rule_only_warns() -> None:
    checked = case(
        domain=replace(DOMAIN_FACTS, home_tenant=UNREAD),
        of_settings=settings(RULES_AS_WARNINGS="homeTenantNotFound"),
    )
    verdict = decide(checked)
    assert verdict.status is Status.ELIGIBLE
    assert [warning.code for warning in verdict.warnings] == [FACT_UNKNOWN]


def test_s1_address_of_the_attacker_is_refused_though_its_domain_is_allowed() -> None:
    checked = case(of_request=request(email_address="attacker@partner.example"))
    assert codes(checked) == ["addressNotOnUser"]


def test_mailbox_plans_are_those_that_microsoft_lists() -> None:
    """Copied from "Product names and service plan identifiers for licensing"."""
    assert sorted(MAILBOX_PLANS) == [
        "1126bef5-da20-4f07-b45e-ad25d2581aa8",
        "4a82b400-a79f-41a4-b4e2-e94f5787b113",
        "88f4d7ef-a73b-4246-8047-516022144c9f",
        "8c3069c0-ccdb-44be-ab77-986203a67df2",
        "90927877-dcff-4af6-b346-2332c0b15bb7",
        "9aaf7827-d63c-4b61-89c3-182f06f82e5c",
        "d42bdbd6-c335-4231-ab3d-c8f348d5aff5",
        "e9b4930a-925f-45e2-ac2a-3f7788ca6fdd",
        "efb87545-963c-4e0d-99df-69c6916d9eb0",
        "fc52cc4b-ed7d-472d-bbe7-b081c23ecc56",
    ]


def test_only_what_can_pass_by_itself_is_retriable() -> None:
    assert {rule.code for rule in RULES if rule.retriable} == {
        "userNotFound", "invitationsOff", "completionNotAllowed", "completionNeedsFollowUp",
        "sponsorNotUsable", "managerNotUsable",
    }  # fmt: skip


def test_rules_that_no_operator_can_lower() -> None:
    assert {rule.code for rule in RULES if rule.lowerable} == {
        "mailboxAssigned", "directFederation", "homeTenantNotFound", "mailDomainMismatch",
        "mailEmpty",
    }  # fmt: skip


def test_who_can_remove_each_reason() -> None:
    by_owner = {
        owner: {rule.code for rule in RULES if rule.owner is owner}
        for owner in (Owner.REQUESTER, Owner.OPERATOR, Owner.PARTNER_ADMIN)
    }
    assert by_owner == {
        Owner.REQUESTER: {
            "userNotFound", "severalUsersMatch", "invitationPending", "severalExternalAddresses",
            "addressNotOnUser", "addressMalformed", "addressInTenantDomain",
            "redirectUrlNotAllowed", "ccNotAllowed", "completionNotWithResend",
            "sponsorNotUsable", "managerNotUsable",
        },
        Owner.OPERATOR: {
            "protectedByOperator", "eventNeedsConvertibleGroup", "domainNotAllowed",
            "completionNotAllowed", "completionNeedsFollowUp",
        },
        Owner.PARTNER_ADMIN: set(),
    }  # fmt: skip


@pytest.mark.parametrize("state", ["Suspended", "Deleted", "LockedOut", "suspended"])
def test_mailbox_whose_plan_leaves_nothing_to_use_is_none(state: str) -> None:
    assert codes(case(of_user=user(assigned_plans=(ServicePlan(STANDARD, state),)))) == []
    unknown = case(of_user=user(assigned_plans=(ServicePlan(STANDARD.upper(), ""),)))
    assert codes(unknown) == ["mailboxAssigned"]


def test_long_lists_are_cut_and_counted() -> None:
    ids = tuple(f"id-{number}" for number in range(25))
    (reason,) = decide(case(privileges=replace(PRIVILEGES, eligible_roles=ids))).reasons
    assert "id-19 and 5 more" in reason.message
    assert "id-20" not in reason.message
    exactly = replace(PRIVILEGES, eligible_roles=ids[:20])
    assert "more" not in decide(case(privileges=exactly)).reasons[0].message


@pytest.mark.parametrize("step", [Step.SPONSOR, Step.MANAGER])
def test_person_who_could_not_be_read_blocks_and_one_of_no_allowed_step_is_not_asked_for(
    step: Step,
) -> None:
    assert codes(completing(step, person=UNREAD)) == [FACT_UNKNOWN]
    assert codes(completing(step)) == []
    nobody = case(of_request=request(completion=Completion((step,), OTHER_ID, OTHER_ID)))
    assert codes(nobody) == ["completionNotAllowed"]
