"""Every documented refusal of Graph's has its reason and its remedy."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from converters.model.errors import GraphRefused
from converters.policy.refusal_rows import REFUSALS
from converters.policy.refusals import explain as explained
from tests.samples import ADDRESS, OTHER_ID, TENANT, USER_ID, case, settings, user

if TYPE_CHECKING:
    from converters.model.outcome import Reason

ROWS = [
    ("invitationsRefusedByTenant", 403, "Unauthorized", ("Guest invitations not allowed for your"
     " company. Contact your company administrator for more details.")),
    ("inviteeInThisTenant", 400, "BadRequest", ("This user cannot be invited because the domain of"
     " the user's email address is a verified domain of this directory.")),
    ("inviteeInThisTenant", 400, "BadRequest", "Invitee is in inviter tenant"),
    ("inviteeAlreadyExists", 400, "BadRequest", ("The invited user already exists in the directory"
     f" as object ID: {OTHER_ID}.")),
    ("inviteeAlreadyExists", 400, "BadRequest",
     "The invited user already exists in the directory."),
    ("invitedUserIgnored", 400, "BadRequest", ("The invited user already exists in the directory"
     f" as object ID: {USER_ID}, but the account is blocked from signing in.")),
    ("mailInTenantDomain", 400, "BadRequest", ("User's email address cannot be in a verified"
     " domain. Please change the user's email to enable conversion to a B2B user.")),
    ("addressNotSeenByGraph", 400, "BadRequest", ("The email you\u2019re using to invite this user"
     " doesn\u2019t match any emails on the user object. Please add this email to the user"
     " object and try again.")),
    ("addressHeldByUser", 400, "BadRequest", ("Non-external user already exists with the given mail"
     " address and can\u2019t be invited.")),
    ("homeTenantRefuses", 400, "BadRequest", ("This user can\u2019t be invited to this directory."
     " Please try a different email address for the user or create a user account")),
    ("homeTenantRefuses", 400, "BadRequest", "This user cannot be invited to this directory."),
    ("addressConflict", 400, "BadRequest", ("Another object with the same value for property"
     " proxyAddresses already exists.")),
    ("groupAddress", 400, "BadRequest", "Group email address is not supported"),
    ("blockedByCrossTenantAccess", 400, "BadRequest", ("This invitation is blocked by cross-tenant"
     " access settings.")),
    ("blockedByCrossTenantAccess", 403, "Forbidden", ("This invitation is blocked by cross-tenant"
     " access settings.")),
    ("convertedBack", 412, "PreconditionFailed", ""),
    ("syncedUserRefused", 400, "BadRequest", "User invitation failed. Invalid request input."),
    ("notYetVisible", 404, "Directory_ObjectNotFound", "Unable to read the company information."),
    ("notYetVisible", 400, "Request_ResourceNotFound", "Resource 'x' does not exist."),
    ("permissionMissing", 401, "Unauthorized", ("Insufficient privileges to perform requested"
     " operation by the application. ActionName=CreateInvite")),
    ("permissionMissing", 403, "Authorization_RequestDenied", "Insufficient privileges"),
    ("graphRefused", 400, "BadRequest", "Something new."),
    ("graphRefused", 409, "Conflict", ""),
]  # fmt: skip


def explain(refused: GraphRefused, **of_user: Any) -> Reason:  # noqa: ANN401
    """Explain a refusal of the sample's user."""
    return explained(refused, case(of_user=user(**of_user)))


@pytest.mark.parametrize(("code", "status", "graph_code", "text"), ROWS)
def test_refusal_is_explained(code: str, status: int, graph_code: str, text: str) -> None:
    reason = explain(GraphRefused(status, graph_code, text, "request-id"))
    assert reason.code == code
    assert reason.remediation


def test_every_known_refusal_has_a_row() -> None:
    assert {code for code, *_ in ROWS} == {row.code for row in REFUSALS} | {"graphRefused"}


@pytest.mark.parametrize(
    ("text", "mail", "owner", "named"),
    [
        ("already exists in the directory", None, "identityAdmin", "Find the object"),
        (
            f"already exists in the directory as object ID: {OTHER_ID}",
            None,
            "identityAdmin",
            "the other object",
        ),
        ("doesn't match any emails on the user object", ADDRESS, "requester", "in an hour"),
        ("doesn't match any emails on the user object", None, "identityAdmin", "user's mail"),
    ],
)
def test_refusal_that_can_mean_two_things_has_the_remedy_that_fits(
    text: str, mail: str | None, owner: str, named: str
) -> None:
    refused = GraphRefused(400, "BadRequest", f"The invited user {text}.", None)
    reason = explain(refused, mail=mail)
    assert (reason.owner, named in reason.remediation) == (owner, True)


def test_s8_text_of_the_exception_leaves_graphs_message_out() -> None:
    assert "secret" not in str(GraphRefused(400, "BadRequest", "secret@x.example", "id"))


@given(
    st.integers(400, 499).filter(lambda status: status not in {401, 403, 412}),
    st.text().filter(lambda code: not code.endswith("NotFound")),
)
def test_unknown_refusal_stays_permanent_and_is_handed_on(status: int, graph_code: str) -> None:
    reason = explain(GraphRefused(status, graph_code, "Something new.", None))
    assert reason.code == "graphRefused"
    assert not reason.retriable


