"""What is written down of a follow-up is what is read of it, whatever it leaves out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from converters.model.completion import Completion, Step
from converters.model.follow_up import Completing, FollowUp
from converters.model.outcome import StepResult, StepState
from tests.samples import OTHER_ID, USER_ID
from tests.service import service

if TYPE_CHECKING:
    from collections.abc import Iterator

INVITED, DUE = 1_700_000_000.0, 1_700_000_900.0
PLAIN = FollowUp("key", "R-1", None, "correlation", USER_ID, INVITED)
WHOLE = FollowUp(
    *("key", "R-1", "urn:hr", "correlation", USER_ID, INVITED, "partner.example"),
    mailed=False,
    language="de-DE",
    completion=Completion((Step.USER_TYPE, Step.SPONSOR), OTHER_ID, vouched=False),
)
PROGRESS: dict[str, Any] = {
    "look": 3,
    "due": DUE + 60,
    "seen": True,
    "reminders": 2,
    "reminded": DUE + 5,
    "reminder": "made",
    "mail": DUE + 7,
    "record": "redeemed",
    "completing": Completing((StepResult(Step.USER_TYPE, StepState.DONE),), since=DUE + 8),
}


@pytest.mark.parametrize("follow_up", [PLAIN, WHOLE])
async def test_row_says_what_was_written(
    azurite: str, queue_names: Iterator[str], follow_up: FollowUp
) -> None:
    async with service(azurite, queue_names) as running:
        rows = running.converter.follower.rows
        opened = await rows.open(follow_up, 1, DUE)
        assert (opened.follow_up, opened.look, opened.due) == (follow_up, 1, DUE)
        assert await rows.find(follow_up, 0, 0.0) == opened
        assert await rows.open(follow_up, 9, 0.0) == opened
        saved = await rows.save(replace(opened, **PROGRESS))
        assert saved
        assert await rows.find(follow_up, 0, 0.0) == saved
        # Whoever saw it before was too late.
        assert await rows.save(opened) is None
        assert await rows.open_of(USER_ID.upper()) == [saved]
        assert await rows.overdue(DUE + 60, 5) == []
        assert await rows.overdue(DUE + 61, 5) == [saved]
        await rows.end(saved)
        assert await rows.open_of(USER_ID) == []
        assert await rows.find(follow_up, 0, 0.0) is None


async def test_row_that_a_message_brings_back_has_no_wishes_that_no_request_vouches_for(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        rows = running.converter.follower.rows
        asked = replace(WHOLE, completion=replace(WHOLE.completion, vouched=True))
        recalled = await rows.recall(asked, 1, DUE)
        assert recalled
        assert recalled.follow_up.completion == WHOLE.completion
        plain = await rows.recall(replace(PLAIN, key="another"), 1, DUE)
        assert plain
        assert plain.follow_up == replace(PLAIN, key="another")
