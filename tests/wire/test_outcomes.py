"""The outcome on the wire: a CloudEvent that fits a queue message and keeps its secret (S7)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from converters.model.errors import GraphRefused, RequestInvalid
from converters.model.facts import AddressFacts, DirectoryRole, Groups, Holder, PrivilegeFacts
from converters.model.outcome import (
    Deferral,
    GraphTrace,
    Invitation,
    Outcome,
    Owner,
    Reason,
    Status,
)
from converters.model.request import ConversionRequest
from converters.policy.eligibility import decide
from converters.steps import concluding, concluding_unjudged
from converters.wire.envelopes import deferred
from converters.wire.outcomes import cloud_event, event_id
from tests.parsing import parse
from tests.samples import ADDRESS, GROUP_ID, TENANT, USER_ID, case, request, settings, user

INVITATION = Invitation(
    "i-1", "PendingAcceptance", USER_ID, "https://login.example/?secret", "https://x", "g-1"
)
LARGEST_MESSAGE = 65_536


def event(outcome: Outcome) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(cloud_event(outcome))
    return found


def test_outcome_is_a_cloud_event_about_the_user() -> None:
    checked = case()
    found = event(concluding.invited(decide(checked), INVITATION))
    assert {name: found[name] for name in ("specversion", "type", "subject", "dataschema")} == {
        "specversion": "1.0",
        "type": "B2BConversion.Invited",
        "subject": USER_ID,
        "dataschema": "urn:b2b-conversion:outcome:1",
    }
    assert found["data"]["invitedUserEmailAddress"] == ADDRESS
    assert found["data"]["graph"] == {"correlationId": checked.request.correlation_id,
                                      "requestId": "g-1"}  # fmt: skip


def test_messages_are_as_short_as_json_can_be() -> None:
    for body in (cloud_event(Outcome("R-1", Status.INVITED)), deferred(request())):
        assert b'": ' not in body
        assert b', "' not in body


def test_id_is_the_same_for_a_step_of_a_request_and_no_other() -> None:
    assert event_id("R-1") == event_id("R-1")
    assert len({event_id("R-1"), event_id("R-2"), event_id("R-1", "deferral")}) == 3


@pytest.mark.parametrize("mail_sent", [True, False])
def test_s7_redeem_url_is_there_only_when_the_caller_sends_it(mail_sent: bool) -> None:  # noqa: FBT001
    checked = case(of_request=request(send_invitation_message=mail_sent))
    text = cloud_event(concluding.invited(decide(checked), INVITATION)).decode()
    assert ("secret" in text) is not mail_sent


@pytest.mark.parametrize("status", list(Status))
def test_every_status_has_its_event_type(status: Status) -> None:
    found = event(Outcome("R-1", status))
    assert found["type"].lower() == f"b2bconversion.{status}".lower()


def test_outcome_is_ascii_whatever_it_names() -> None:
    body = cloud_event(Outcome("R-1", Status.REJECTED, requested_by="J\u00f6rg \ud83d"))
    assert body.isascii()


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"\u00e9" * 300 + str(n): 1 for n in range(200)}).encode(),
        json.dumps({"invitedUser": {"\x07" * 300 + str(n): 1 for n in range(20)}}).encode(),
        json.dumps({f"u{n}": 1 for n in range(5500)}).encode(),
        json.dumps(
            {
                "invitedUserMessageInfo": {
                    "ccRecipients": [{"emailAddress": {"\\" * 200 + str(n): 1 for n in range(150)}}]
                },
                "requestedBy": "\U0001f600" * 256,
            }
        ).encode(),
        b"[" * LARGEST_MESSAGE,
    ],
)
def test_outcome_of_the_worst_message_fits_into_a_queue_message(body: bytes) -> None:
    with pytest.raises(RequestInvalid) as caught:
        parse(body, "x" * 128)
    assert len(cloud_event(concluding_unjudged.rejected(caught.value))) < LARGEST_MESSAGE


MOST_ROLE_ASSIGNABLE_GROUPS = 500
"""In one tenant: "Use Microsoft Entra groups to manage role assignments"."""
MOST_OF_A_PAGE = 100


def ids(number: int) -> tuple[str, ...]:
    return tuple(f"{n:08d}-aaaa-4aaa-8aaa-111111111111" for n in range(number))


def test_outcome_of_the_worst_user_fits_into_a_queue_message() -> None:
    held = ids(MOST_OF_A_PAGE)
    groups = Groups(frozenset({GROUP_ID}), ids(MOST_ROLE_ASSIGNABLE_GROUPS))
    checked = case(
        of_request=request(requested_by="\U0001f600" * 256, redirect_url="x"),
        of_user=user(account_enabled=False, management_restricted=True),
        privileges=PrivilegeFacts(
            active_roles=(DirectoryRole("Role of a long name " * 3),) * MOST_OF_A_PAGE,
            role_assignments=held,
            eligible_roles=held,
            groups=groups,
            eligible_groups=held,
        ),
        address=AddressFacts(
            tuple(Holder("user", id_) for id_ in held),
            tuple(Holder("contact", id_) for id_ in held),
        ),
        tenant=replace(TENANT, allow_invites_from="none"),
        of_settings=settings(ALLOWED_EMAIL_DOMAINS=""),
    )
    verdict = decide(checked)
    assert len(verdict.reasons) >= 9
    assert len(cloud_event(concluding.concluded(verdict))) < LARGEST_MESSAGE


def test_outcome_says_when_and_in_which_form() -> None:
    now = datetime(2026, 3, 1, 10, 30, tzinfo=UTC)
    found = json.loads(cloud_event(Outcome("R-1", Status.ELIGIBLE), now))
    assert found == {
        "specversion": "1.0",
        "id": event_id("R-1"),
        "source": "urn:b2b-conversion",
        "type": "B2BConversion.Eligible",
        "time": "2026-03-01T10:30:00Z",
        "datacontenttype": "application/json",
        "dataschema": "urn:b2b-conversion:outcome:1",
        "data": {
            "requestId": "R-1", "status": "eligible", "reasons": [], "warnings": [],
            "nextSteps": [],
        },
    }  # fmt: skip


def test_user_stands_in_the_outcome_as_the_directory_had_it() -> None:
    checked = case(of_user=user(on_premises_synced=True, mail=ADDRESS))
    found = event(concluding.concluded(decide(checked)))
    assert found["data"]["user"] == {
        "id": USER_ID,
        "userPrincipalName": "kim@contoso.example",
        "userType": "Member",
        "onPremisesSynced": True,
    }


def test_user_who_was_only_asked_for_is_known_by_id_alone() -> None:
    found = event(Outcome("R-1", Status.DEFERRED, user_id=USER_ID))
    assert found["subject"] == USER_ID
    assert found["data"]["user"] == {"id": USER_ID}


def test_outcome_without_a_user_has_no_subject() -> None:
    found = event(Outcome("R-1", Status.REJECTED))
    assert "subject" not in found
    assert "user" not in found["data"]


def test_reason_and_graphs_answer_stand_whole_in_the_outcome() -> None:
    outcome = Outcome(
        "R-1",
        Status.FAILED,
        reasons=(Reason("c", "m", "r", Owner.PARTNER_ADMIN, retriable=True),),
        graph=GraphTrace("correlation", "request", 400, "BadRequest", "Something new."),
    )
    data = event(outcome)["data"]
    assert data["reasons"] == [
        {"code": "c", "message": "m", "remediation": "r", "owner": "partnerAdmin",
         "retriable": True}
    ]  # fmt: skip
    assert data["graph"] == {
        "correlationId": "correlation", "requestId": "request", "status": 400,
        "code": "BadRequest", "message": "Something new.",
    }  # fmt: skip


def test_deferral_and_conclusion_of_a_request_are_two_events() -> None:
    reason = Reason("conversionsPaused", "m", "r", Owner.OPERATOR)
    request = ConversionRequest("R-1", "correlation")
    deferred = event(concluding_unjudged.waiting(Deferral(request, 1, "paused", (reason,))))
    assert deferred["id"] == event_id("R-1", "deferral conversionsPaused")
    assert event(Outcome("R-1", Status.INVITED))["id"] == event_id("R-1")


@given(st.text(), st.text())
def test_ids_of_two_requests_are_the_same_only_where_the_requests_are(one: str, two: str) -> None:
    assert (event_id(one) == event_id(two)) is (one == two)
    assert event_id(one) != event_id(one, "deferral")


@pytest.mark.parametrize("mail_sent", [True, False])
def test_s7_redeem_url_has_one_place(mail_sent: bool) -> None:  # noqa: FBT001
    outcome = Outcome("R-1", Status.INVITED, invitation=INVITATION, mail_sent=mail_sent)
    found = event(outcome)
    told = found["data"]["invitation"].pop("inviteRedeemUrl", None)
    assert told == (None if mail_sent else INVITATION.redeem_url)
    assert found["data"]["invitation"]["sendInvitationMessage"] is mail_sent
    assert "secret" not in json.dumps(found)


def test_outcome_that_names_hundreds_of_groups_fits_into_a_queue_message() -> None:
    ids = tuple(f"{number:08d}{USER_ID[8:]}" for number in range(999))
    groups = Groups(frozenset(ids), ids)
    checked = case(privileges=PrivilegeFacts((), ids, ids, groups, ids))
    body = cloud_event(concluding.concluded(decide(checked)))
    assert len(body) < LARGEST_MESSAGE / 4
    assert b"and 979 more" in body


def test_outcome_of_a_talkative_refusal_fits_into_a_queue_message() -> None:
    refusal = GraphRefused(400, "x" * 100_000, "\U0001f600" * 100_000, "g-1")
    checked = case()
    body = cloud_event(concluding.refused(decide(checked), refusal))
    assert len(body) < LARGEST_MESSAGE / 2


def test_largest_request_fits_into_a_queue_message_while_it_waits() -> None:
    face = "\U0001f600"
    largest = {
        "requestId": "x" * 128,
        "invitedUser": {"userPrincipalName": face * 318 + "@x"},
        "invitedUserEmailAddress": face * 318 + "@x",
        "inviteRedirectUrl": "\\" * 2048,
        "requestedBy": face * 256,
        "invitedUserMessageInfo": {
            "messageLanguage": "en-US",
            "customizedMessageBody": face * 2000,
            "ccRecipients": [{"emailAddress": {"name": face * 256, "address": face * 318 + "@x"}}],
        },
    }
    asked = parse(json.dumps(largest).encode(), "message-1")
    assert len(deferred(asked)) < LARGEST_MESSAGE
    assert parse(deferred(asked), "another") == asked
