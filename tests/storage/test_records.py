"""What the ledger keeps of an outcome, and what is told from it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from converters.model.completion import Completion, Step
from converters.model.follow_up import Completing, Judgement
from converters.model.outcome import (
    GraphTrace,
    Invitation,
    NextStep,
    Outcome,
    Owner,
    Reason,
    Status,
    StepResult,
    StepState,
    UserSummary,
)
from converters.storage import records
from converters.storage.completions import (
    read_asked,
    read_completing,
    written_asked,
    written_completing,
)
from converters.storage.follow_ups import read_follow_up
from converters.storage.judgements import read_judgement, written_judgement
from tests import samples

pytestmark = pytest.mark.unit
REQUEST = samples.request(
    requested_by="RITM1", source="/hr", send_invitation_message=False, user_principal_name="kim@x"
)
REASON = Reason("aReason", "It is so.", "Change it.", Owner.IDENTITY_ADMIN, retriable=True)
WARNING = Reason("aWarning", "So it is.", "Mind it.", Owner.REQUESTER)
STEP = NextStep("aStep", "Do it.", Owner.PARTNER_ADMIN)
OUTCOME = Outcome(
    "R-1",
    Status.INVITED,
    user=UserSummary(samples.USER_ID, "kim@x", "Member", True),  # noqa: FBT003 - as it is kept
    user_id=samples.USER_ID,
    email_address=samples.ADDRESS,
    reasons=(REASON,),
    warnings=(WARNING,),
    next_steps=(STEP,),
    invitation=Invitation("I-1", "Completed", samples.USER_ID, "https://x", "https://y", "G-1"),
    mail_sent=False,
    graph=GraphTrace(samples.OTHER_ID, "G-1", 201, "aCode", "kim@partner.example"),
    requested_by="RITM1",
    source="/hr",
    step="conversion 2",
)


def test_outcome_is_told_again_without_what_is_not_kept() -> None:
    again = records.replayed(REQUEST, records.written(OUTCOME), "https://default")
    kept = Invitation("I-1", "Completed", samples.USER_ID, "", "https://default", None)
    assert again == replace(
        OUTCOME,
        warnings=(WARNING, records.URL_NOT_KEPT),
        invitation=kept,
        graph=GraphTrace(samples.OTHER_ID, "G-1", 201, "aCode"),
    )
    assert isinstance(again.reasons[0].owner, Owner)
    assert isinstance(again.next_steps[0].owner, Owner)


def test_url_that_was_mailed_is_not_missed() -> None:
    mailed = replace(REQUEST, send_invitation_message=True, redirect_url="https://own")
    again = records.replayed(mailed, records.written(OUTCOME), "https://default")
    assert again.warnings == (WARNING,)
    assert again.mail_sent
    assert again.invitation
    assert again.invitation.redirect_url == "https://own"


def test_least_outcome_is_told_again() -> None:
    least = Outcome("R-1", Status.INELIGIBLE)
    again = records.replayed(REQUEST, records.written(least), "https://default")
    assert (again.user, again.invitation, again.graph) == (None, None, None)
    assert (again.status, again.step) == (Status.INELIGIBLE, "conversion")


def test_operators_read_it_with_the_names_of_the_wire() -> None:
    told = records.told(records.written(OUTCOME))
    assert told["status"] == "invited"
    assert told["user"] == {"id": samples.USER_ID}
    assert told["graph"] == {"requestId": "G-1", "status": 201, "code": "aCode"}
    codes = [told[name][0]["code"] for name in ("reasons", "warnings", "nextSteps")]
    assert codes == ["aReason", "aWarning", "aStep"]
    assert records.told(records.written(Outcome("R-1", Status.FAILED))).keys() == {
        "status", "reasons", "warnings", "nextSteps",
    }  # fmt: skip


def test_outcome_that_says_the_same_is_the_same_step() -> None:
    record = records.written(OUTCOME)
    new = replace(OUTCOME, step="conversion")
    assert records.with_step(new, record, 2).step == "conversion 2"
    assert records.with_step(replace(new, status=Status.FAILED), record, 2).step == "conversion 3"
    assert records.with_step(replace(new, reasons=()), record, 2).step == "conversion 3"
    assert records.with_step(new, None, 0) == new


def test_steps_of_a_completion_are_read_as_they_were_written() -> None:
    refused = StepResult(Step.MANAGER, StepState.REFUSED, (REASON,), "Some.Permission")
    completing = Completing((StepResult(Step.USER_TYPE, StepState.DONE), refused), 7.5)
    assert read_completing(written_completing(completing)) == completing
    (*_, read) = (read_completing(written_completing(completing)) or Completing()).results
    assert isinstance(read.reasons[0].owner, Owner)
    assert read_completing("") is None
    asked = Completion((Step.REVOKE_SESSIONS, Step.MANAGER), manager=samples.OTHER_ID)
    assert read_asked(written_asked(asked), vouched=True) == asked
    assert not read_asked(written_asked(asked), vouched=False).vouched


@pytest.mark.parametrize(("kept", "vouched"), [({"Vouched": True}, True), ({}, False)])
def test_completion_is_vouched_for_where_its_row_says_so(
    kept: dict[str, bool],
    vouched: bool,  # noqa: FBT001 - a table
) -> None:
    values = {
        **dict.fromkeys(("Key", "RequestId", "CorrelationId", "UserId"), "x"),
        **dict.fromkeys(("Source", "Domain", "Language"), ""),
        "Invited": datetime(2026, 11, 28, tzinfo=UTC),
        "Mailed": True,
        "Completion": written_asked(Completion((Step.USER_TYPE,))),
        **kept,
    }
    follow_up = read_follow_up(values)
    assert follow_up.completion.vouched is vouched
    assert (follow_up.source, follow_up.domain, follow_up.language) == (None, None, None)


def test_end_of_a_follow_up_keeps_who_has_to_act() -> None:
    read = read_judgement(written_judgement(Judgement(Status.STALE, (REASON,), (WARNING,))))
    assert all(isinstance(each.owner, Owner) for each in (*read.reasons, *read.warnings))


def test_rows_are_as_short_as_json_can_be() -> None:
    bare = replace(OUTCOME, reasons=(), warnings=(), next_steps=(), step="x")
    completing = Completing((StepResult(Step.USER_TYPE, StepState.DONE),), 7.5)
    asked = Completion((Step.REVOKE_SESSIONS, Step.MANAGER), manager=samples.OTHER_ID)
    for text in (
        records.written(bare),
        written_asked(asked),
        written_completing(completing),
        written_judgement(Judgement(Status.STALE)),
    ):
        assert json.loads(text)
        assert " " not in text