@pytest.mark.parametrize(("code", "status", "graph_code", "text"), ROWS)
def test_refusal_is_known_in_any_case(code: str, status: int, graph_code: str, text: str) -> None:
    for written in (text.lower(), text.upper()):
        assert explain(GraphRefused(status, graph_code, written, None)).code == code


KNOWN_BY_TEXT = {row.code for row in REFUSALS if row.texts}


@pytest.mark.parametrize(
    ("code", "text"), [(code, text) for code, _, _, text in ROWS if code in KNOWN_BY_TEXT]
)
def test_refusal_that_graph_dresses_in_a_403_keeps_its_meaning(code: str, text: str) -> None:
    assert explain(GraphRefused(403, "Forbidden", text, None)).code == code


@pytest.mark.parametrize("status", [401, 403])
def test_status_alone_tells_that_a_permission_is_missing(status: int) -> None:
    reason = explain(GraphRefused(status, "Something", "new", None))
    assert reason.code == "permissionMissing"
    assert reason.retriable


@pytest.mark.parametrize("allow_invites_from", ["everyone", "none"])
def test_tenants_refusal_is_retriable_whatever_its_settings_say(allow_invites_from: str) -> None:
    refused = GraphRefused(403, "Unauthorized", ROWS[0][3], None)
    tenant = replace(TENANT, allow_invites_from=allow_invites_from)
    assert explained(refused, case(tenant=tenant)).retriable


def test_only_what_can_pass_by_itself_or_by_consent_is_retriable() -> None:
    # Two of them have a second row, for another cause.
    assert sorted(row.code for row in REFUSALS if row.retriable) == [
        *["addressNotSeenByGraph"] * 2,
        *["invitationsRefusedByTenant"] * 2,
        "notYetVisible",
        "permissionMissing",
    ]


@given(st.text(), st.text())
def test_s8_reason_repeats_nothing_of_graphs_text(code: str, text: str) -> None:
    reason = explain(GraphRefused(400, "canary" + code, "canary" + text, "canary"))
    assert "canary" not in repr(reason)


NOT_ALLOWED = GraphRefused(
    403, "Unauthorized", "Guest invitations not allowed for your company", None
)


@pytest.mark.parametrize(
    ("allowed", "owner", "named"),
    [
        ("everyone", "operator", "User.Invite.All"),
        ("adminsAndGuestInviters", "operator", "User.Invite.All"),
        ("none", "identityAdmin", "Allow B2B invitations"),
    ],
)
def test_f8_remedy_goes_by_the_setting_that_was_read(allowed: str, owner: str, named: str) -> None:
    of_tenant = replace(TENANT, allow_invites_from=allowed)
    reason = explained(NOT_ALLOWED, case(tenant=of_tenant))
    assert (reason.code, reason.owner) == ("invitationsRefusedByTenant", owner)
    assert named in reason.remediation


def test_f15_remedy_says_how_long_consent_takes_and_the_request_waits() -> None:
    refused = GraphRefused(403, "Unauthorized", "Insufficient privileges", None)
    patient = case(of_settings=settings(RETRY_HOURS="48"))
    assert "within a day" in explained(refused, patient).remediation
    assert "waits for 48 hours" in explained(refused, patient).remediation
    at_least = case(of_settings=settings(RETRY_HOURS="1"))
    assert "waits for 26 hours" in explained(refused, at_least).remediation
    never = case(of_settings=settings(RETRY_HOURS="0"))
    assert "waits" not in explained(refused, never).remediation


@pytest.mark.parametrize("id_", [USER_ID, USER_ID.upper()])
def test_f7_nobody_is_told_to_delete_the_user_itself(id_: str) -> None:
    text = f"The invited user already exists in the directory as object ID: {id_}."
    reason = explain(GraphRefused(400, "BadRequest", text, None))
    assert (reason.code, reason.owner) == ("invitedUserIgnored", "operator")
    assert "delete" not in reason.remediation.lower()


def test_f7_no_remedy_of_a_refusal_tells_to_delete_but_an_object_with_another_id() -> None:
    telling = [row for row in REFUSALS if "delete that" in row.remediation.lower()]
    assert [row.code for row in telling] == ["inviteeAlreadyExists"]
    text = "The invited user already exists in the directory as object ID: (unknown)."
    assert "delete" not in explain(GraphRefused(400, "x", text, None)).remediation.lower()


@pytest.mark.parametrize("quote", ["'", "\u2019", "\u2018", "`", "\u2032"])
def test_f6_apostrophes_are_read_in_any_form(quote: str) -> None:
    text = f"This user can{quote}t be  invited to this\ndirectory."
    assert explain(GraphRefused(400, "BadRequest", text, None)).code == "homeTenantRefuses"


def test_f4_remedy_goes_by_what_stands_in_mail() -> None:
    text = "The email you're using to invite this user doesn't match any emails on the user object."
    refused = GraphRefused(400, "BadRequest", text, None)
    assert "Put the address into the user's mail" in explain(refused, mail=None).remediation
    assert "again in an hour" in explain(refused).remediation
