"""How a follow-up is told: as it stands, as it ended, and what somebody has to do about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cli.ending import Code
from cli.outcomes import code_of, ended, findings, followed, invited, lines, of_follow_up
from converters.model.outcome import Status
from converters.model.redemption import ExternalIdentity, Standing
from converters.policy.redemption import judge
from converters.storage.history import FollowUpStory
from converters.storage.judgements import written_judgement

DAY = datetime(2026, 5, 1, tzinfo=UTC)
OPEN = FollowUpStory("k", "R-1", "u", DAY, 0, None, DAY + timedelta(days=1), None, None)
MAIL = ExternalIdentity("mail", "kim@other.example")
STANDINGS: dict[Status, Standing | None] = {
    Status.REDEEMED: Standing(True, "Accepted", DAY, (MAIL,)),  # noqa: FBT003
    Status.STALE: Standing(True, "PendingAcceptance"),  # noqa: FBT003
    Status.CANCELLED: None,
    Status.FAILED: Standing(True, None),  # noqa: FBT003
}


def story(status: Status) -> FollowUpStory:
    """Return a follow-up that ended so, as the service judges it."""
    judgement = judge(STANDINGS[status], "partner.example", seen=False, settled=True, stale_days=30)
    assert judgement
    assert judgement.status is status
    return replace(OPEN, record=written_judgement(judgement), ended=DAY + timedelta(days=30))


def told(of: FollowUpStory, **changes: object) -> dict[str, object]:
    """Return an outcome with a follow-up."""
    return {**invited(of), "followUp": of_follow_up(of), **changes}


def test_open_follow_up_is_pending_until_somebody_was_reminded() -> None:
    reminded = replace(OPEN, reminders=2, reminded=DAY + timedelta(days=7))
    assert of_follow_up(OPEN) == {
        "status": "pending",
        "requestId": "R-1",
        "reminders": 0,
        "invitedAt": "2026-05-01T00:00:00+00:00",
        "nextLookAt": "2026-05-02T00:00:00+00:00",
    }
    assert (of_follow_up(reminded)["status"], followed(told(reminded))["since"]) == (
        "reminded",
        "2026-05-08T00:00:00Z",
    )
    assert "reminders: 2, the last 2026-05-08" in "\n".join(lines(told(reminded)))


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (Status.REDEEMED, Code.WELL),
        (Status.STALE, Code.FINDINGS),
        (Status.CANCELLED, Code.WELL),
        (Status.FAILED, Code.FINDINGS),
    ],
)
def test_end_has_its_reasons_their_owner_and_an_exit_code(status: Status, code: Code) -> None:
    data = told(story(status))
    about, *rest = [row for row in findings(data) if row["status"] == "invited"]
    assert (about["kind"], about["code"]) == ("follow-up", status)
    assert rest
    assert all(row["remedy"] and row["owner"] for row in rest)
    assert "ended 2026-05-31" in "\n".join(lines(data))
    assert code_of([data]) is code_of([ended(story(status))]) is code


def test_redemption_says_when_by_which_identity_and_of_another_domain() -> None:
    data = told(story(Status.REDEEMED))
    row = followed(data)
    assert (row["followUp"], row["since"]) == (
        "redeemed by oneTimePasscode",
        "2026-05-01T00:00:00Z",
    )
    written = "\n".join(lines(data))
    assert "redeemed 2026-05-01T00:00:00Z by oneTimePasscode" in written
    assert "warning redeemedByOtherDomain: " in written


def test_follow_up_that_a_resend_took_on_names_the_request_that_it_is_of() -> None:
    resent = told(OPEN, requestId="R-2")
    assert "followed up for request R-1" in "\n".join(lines(resent))


def test_end_that_is_not_told_yet_has_no_next_look() -> None:
    decided = replace(story(Status.STALE), ended=None)
    assert of_follow_up(decided).keys().isdisjoint({"nextLookAt", "endedAt"})
    assert followed(told(decided))["since"] == "2026-05-01T00:00:00Z"
