"""Every outcome says whose it is, and keeps what was to be known beside it."""

from __future__ import annotations

import inspect
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import pytest

from converters.model.errors import Fault, GraphRefused, GraphUnavailable, RequestInvalid
from converters.model.outcome import (
    Deferral,
    GraphTrace,
    Invitation,
    Owner,
    Reason,
    Status,
)
from converters.model.request import GraphFailure, Waits
from converters.policy.eligibility import decide
from converters.steps import concluding, concluding_mail, concluding_unjudged
from tests import samples

if TYPE_CHECKING:
    from collections.abc import Callable

    from converters.model.outcome import Outcome

pytestmark = pytest.mark.unit
MODULES = (concluding, concluding_mail, concluding_unjudged)
REQUEST = samples.request(requested_by="RITM1", source="/hr", send_invitation_message=False)
CASE = samples.case(
    of_request=REQUEST,
    of_settings=samples.settings(RULES_AS_WARNINGS="mailEmpty"),
    of_user=samples.user(mail=None),
)
VERDICT = decide(CASE)
MADE = Invitation("I-1", "PendingAcceptance", samples.USER_ID, "https://x", "https://y", "G-1")
NOT_MADE = replace(MADE, status="Error")
REFUSAL = GraphRefused(400, "BadRequest", "no", "G-1")
AWAY = GraphUnavailable("inviting", 503, None, "G-1", code="Busy", text="later")
OF_MAIL = GraphUnavailable("mailing the invitation", 503, None, "G-1")
ALIKE = GraphFailure(4, 500, "Broken", "still", "G-1")
WAITED = replace(REQUEST, waits=Waits(since=7, failure=ALIKE))
REASON = Reason("aReason", "It is so.", "Change it.", Owner.OPERATOR)
ANOTHER = replace(REASON, code="aCause")
# What a verdict itself warns of, and what is added to that where somebody is invited.
LOWERED, INVITING = ("mailEmpty",), ("mailEmpty", "oneWay", "internalPasswordStillWorks")
NO_CALL, CALL = (None, None, None, None), ("G-1", None, None, None)
REFUSED = ("G-1", 400, "BadRequest", "no")
FAILED, INELIGIBLE, INVITED = Status.FAILED, Status.INELIGIBLE, Status.INVITED


class Ended(NamedTuple):
    """How to come by an outcome, and what it says."""

    outcome: Callable[[], Outcome]
    status: Status
    warnings: tuple[str, ...] = ()
    call: tuple[str | int | None, ...] = NO_CALL
    step: str = "conversion"


def refused() -> Outcome:
    return concluding.refused(VERDICT, REFUSAL)


