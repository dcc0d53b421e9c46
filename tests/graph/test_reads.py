"""Whatever text is asked about, the request's structure stays the one that was meant (S6)."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from converters.graph import tenant_reads, user_reads
from converters.model.facts import (
    DirectoryRole,
    Groups,
    Holder,
    HomeTenant,
    Identity,
    InvitationDomains,
    ServicePlan,
    Unread,
    User,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from converters.graph.read import Read

FILTERED: list[Callable[[str], Read[Any]]] = [
    user_reads.users_named,
    user_reads.users_addressed,
    user_reads.user_holders,
    user_reads.contact_holders,
    user_reads.eligible_roles,
    user_reads.eligible_groups,
    user_reads.role_assignments,
    tenant_reads.direct_federation,
]
IN_PATH: list[Callable[[str], Read[Any]]] = [
    user_reads.user,
    user_reads.active_roles,
    user_reads.groups,
    tenant_reads.partner_inbound,
    tenant_reads.home_tenant,
]
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@pytest.mark.parametrize("build", FILTERED, ids=lambda build: build.__name__)
@given(text=TEXTS)
def test_s6_filter_holds_the_text_as_one_literal(
    build: Callable[[str], Read[Any]], text: str
) -> None:
    plain, asked = build("x").path, build(text).path
    assert re.sub(r"[?&=].*", "", plain) == re.sub(r"[?&=].*", "", asked)
    assert asked.count("&") == plain.count("&")
    assert not re.search(r"['\s#+]", asked)
    condition = unquote(asked.rpartition("$filter=")[2])
    literals = [found.replace("''", "'") for found in re.findall(r"'((?:[^']|'')*)'", condition)]
    assert set(literals) <= {text, f"smtp:{text}"}
    skeleton = re.sub(r"'(?:[^']|'')*'", "?", condition)
    assert skeleton == re.sub(r"'[^']*'", "?", unquote(plain.rpartition("$filter=")[2]))


@pytest.mark.parametrize("build", IN_PATH, ids=lambda build: build.__name__)
@given(text=TEXTS)
def test_s6_path_segment_stays_one_segment(build: Callable[[str], Read[Any]], text: str) -> None:
    plain, asked = build("x").path, build(text).path
    for mark in "/?&#":
        assert asked.count(mark) == plain.count(mark)
    assert not re.search(r"[\s'\"<>\\]", asked)


def test_read_tells_a_fact_from_its_absence_and_from_not_knowing() -> None:
    read = user_reads.user("x")
    assert read.fact(404, {}) is None
    assert read.fact(403, {"error": {}}) == Unread("the user", "User.Read.All", 403)
    assert tenant_reads.verified_domains().fact(404, {}) == Unread(
        "this tenant's domains", "Domain.Read.All", 404
    )


def test_tenant_without_the_licence_has_no_eligible_roles_and_other_errors_are_unknown() -> None:
    read = user_reads.eligible_roles("x")
    assert read.fact(400, {"error": {"code": "AadPremiumLicenseRequired"}}) == ()
    assert isinstance(read.fact(400, {"error": {"code": "Other"}}), Unread)
    assert isinstance(read.fact(400, {"error": None}), Unread)


def test_groups_are_read_by_their_ids_in_lower_case() -> None:
    items = [{"id": "A", "isAssignableToRole": True}, {"id": "b", "isAssignableToRole": None}]
    groups = user_reads.groups("x").fact(200, {"value": items})
    assert groups == Groups(frozenset({"a", "b"}), ("A",))


def test_s1_answer_about_another_user_is_no_answer() -> None:
    whole = json.loads(json.dumps(WHOLE_USER))
    assert not isinstance(user_reads.user("1").fact(200, whole), Unread)
    assert isinstance(user_reads.user("2").fact(200, whole), Unread)


@pytest.mark.parametrize(
    ("inbound", "blocked"),
    [
        (None, None),
        ({"usersAndGroups": None}, None),
        ({"usersAndGroups": {"accessType": "blocked", "targets": []}}, False),
        ({"usersAndGroups": {"accessType": "allowed", "targets": [{"target": "AllUsers"}]}}, False),
        ({"usersAndGroups": {"accessType": "blocked", "targets": [{"target": "AllUsers"}]}}, True),
        ({"usersAndGroups": {"accessType": "blocked", "targets": [{"target": "some id"}]}}, False),
    ],
)
def test_partner_is_blocked_only_where_all_its_people_are(
    inbound: dict[str, Any] | None,
    blocked: bool | None,  # noqa: FBT001
) -> None:
    read = tenant_reads.partner_inbound("x")
    assert read.fact(200, {"b2bCollaborationInbound": inbound}) is blocked
    assert read.fact(404, {}) is None


def test_home_tenant_and_domain_lists_are_read() -> None:
    home = tenant_reads.home_tenant("x").fact(200, {"tenantId": "t", "displayName": None})
    assert home == HomeTenant("t", "")
    named = tenant_reads.home_tenant("x").fact(200, {"tenantId": "t", "displayName": "Partner"})
    assert named == HomeTenant("t", "Partner")
    text = (
        '{"B2BManagementPolicy":{"InvitationsAllowedAndBlockedDomainsPolicy":'
        '{"AllowedDomains":[],"BlockedDomains":["Evil.Example"]}}}'
    )
    listed = tenant_reads.invitation_domains().fact(200, {"value": [{"definition": [text]}]})
    assert listed == InvitationDomains(None, frozenset({"evil.example"}))


def literals(condition: str) -> list[str]:
    """Read the string literals of a filter, character by character, as OData defines them."""
    found, rest = [], condition
    while "'" in rest:
        text, rest = "", rest.partition("'")[2]
        while True:
            before, quote, rest = rest.partition("'")
            assert quote, "a literal that does not end"
            text += before
            if not rest.startswith("'"):
                break
            text, rest = text + "'", rest[1:]
        found.append(text)
    return found


HOSTILE = [
    "'", "''", "x' or 1 eq 1 or mail eq 'x", "x'&$top=999", "x&$filter=true", "x#fragment",
    "x?$select=id", "../../groups", "a/b", "a%27b", "a+b c", "\\'",
    "o'neil@partner.example", "\n\r",
]  # fmt: skip


@pytest.mark.parametrize("build", FILTERED, ids=lambda build: build.__name__)
@pytest.mark.parametrize("text", HOSTILE)
def test_s6_hostile_text_is_read_back_as_it_is(
    build: Callable[[str], Read[Any]], text: str
) -> None:
    before, _, query = build(text).path.partition("?")
    options = [option.partition("=") for option in query.split("&")]
    assert before == build("x").path.partition("?")[0]
    assert [name for name, *_ in options if name not in {"$select", "$filter"}] == []
    condition = unquote(options[-1][2])
    plain = literals(unquote(build("x").path.rpartition("=")[2]))
    assert literals(condition) == [literal.replace("x", text) for literal in plain]


@given(TEXTS)
def test_s6_literal_is_read_back_as_the_text_it_was_written_from(text: str) -> None:
    assert literals(user_reads.literal(text)) == [text]
    assert unquote(user_reads.quoted(user_reads.literal(text))) == user_reads.literal(text)


@given(TEXTS)
def test_s6_function_parameter_holds_the_text_as_one_literal(text: str) -> None:
    path = tenant_reads.home_tenant(text).path
    parameter = re.fullmatch(r"/[A-Za-z]+/[A-Za-z]+\(domainName=([^'/?&#\s()=]+)\)", path)
    assert parameter is not None
    assert literals(unquote(parameter[1])) == [text]


IDS: dict[str, Any] = {"value": [{"id": "1"}, {"id": "2"}]}


@pytest.mark.parametrize(
    ("read", "body", "fact"),
    [
        (user_reads.users_named("x"), IDS, ("1", "2")),
        (user_reads.users_addressed("x"), {"value": []}, ()),
        (user_reads.user_holders("x"), IDS, (Holder("user", "1"), Holder("user", "2"))),
        (user_reads.contact_holders("x"), IDS, (Holder("contact", "1"), Holder("contact", "2"))),
        (
            user_reads.active_roles("x"),
            {"value": [{"id": "1", "displayName": "Reader"}, {"id": "2", "displayName": None}]},
            (DirectoryRole("Reader"), DirectoryRole("2")),
        ),
        (user_reads.eligible_roles("x"), {"value": [{"roleDefinitionId": "r"}]}, ("r",)),
        (
            tenant_reads.verified_domains(),
            {"value": [{"id": "A.x", "isVerified": True}, {"id": "b.x", "isVerified": False}]},
            frozenset({"a.x"}),
        ),
        (tenant_reads.allow_invites_from(), {"allowInvitesFrom": "none"}, "none"),
        (tenant_reads.direct_federation("x"), {"value": []}, False),
        (tenant_reads.direct_federation("x"), {"value": [{"domains": [{"id": "x"}]}]}, True),
        (
            tenant_reads.default_inbound(),
            {
                "b2bCollaborationInbound": {
                    "usersAndGroups": {
                        "accessType": "blocked",
                        "targets": [{"target": "AllUsers"}],
                    }
                }
            },
            True,
        ),
        (tenant_reads.invitation_domains(), {"value": []}, InvitationDomains()),
    ],
)
def test_answer_becomes_its_fact(read: Read[Any], body: dict[str, Any], fact: object) -> None:
    assert read.fact(200, body) == fact


WHOLE_USER: dict[str, Any] = {
    "id": "1",
    "userPrincipalName": "k@contoso.example",
    "accountEnabled": True,
    "createdDateTime": "2026-02-01T00:00:00Z",
    "userType": "Member",
    "externalUserState": "PendingAcceptance",
    "externalUserStateChangeDateTime": "2026-03-01T10:00:00Z",
    "identities": [{"signInType": "federated", "issuer": None}],
    "mail": "k@partner.example",
    "otherMails": ["k@home.example"],
    "onPremisesSyncEnabled": True,
    "onPremisesUserPrincipalName": "k@ad.example",
    "isManagementRestricted": True,
    "assignedPlans": [{"servicePlanId": "plan", "capabilityStatus": "Enabled"}],
}


def test_user_is_read_whole() -> None:
    assert set(WHOLE_USER) == set(user_reads.USER_PROPERTIES)
    assert user_reads.user("1").fact(200, WHOLE_USER) == User(
        id="1",
        user_principal_name="k@contoso.example",
        user_type="Member",
        account_enabled=True,
        external_user_state="PendingAcceptance",
        external_user_state_changed=datetime(2026, 3, 1, 10, tzinfo=UTC),
        identities=(Identity("federated", ""),),
        mail="k@partner.example",
        other_mails=("k@home.example",),
        on_premises_synced=True,
        on_premises_user_principal_name="k@ad.example",
        management_restricted=True,
        assigned_plans=(ServicePlan("plan", "Enabled"),),
        created=datetime(2026, 2, 1, tzinfo=UTC),
    )


def test_plan_without_a_status_has_none() -> None:
    plans = [{"servicePlanId": "plan", "capabilityStatus": None}]
    user = user_reads.user("1").fact(200, WHOLE_USER | {"assignedPlans": plans})
    assert isinstance(user, User)
    assert user.assigned_plans == (ServicePlan("plan", ""),)


@pytest.mark.parametrize("created", [None, "yesterday", 7])
def test_time_of_creation_is_needed_by_no_rule(created: object) -> None:
    user = user_reads.user("1").fact(200, WHOLE_USER | {"createdDateTime": created})
    assert isinstance(user, User)
    assert user.created is None


@pytest.mark.parametrize("build", [*FILTERED, *IN_PATH], ids=lambda build: build.__name__)
@pytest.mark.parametrize("status", [400, 401, 403])
def test_unknown_fact_names_its_read_its_permission_and_the_status(
    build: Callable[[str], Read[Any]], status: int
) -> None:
    read = build("x")
    assert read.fact(status, {"error": {"code": "Refused"}}) == Unread(
        read.what, read.permission, status
    )
    assert read.permission


@pytest.mark.parametrize(
    ("build", "absent"),
    [
        (user_reads.user, None),
        (tenant_reads.home_tenant, None),
        (tenant_reads.partner_inbound, None),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_absence_is_a_fact_where_it_means_one(
    build: Callable[[str], Read[Any]], absent: object
) -> None:
    assert build("x").fact(404, {"error": {"code": "Request_ResourceNotFound"}}) == absent


@pytest.mark.parametrize(
    "build",
    [*FILTERED, user_reads.active_roles, user_reads.groups],
    ids=lambda build: build.__name__,
)
def test_list_that_is_not_found_is_not_an_empty_list(build: Callable[[str], Read[Any]]) -> None:
    assert isinstance(build("x").fact(404, {}), Unread)
