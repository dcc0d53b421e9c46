"""The outcome on the wire: a CloudEvent that fits a queue message and keeps its secret (S7)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from converters import advice, conclusions
from converters.eligibility import decide
from converters.errors import RequestInvalid
from converters.messages import parse
from converters.model import Invitation, Outcome, Status
from converters.outcomes import cloud_event, event_id
from tests.samples import ADDRESS, USER_ID, case, request, settings, user

INVITATION = Invitation(
    "i-1", "PendingAcceptance", USER_ID, "https://login.example/?secret", "https://x", "g-1"
)
LARGEST_MESSAGE = 65_536


def event(outcome: Outcome) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(cloud_event(outcome))
    return found


def test_outcome_is_a_cloud_event_about_the_user() -> None:
    checked = case()
    found = event(conclusions.invited(checked, decide(checked), INVITATION))
    assert {name: found[name] for name in ("specversion", "type", "subject", "dataschema")} == {
        "specversion": "1.0",
        "type": "B2BConversion.Invited",
        "subject": USER_ID,
        "dataschema": "urn:b2b-conversion:outcome:1",
    }
    assert found["data"]["invitedUserEmailAddress"] == ADDRESS
    assert found["data"]["graph"] == {"correlationId": checked.request.correlation_id,
                                      "requestId": "g-1"}  # fmt: skip


def test_id_is_the_same_for_a_step_of_a_request_and_no_other() -> None:
    assert event_id("R-1") == event_id("R-1")
    assert len({event_id("R-1"), event_id("R-2"), event_id("R-1", "deferral")}) == 3


@pytest.mark.parametrize("mail_sent", [True, False])
def test_s7_redeem_url_is_there_only_when_the_caller_sends_it(mail_sent: bool) -> None:  # noqa: FBT001
    checked = case(of_request=request(send_invitation_message=mail_sent))
    text = cloud_event(conclusions.invited(checked, decide(checked), INVITATION)).decode()
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
        b"[" * LARGEST_MESSAGE,
    ],
)
def test_outcome_of_the_worst_message_fits_into_a_queue_message(body: bytes) -> None:
    with pytest.raises(RequestInvalid) as caught:
        parse(body, "x" * 128)
    assert len(cloud_event(conclusions.rejected(caught.value))) < LARGEST_MESSAGE


def codes(entries: Any) -> list[str]:  # noqa: ANN401
    return [entry.code for entry in entries]


def test_synced_users_password_is_set_on_premises() -> None:
    steps = codes(advice.next_steps(request(), user(on_premises_synced=True), settings()))
    assert "randomisePasswordOnPremises" in steps
    assert "randomisePassword" not in steps


def test_teams_link_carries_the_tenant_id() -> None:
    tenant_id = "55555555-eeee-4eee-8eee-555555555555"
    steps = advice.next_steps(request(), user(), settings(TENANT_ID=tenant_id))
    assert f"https://teams.microsoft.com/?tenantId={tenant_id}" in steps[-1].message