JUDGED = {
    "concluded": Ended(lambda: concluding.concluded(VERDICT), Status.ELIGIBLE, INVITING),
    "confirmed": Ended(lambda: concluding.confirmed(VERDICT), INVITED, (*INVITING, "answerLost")),
    "invited_anew": Ended(
        lambda: concluding.invited_anew(VERDICT, MADE),
        INVITED,
        (*INVITING, "olderLinkVoid"),
        CALL,
        "invitation I-1",
    ),
    "resent": Ended(
        lambda: concluding.resent(VERDICT, MADE), INVITED, (*INVITING, "olderLinkVoid"), CALL
    ),
    "resent: refused": Ended(
        lambda: concluding.resent(VERDICT, refused()), FAILED, LOWERED, REFUSED
    ),
    "resent: not made": Ended(
        lambda: concluding.resent(VERDICT, NOT_MADE), FAILED, LOWERED, ("G-1", 201, None, None)
    ),
    "resent_perhaps": Ended(
        lambda: concluding.resent_perhaps(VERDICT), INVITED, (*INVITING, "answerLost")
    ),
    "not_resent": Ended(lambda: concluding.not_resent(VERDICT, (REASON,)), INELIGIBLE, LOWERED),
    "asked_anew": Ended(
        lambda: concluding.asked_anew(VERDICT, MADE),
        INVITED,
        (*INVITING, "olderLinkVoid"),
        CALL,
        "invitation I-1",
    ),
    "asked_anew: refused": Ended(
        lambda: concluding.asked_anew(VERDICT, refused()),
        FAILED,
        (*LOWERED, "redeemUrlLost"),
        REFUSED,
    ),
    "asked_anew: not made": Ended(
        lambda: concluding.asked_anew(VERDICT, NOT_MADE),
        FAILED,
        (*LOWERED, "redeemUrlLost"),
        ("G-1", 201, None, None),
    ),
    "overtaken": Ended(
        lambda: concluding.overtaken(VERDICT, "R-2", invited=False), INELIGIBLE, LOWERED
    ),
    "overtaken: invited": Ended(
        lambda: concluding.overtaken(VERDICT, "R-2", invited=True),
        Status.ALREADY_INVITED,
        LOWERED,
    ),
    "invited": Ended(lambda: concluding.invited(VERDICT, MADE), INVITED, INVITING, CALL),
    "invited: somebody else": Ended(
        lambda: concluding.invited(VERDICT, replace(MADE, invited_user_id=samples.OTHER_ID)),
        FAILED,
        LOWERED,
        CALL,
    ),
    "refused": Ended(refused, FAILED, LOWERED, REFUSED),
    "not_made": Ended(
        lambda: concluding.not_made(VERDICT, NOT_MADE), FAILED, LOWERED, ("G-1", 201, None, None)
    ),
    "outcome_of": Ended(
        lambda: concluding.outcome_of(VERDICT, INELIGIBLE, (REASON,)), INELIGIBLE, LOWERED
    ),
    "mailed": Ended(
        lambda: concluding_mail.mailed(VERDICT, REASON), INVITED, (*INVITING, "aReason")
    ),
    "made_anew": Ended(lambda: concluding_mail.made_anew(VERDICT, MADE), INVITED, INVITING, CALL),
    "made_anew: not made": Ended(
        lambda: concluding_mail.made_anew(VERDICT, NOT_MADE),
        INVITED,
        (*INVITING, "mailNotSent"),
    ),
    "mail_not_sent": Ended(
        lambda: concluding_mail.mail_not_sent(concluding.confirmed(VERDICT), "so", REFUSAL),
        INVITED,
        (*INVITING, "answerLost", "mailNotSent"),
        REFUSED,
    ),
    "mail_refused": Ended(lambda: concluding_mail.mail_refused(VERDICT), FAILED, LOWERED),
}
NOT_JUDGED = {
    "reused": Ended(
        lambda: concluding_unjudged.reused(REQUEST, "d"), Status.REJECTED, step="rejection d"
    ),
    "waiting": Ended(
        lambda: concluding_unjudged.waiting(Deferral(REQUEST, 60, "so", (REASON, ANOTHER))),
        Status.DEFERRED,
        step="deferral aCause,aReason",
    ),
    "gave_up": Ended(
        lambda: concluding_unjudged.gave_up(replace(WAITED, waits=Waits(since=7)), AWAY, 24),
        FAILED,
        (),
        ("G-1", 503, "Busy", "later"),
        "patience 7",
    ),
    "gave_up: of its mail": Ended(
        lambda: concluding_mail.gave_up(replace(WAITED, waits=Waits(since=7)), OF_MAIL, 24),
        FAILED,
        ("mailInDoubt",),
        ("G-1", 503, None, None),
        "patience 7",
    ),
    "gave_up: of the sent items": Ended(
        lambda: concluding_mail.gave_up(
            replace(WAITED, waits=Waits(since=7)), GraphUnavailable("reading the sent items"), 24
        ),
        FAILED,
        ("mailInDoubt",),
        step="patience 7",
    ),
    "failed_alike": Ended(
        lambda: concluding_unjudged.failed_alike(WAITED, ALIKE),
        FAILED,
        (),
        ("G-1", 500, "Broken", "still"),
        "failure 7",
    ),
    "gave_up: alike": Ended(
        lambda: concluding_unjudged.gave_up(WAITED, AWAY, 24),
        FAILED,
        (),
        ("G-1", 500, "Broken", "still"),
        "failure 7",
    ),
    "tries_ran_out": Ended(
        lambda: concluding_unjudged.tries_ran_out(REQUEST, "d"), FAILED, step="poison d"
    ),
}
EVENTS = {
    "of_event": Ended(
        lambda: concluding_unjudged.of_event(REQUEST, INELIGIBLE, REASON),
        INELIGIBLE,
        step="event aReason",
    ),
    "just_invited": Ended(
        lambda: concluding_unjudged.just_invited(REQUEST, "R-2"),
        Status.ALREADY_INVITED,
        step="event invitationPending",
    ),
}


@pytest.mark.parametrize("name", JUDGED | NOT_JUDGED)
def test_outcome_of_a_request_says_whose_it_is(name: str) -> None:
    ended = (JUDGED | NOT_JUDGED)[name]
    outcome = ended.outcome()
    assert (outcome.request_id, outcome.source, outcome.requested_by) == ("R-1", "/hr", "RITM1")
    assert (outcome.user_id, outcome.email_address) == (samples.USER_ID, samples.ADDRESS)
    assert outcome.mail_sent is False
    assert outcome.status is ended.status
    assert outcome.step == ended.step
    assert outcome.user == (CASE.facts.user if name in JUDGED else None)
    assert tuple(warning.code for warning in outcome.warnings) == ended.warnings
    trace = outcome.graph or GraphTrace(REQUEST.correlation_id)
    assert trace == GraphTrace(REQUEST.correlation_id, *ended.call)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", EVENTS)
def test_outcome_of_an_event_says_whose_it_is(name: str) -> None:
    ended = EVENTS[name]
    outcome = ended.outcome()
    assert (outcome.request_id, outcome.source) == ("R-1", "/hr")
    assert outcome.user_id == samples.USER_ID
    assert (outcome.status, outcome.step) == (ended.status, ended.step)


def test_outcome_of_a_message_that_is_no_request_says_whose_it_is() -> None:
    invalid = RequestInvalid([Fault("aFault", "mode", "must be one")], "R-1", "RITM1", "/hr")
    invalid.digest = "d"
    outcome = concluding_unjudged.rejected(invalid)
    assert (outcome.request_id, outcome.source, outcome.requested_by) == ("R-1", "/hr", "RITM1")
    assert (outcome.status, outcome.step) == (Status.REJECTED, "rejection d")
    (reason,) = outcome.reasons
    assert (reason.code, reason.message) == ("aFault", "mode must be one.")


def test_no_way_to_an_outcome_is_left_out() -> None:
    ways = {
        name
        for module in MODULES
        for name, way in inspect.getmembers(module, inspect.isfunction)
        if way.__module__ == module.__name__ and not name.startswith("_")
    }
    assert ways - {"rejected"} == {name.partition(":")[0] for name in JUDGED | NOT_JUDGED | EVENTS}
