"""Every outcome of a follow-up says whose it is, and what was found."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from converters.model.follow_up import FollowUp, Judgement
from converters.model.outcome import GraphTrace, Owner, Reason, Status, UserSummary
from converters.model.redemption import IdentityProvider, Redemption
from converters.steps.completing import told_completion
from converters.steps.following_up import told
from converters.storage.follow_ups import OpenFollowUp
from converters.storage.judgements import written_judgement
from tests import samples

if TYPE_CHECKING:
    from collections.abc import Callable

    from converters.model.outcome import Outcome

pytestmark = pytest.mark.unit
REASON = Reason("aReason", "It is so.", "Change it.", Owner.OPERATOR)
REDEMPTION = Redemption(None, IdentityProvider.ENTRA, domain_matches=True)
FOLLOW_UP = FollowUp("key", "R-1", "/hr", samples.OTHER_ID, samples.USER_ID, 7.0)
ROW = OpenFollowUp(FOLLOW_UP, 1, 8.0, reminders=2)
JUDGEMENT = Judgement(Status.REDEEMED, (REASON,), (REASON, REASON), REDEMPTION)


def followed_up(**changes: Any) -> Outcome:  # noqa: ANN401 - any field of a judgement
    return told(ROW, written_judgement(replace(JUDGEMENT, **changes)))


@pytest.mark.parametrize(
    ("telling", "step"),
    [
        (followed_up, "followUp redeemed"),
        (lambda: followed_up(status=Status.REMINDED), "followUp reminded 2"),
        (lambda: told_completion(ROW), "followUp completed"),
    ],
    ids=["redeemed", "reminded", "completed"],
)
def test_outcome_of_a_follow_up_says_whose_it_is(telling: Callable[[], Outcome], step: str) -> None:
    outcome = telling()
    assert (outcome.request_id, outcome.source) == ("R-1", "/hr")
    assert outcome.user_id == samples.USER_ID
    assert outcome.user == UserSummary(samples.USER_ID)
    assert outcome.graph == GraphTrace(samples.OTHER_ID)
    assert outcome.step == step


def test_outcome_of_a_follow_up_tells_what_was_found() -> None:
    outcome = followed_up()
    assert (outcome.status, outcome.redemption) == (Status.REDEEMED, REDEMPTION)
    assert (outcome.reasons, outcome.warnings) == ((REASON,), (REASON, REASON))
