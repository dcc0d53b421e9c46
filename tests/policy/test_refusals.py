"""Every documented refusal of Graph's has its reason and its remedy."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from converters.model.errors import GraphRefused
from converters.policy.refusals import REFUSALS, explain

ROWS = [
    ("invitationsRefusedByTenant", 403, "Unauthorized", ("Guest invitations not allowed for your"
     " company. Contact your company administrator for more details.")),
    ("inviteeInThisTenant", 400, "BadRequest", ("This user cannot be invited because the domain of"
     " the user's email address is a verified domain of this directory.")),
    ("inviteeInThisTenant", 400, "BadRequest", "Invitee is in inviter tenant"),
    ("inviteeAlreadyExists", 400, "BadRequest", ("The invited user already exists in the directory"
     " as object ID: 1.")),
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


@pytest.mark.parametrize(("code", "status", "graph_code", "text"), ROWS)
def test_refusal_is_explained(code: str, status: int, graph_code: str, text: str) -> None:
    reason = explain(GraphRefused(status, graph_code, text, "request-id"))
    assert reason.code == code
    assert reason.remediation


def test_every_known_refusal_has_a_row() -> None:
    assert {code for code, *_ in ROWS} == {row.code for row in REFUSALS} | {"graphRefused"}


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


def test_only_what_can_pass_by_itself_or_by_consent_is_retriable() -> None:
    assert {row.code for row in REFUSALS if row.retriable} == {
        "invitationsRefusedByTenant",
        "notYetVisible",
        "permissionMissing",
    }


@given(st.text(), st.text())
def test_s8_reason_repeats_nothing_of_graphs_text(code: str, text: str) -> None:
    reason = explain(GraphRefused(400, "canary" + code, "canary" + text, "canary"))
    assert "canary" not in repr(reason)
