"""Where single rules draw their line, and what they say."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from converters.model.facts import Holder, ServicePlan
from converters.model.outcome import Status
from converters.model.request import MessageInfo, Recipient
from converters.policy.eligibility import RULES, decide
from converters.policy.rules.user import MAILBOX_PLANS
from tests.policy.eligibility_rows import FOUNDATION, STANDARD, SYNCED, codes
from tests.samples import (
    ADDRESS,
    ADDRESS_FACTS,
    DOMAIN_FACTS,
    GROUP_ID,
    OTHER_ID,
    PRIVILEGES,
    USER_ID,
    case,
    request,
    settings,
    user,
)

if TYPE_CHECKING:
    from converters.policy.rule import Case


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


@pytest.mark.parametrize("state", ["Suspended", "Deleted", "LockedOut", "suspended"])
def test_mailbox_whose_plan_leaves_nothing_to_use_is_none(state: str) -> None:
    assert codes(case(of_user=user(assigned_plans=(ServicePlan(STANDARD, state),)))) == []
    unknown = case(of_user=user(assigned_plans=(ServicePlan(STANDARD.upper(), ""),)))
    assert codes(unknown) == ["mailboxAssigned"]


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


def test_long_lists_are_cut_and_counted() -> None:
    ids = tuple(f"id-{number}" for number in range(25))
    (reason,) = decide(case(privileges=replace(PRIVILEGES, eligible_roles=ids))).reasons
    assert "id-19 and 5 more" in reason.message
    assert "id-20" not in reason.message
    exactly = replace(PRIVILEGES, eligible_roles=ids[:20])
    assert "more" not in decide(case(privileges=exactly)).reasons[0].message


@pytest.mark.parametrize("code", ["directFederation", "homeTenantNotFound"])
def test_remedy_of_2020_is_to_delete_and_invite_anew(code: str) -> None:
    rule = next(rule for rule in RULES if rule.code == code)
    assert rule.remediation == "Delete the internal account and invite the person anew."
    assert rule.lowerable


def test_already_external_names_the_status_among_other_reasons() -> None:
    verdict = decide(case(of_user=user(external_user_state="Accepted", account_enabled=False)))
    assert verdict.status is Status.ALREADY_EXTERNAL
    assert [reason.code for reason in verdict.reasons] == ["alreadyExternal", "accountDisabled"]


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
