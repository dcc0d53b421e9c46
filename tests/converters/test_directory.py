"""Whatever text is asked about, the request's structure stays the one that was meant (S6)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from converters import directory, tenant
from converters.facts import Groups, HomeTenant, InvitationDomains, Unread

if TYPE_CHECKING:
    from collections.abc import Callable

    from converters.directory import Read

FILTERED: list[Callable[[str], Read[Any]]] = [
    directory.users_named,
    directory.users_addressed,
    directory.user_holders,
    directory.contact_holders,
    directory.eligible_roles,
    tenant.direct_federation,
]
IN_PATH: list[Callable[[str], Read[Any]]] = [
    directory.user,
    directory.active_roles,
    directory.groups,
    tenant.partner_inbound,
    tenant.home_tenant,
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
    read = directory.user("x")
    assert read.fact(404, {}) is None
    assert read.fact(403, {"error": {}}) == Unread("the user", "User.Read.All", 403)
    assert tenant.verified_domains().fact(404, {}) == Unread(
        "this tenant's domains", "Domain.Read.All", 404
    )


def test_tenant_without_the_licence_has_no_eligible_roles_and_other_errors_are_unknown() -> None:
    read = directory.eligible_roles("x")
    assert read.fact(400, {"error": {"code": "AadPremiumLicenseRequired"}}) == ()
    assert isinstance(read.fact(400, {"error": {"code": "Other"}}), Unread)
    assert isinstance(read.fact(400, {"error": None}), Unread)


def test_user_is_read_with_what_is_missing_counted_against_it() -> None:
    user = directory.user("x").fact(200, {"id": "1", "userPrincipalName": "k@contoso.example"})
    assert user is not None
    assert not isinstance(user, Unread)
    assert not user.account_enabled
    assert user.identities is None


def test_groups_are_complete_only_without_a_next_page() -> None:
    body = {"value": [{"id": "A", "isAssignableToRole": True}, {"id": "b"}]}
    groups = directory.groups("x").fact(200, body)
    assert not isinstance(groups, Unread)
    assert groups == Groups(frozenset({"a", "b"}), ("A",), complete=True)
    more = directory.groups("x").fact(200, body | {"@odata.nextLink": "…"})
    assert not isinstance(more, Unread)
    assert not more.complete


@pytest.mark.parametrize(
    ("inbound", "blocked"),
    [
        (None, None),
        ({"usersAndGroups": None}, None),
        ({"usersAndGroups": {"accessType": "allowed", "targets": [{"target": "AllUsers"}]}}, False),
        ({"usersAndGroups": {"accessType": "blocked", "targets": [{"target": "AllUsers"}]}}, True),
        ({"usersAndGroups": {"accessType": "blocked", "targets": [{"target": "some id"}]}}, False),
    ],
)
def test_partner_is_blocked_only_where_all_its_people_are(
    inbound: dict[str, Any] | None,
    blocked: bool | None,  # noqa: FBT001
) -> None:
    read = tenant.partner_inbound("x")
    assert read.fact(200, {"b2bCollaborationInbound": inbound}) is blocked
    assert read.fact(404, {}) is None


def test_home_tenant_and_domain_lists_are_read() -> None:
    home = tenant.home_tenant("x").fact(200, {"tenantId": "t", "displayName": None})
    assert home == HomeTenant("t", "")
    text = (
        '{"B2BManagementPolicy":{"InvitationsAllowedAndBlockedDomainsPolicy":'
        '{"AllowedDomains":[],"BlockedDomains":["Evil.Example"]}}}'
    )
    listed = tenant.invitation_domains().fact(200, {"value": [{"definition": [text]}]})
    assert listed == InvitationDomains(None, frozenset({"evil.example"}))
