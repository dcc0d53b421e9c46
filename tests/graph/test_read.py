"""Whatever is not read whole is not known: each read, each way of being incomplete."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from converters.graph import (
    completion_reads,
    mail_reads,
    standing_reads,
    subscriptions,
    tenant_reads,
    user_reads,
)
from converters.graph.read import Item
from converters.model.facts import Unread
from tests.directory import USER_ID
from tests.reading import READS, builders, complete, places, read_of, spoiled

if TYPE_CHECKING:
    from collections.abc import Callable

    from converters.graph.read import Read

    Builder = Callable[..., Read[Any]]

ROOT = Path(__file__).parents[2]
EVERY = pytest.mark.parametrize("builder", READS, ids=lambda builder: builder.__name__)
LISTED = [builder for builder in READS if "value" in READS[builder][1]]
# Of each type that JSON has, so that each is of the wrong type somewhere; null is judged apart.
VALUES: list[Any] = [7, 1.5, "text", True, {"a": 1}, [1], [{}], [[]], [None]]
# What means "nobody", "nothing", "not set" in Graph's own answers.
MAY_BE_NULL = {
    "externalUserState", "externalUserStateChangeDateTime", "userType", "mail", "identities",
    "accountEnabled", "onPremisesSyncEnabled", "onPremisesUserPrincipalName",
    "isManagementRestricted", "isAssignableToRole", "capabilityStatus",
    # What a mailbox does not tell of a mail makes it one that may be ours.
    "internetMessageId", "internetMessageHeaders", "toRecipients", "address",
}  # fmt: skip


def test_every_read_of_the_product_is_in_the_list() -> None:
    assert set(READS) == builders()


def test_reads_are_made_by_those_functions_alone() -> None:
    making = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "converters").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Read"
    }
    # The last decides on nobody; test_subscription_trouble.py sends it what is not whole.
    known = (
        user_reads, standing_reads, tenant_reads, completion_reads, mail_reads, subscriptions,
    )  # fmt: skip
    modules = {f"{module.__name__.replace('.', '/')}.py" for module in known}
    assert making == modules


def test_names_of_reads_are_unique() -> None:
    assert len({read_of(builder).name for builder in READS}) == len(READS)


@EVERY
def test_complete_answer_is_a_fact(builder: Builder) -> None:
    assert not isinstance(read_of(builder).fact(200, complete(builder)), Unread)


@EVERY
def test_answer_without_any_property_that_is_looked_at_is_unread(builder: Builder) -> None:
    names = [path for path in places(complete(builder)) if isinstance(path[-1], str)]
    assert names
    for path in names:
        if path[-1] == "internetMessageHeaders":
            # Mailboxes did not show them for a time; test_mail.py judges by the reader then.
            continue
        body = complete(builder)
        spoiled(body, path, drop=True)
        assert isinstance(read_of(builder).fact(200, body), Unread), path


@EVERY
@given(data=st.data())
def test_answer_with_a_value_of_another_type_is_unread(
    builder: Builder, data: st.DataObject
) -> None:
    body = complete(builder)
    paths = list(places(body))
    path = data.draw(st.sampled_from(paths))
    value: Any = body
    for key in path:
        value = value[key]
    wrong = [other for other in VALUES if type(other) is not type(value)]
    # Where null stands, a text, a truth value or a time is what else may stand there.
    others = [{"a": 1}, 7, [[]]] if value is None else wrong
    spoiled(body, path, data.draw(st.sampled_from(others)), drop=False)
    assert isinstance(read_of(builder).fact(200, body), Unread), path


@EVERY
def test_null_is_unread_but_where_graph_means_something_by_it(builder: Builder) -> None:
    paths = list(places(complete(builder)))
    assert paths
    for path in paths:
        body = complete(builder)
        spoiled(body, path, None, drop=False)
        fact = read_of(builder).fact(200, body)
        inherits = builder is tenant_reads.partner_inbound and path[-1] in {
            "b2bCollaborationInbound", "usersAndGroups",
        }  # fmt: skip
        # A conversion takes it for disabled; a look must not say so of an account that is not.
        untold = builder is standing_reads.standing and path[-1] == "accountEnabled"
        may_be_null = path[-1] in MAY_BE_NULL and not untold
        assert isinstance(fact, Unread) is not (may_be_null or inherits), path


@EVERY
@pytest.mark.parametrize(
    "body", [{}, {"value": None}, {"value": {}}, {"value": [7]}, {"value": [{}]}]
)
def test_answer_of_another_shape_is_unread(builder: Builder, body: dict[str, Any]) -> None:
    assert isinstance(read_of(builder).fact(200, body), Unread) or (
        builder is tenant_reads.direct_federation and body == {"value": [{}]}
    )


@EVERY
def test_answer_that_breaks_off_with_an_error_or_goes_on_elsewhere_is_unread(
    builder: Builder,
) -> None:
    for more in (
        {"error": {"code": "generalException"}},
        {"@odata.nextLink": "https://graph.example/next"},
        {"members@odata.nextLink": "https://graph.example/next"},
    ):
        assert isinstance(read_of(builder).fact(200, complete(builder) | more), Unread)
        inside = complete(builder)
        if inside.get("value"):
            inside["value"][0].update(more)
            assert isinstance(read_of(builder).fact(200, inside), Unread)


@pytest.mark.parametrize("builder", LISTED, ids=lambda builder: builder.__name__)
def test_list_with_fewer_items_than_graph_counts_is_unread(builder: Builder) -> None:
    items = len(complete(builder)["value"])
    read = read_of(builder)
    assert isinstance(read.fact(200, complete(builder) | {"@odata.count": items + 1}), Unread)
    assert not isinstance(read.fact(200, complete(builder) | {"@odata.count": items}), Unread)


@EVERY
@pytest.mark.parametrize("status", [204, 206, 301, 400, 401, 403, 404, 410])
def test_error_is_unread_unless_its_absence_has_a_name(builder: Builder, status: int) -> None:
    read = read_of(builder)
    fact = read.fact(status, complete(builder))
    named = {
        user_reads.user,
        standing_reads.standing,
        tenant_reads.home_tenant,
        tenant_reads.partner_inbound,
        completion_reads.manager,
    }
    if status == 404 and builder is mail_reads.sent_mail:
        # No mailbox there: the mail may have gone all the same.
        assert fact is mail_reads.Trail.LIKE
    elif status == 404 and builder in named:
        assert fact is None
        assert read.absence is not None
        assert read.absence.name
    else:
        assert fact == Unread(read.what, read.permission, status)


@pytest.mark.parametrize("value", [None, [], "text", 7, True, {"error": 1}])
def test_what_is_no_whole_object_is_no_item(value: object) -> None:
    read = user_reads.users_named("x")
    assert isinstance(read.fact(200, {"value": [value]}), Unread)


def test_item_has_no_way_to_leave_a_missing_property_aside() -> None:
    lenient = {name for name in dir(Item) if not name.startswith("_")} & {"get", "keys", "values"}
    assert lenient == set()
    # Labels are shown to people alone, and a list that may be left out is judged by its read.
    assert Item({}).label("displayName") == ""
    assert Item({}).texts_if_there("AllowedDomains") is None


@pytest.mark.parametrize(
    ("lists", "whole"),
    [
        ({"AllowedDomains": ["a.example"]}, True),
        ({"BlockedDomains": ["a.example"]}, True),
        ({"AllowedDomains": [], "BlockedDomains": []}, True),
        ({"AllowedDomains": []}, False),
        ({"BlockedDomains": []}, False),
        ({}, False),
    ],
)
def test_domain_lists_are_whole_where_the_one_that_is_set_is_there(
    lists: dict[str, list[str]],
    whole: bool,  # noqa: FBT001
) -> None:
    body = complete(tenant_reads.invitation_domains)
    policy = {"B2BManagementPolicy": {"InvitationsAllowedAndBlockedDomainsPolicy": lists}}
    body["value"][0]["definition"] = [json.dumps(policy)]
    assert isinstance(read_of(tenant_reads.invitation_domains).fact(200, body), Unread) is not whole


@pytest.mark.parametrize("text", ["", "no JSON", "[]", "7", "{}", "[" * 100_000])
def test_domain_list_that_is_no_json_object_is_unread(text: str) -> None:
    body = complete(tenant_reads.invitation_domains)
    body["value"][0]["definition"] = [text]
    assert isinstance(read_of(tenant_reads.invitation_domains).fact(200, body), Unread)


def test_each_read_needs_its_permission_and_no_other() -> None:
    assert {read_of(builder).name: read_of(builder).permission for builder in READS} == {
        "user": "User.Read.All",
        "sentMail": "Mail.ReadBasic, for that mailbox in Exchange Online",
        # Looks at several users share a batch: each is named by its user.
        USER_ID: "User.Read.All",
        "usersNamed": "User.Read.All",
        "usersAddressed": "User.Read.All",
        "activeRoles": "RoleManagement.Read.Directory",
        "roleAssignments": "RoleManagement.Read.Directory",
        "eligibleRoles": "RoleEligibilitySchedule.Read.Directory",
        "groups": "GroupMember.Read.All",
        "eligibleGroups": "PrivilegedEligibilitySchedule.Read.AzureADGroup",
        "userHolders": "User.Read.All",
        "contactHolders": "OrgContact.Read.All",
        "verifiedDomains": "Domain.Read.All",
        "allowInvitesFrom": "Policy.Read.All",
        "invitationDomains": "Policy.Read.B2BManagementPolicy",
        "directFederation": "IdentityProvider.Read.All",
        "homeTenant": "CrossTenantInformation.ReadBasic.All",
        "partnerInbound": "Policy.Read.All",
        "defaultInbound": "Policy.Read.All",
        "manager": "User.Read.All",
        "sponsors": "User.Read.All",
        "currentManager": "User.Read.All",
    }


@pytest.mark.parametrize("verified", [[], [False], [False, False]])
def test_tenant_without_a_verified_domain_was_not_read_whole(verified: list[bool]) -> None:
    items = [{"id": f"{n}.example", "isVerified": is_so} for n, is_so in enumerate(verified)]
    fact = read_of(tenant_reads.verified_domains).fact(200, {"value": items})
    assert isinstance(fact, Unread)


@pytest.mark.parametrize("access", ["unknownFutureValue", "Blocked", "x"])
def test_access_of_another_kind_is_not_known(access: str) -> None:
    for builder in (tenant_reads.partner_inbound, tenant_reads.default_inbound):
        people = {"accessType": access, "targets": [{"target": "AllUsers"}]}
        body = {"b2bCollaborationInbound": {"usersAndGroups": people}}
        assert isinstance(read_of(builder).fact(200, body), Unread)


def test_time_that_is_none_is_not_known() -> None:
    body = complete(user_reads.user) | {"externalUserStateChangeDateTime": "yesterday"}
    assert isinstance(read_of(user_reads.user).fact(200, body), Unread)
