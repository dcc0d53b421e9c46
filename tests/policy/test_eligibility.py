"""Every rule stops what it should, alone and together; nothing unknown passes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from converters.model.completion import Completion, Step
from converters.model.facts import ServicePlan
from converters.model.outcome import Owner, Status
from converters.policy.eligibility import FACT_UNKNOWN, RULES, decide
from converters.settings.keys import LOWERABLE_RULES
from tests.policy.eligibility_rows import ROWS, STANDARD, codes, completing
from tests.samples import (
    ADDRESS_FACTS,
    DOMAIN_FACTS,
    OTHER_ID,
    PRIVILEGES,
    TENANT,
    UNREAD,
    case,
    request,
    settings,
    user,
)

if TYPE_CHECKING:
    from converters.policy.rule import Case


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


@pytest.mark.parametrize("step", [Step.SPONSOR, Step.MANAGER])
def test_person_who_could_not_be_read_blocks_and_one_of_no_allowed_step_is_not_asked_for(
    step: Step,
) -> None:
    assert codes(completing(step, person=UNREAD)) == [FACT_UNKNOWN]
    assert codes(completing(step)) == []
    nobody = case(of_request=request(completion=Completion((step,), OTHER_ID, OTHER_ID)))
    assert codes(nobody) == ["completionNotAllowed"]
