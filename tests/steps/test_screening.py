"""Which outcomes of events are told: those that somebody has to act on, or that did something."""

from __future__ import annotations

import pytest

from converters.model.errors import RequestInvalid
from converters.model.outcome import Deferral, Outcome, Owner, Reason, Status
from converters.steps.screening import is_told
from tests import samples

pytestmark = pytest.mark.unit
EVENT = samples.request(from_event=True)
# Nobody has put such a user up for conversion, or somebody else converts them.
OF_NOBODY = (
    "conversionInProgress",
    "eventNeedsConvertibleGroup",
    "eventRepeated",
    "noExternalAddress",
    "notInConvertibleGroup",
    "userDeleted",
    "userNotFound",
)


def outcome(status: Status, *codes: str) -> Outcome:
    reasons = tuple(Reason(code, "It is so.", "Change it.", Owner.OPERATOR) for code in codes)
    return Outcome("R-1", status, reasons=reasons)


@pytest.mark.parametrize("code", OF_NOBODY)
def test_event_of_nobody_who_is_to_be_converted_is_not_told(code: str) -> None:
    settings = samples.settings()
    for codes in ((code,), ("accountDisabled", code)):
        assert not is_told(EVENT, outcome(Status.INELIGIBLE, *codes), settings)


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (Status.INVITED, True),
        (Status.FAILED, True),
        (Status.INELIGIBLE, True),
        (Status.ALREADY_INVITED, False),
        (Status.ALREADY_EXTERNAL, False),
        (Status.REJECTED, False),
    ],
)
def test_event_is_told_where_something_was_done_or_somebody_has_to(
    status: Status,
    told: bool,  # noqa: FBT001 - a table
) -> None:
    result = outcome(status, "accountDisabled")
    assert is_told(EVENT, result, samples.settings(EVENT_OUTCOMES="actionable")) is told
    assert is_told(EVENT, result, samples.settings(EVENT_OUTCOMES="all"))
    assert is_told(samples.request(), result, samples.settings())
    assert is_told(RequestInvalid([], "R-1"), result, samples.settings())


def test_wait_of_an_event_is_not_told() -> None:
    wait = Deferral(EVENT, 60, "so", ())
    assert not is_told(EVENT, wait, samples.settings())
    assert is_told(samples.request(), wait, samples.settings())


def test_unknown_group_is_told_of_those_alone_who_are_in_the_convertible_one() -> None:
    unknown = outcome(Status.INELIGIBLE, "factUnknown")
    inside = samples.case(of_settings=samples.settings(CONVERTIBLE_GROUP_ID=samples.GROUP_ID))
    outside = samples.case(of_settings=samples.settings(CONVERTIBLE_GROUP_ID=samples.OTHER_ID))
    settings = samples.settings()
    assert is_told(EVENT, unknown, settings, inside)
    assert not is_told(EVENT, unknown, settings, outside)
    assert not is_told(EVENT, unknown, settings, samples.case(matches=()))
    assert not is_told(EVENT, unknown, settings)
