"""Reasons that others go by: a code, who acts, and whether the same request may go well later."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from converters.model.outcome import Reason
from converters.steps import endings, retrying

if TYPE_CHECKING:
    from types import ModuleType

# By name: whoever adds a reason says here what it promises, for none of it can be taken back.
WAITING = {
    "PAUSED": ("conversionsPaused", "operator", True),
    "LIMIT_REACHED": ("dailyLimitReached", "operator", True),
    "NOT_SET_UP": ("storageNotSetUp", "operator", True),
}
ENDED = {
    "ANSWER_LOST": ("answerLost", "operator", False),
    "EVENT_REPEATED": ("eventRepeated", "operator", False),
    "FAILS_ALIKE": ("graphFailsAlike", "operator", True),
    "FOREIGN_TENANT": ("eventOfOtherTenant", "operator", False),
    "GRAPH_AWAY": ("graphUnavailable", "operator", True),
    "ID_REUSED": ("requestIdReused", "requester", False),
    "IN_PROGRESS": ("conversionInProgress", "requester", True),
    "JUST_INVITED": ("invitationPending", "requester", False),
    "LINK_VOIDED": ("olderLinkVoid", "requester", False),
    "MAIL_FOUND": ("answerLost", "operator", False),
    "MAIL_IN_DOUBT": ("mailInDoubt", "requester", False),
    "MAIL_NOT_SENT": ("mailNotSent", "operator", False),
    "MAIL_REFUSED": ("mailRefused", "operator", True),
    "NOT_MADE": ("invitationNotMade", "operator", True),
    "NOT_PENDING": ("noInvitationPending", "requester", False),
    "OLDER_LINK_VOID": ("olderLinkVoid", "requester", False),
    "OTHER_ADDRESS": ("otherAddressInvited", "identityAdmin", False),
    "REMINDER_UNSURE": ("answerLost", "requester", False),
    "RESEND_UNSURE": ("answerLost", "requester", False),
    "STORAGE_AWAY": ("storageUnavailable", "operator", True),
    "TRIES_RAN_OUT": ("triesRanOut", "operator", True),
    "URL_LOST": ("redeemUrlLost", "identityAdmin", False),
    "USER_DELETED": ("userDeleted", "identityAdmin", False),
    "WRONG_CLIENT_STATE": ("eventClientStateWrong", "operator", False),
}


@pytest.mark.parametrize(("module", "promised"), [(retrying, WAITING), (endings, ENDED)])
def test_reason_keeps_its_code_its_owner_and_whether_it_can_pass(
    module: ModuleType, promised: dict[str, tuple[str, str, bool]]
) -> None:
    found = {name: one for name, one in vars(module).items() if isinstance(one, Reason)}
    assert {
        name: (one.code, one.owner.value, one.retriable) for name, one in found.items()
    } == promised
    # What is said fits each of them alone.
    told = [(one.code, one.message, one.remediation) for one in found.values()]
    assert len(set(told)) == len(told)
