"""How long requests wait."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from converters.model.errors import GraphUnavailable, QueueUnavailable
from converters.model.outcome import Owner, Reason
from converters.model.request import GraphFailure, Waits
from converters.settings.settings import Settings
from converters.steps import retrying
from tests.samples import request

SETTINGS = Settings.from_mapping({"CONVERSION_STORAGE": "UseDevelopmentStorage=true"})
NOW = 1_700_000_000.0


def test_waits_that_graph_named_do_not_lengthen_those_that_nobody_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(retrying, "back_off", lambda attempts, base: base << attempts)
    told, untold = GraphUnavailable("reading", retry_after=40), GraphUnavailable("reading")
    waiting, base = request(), SETTINGS.retry_base_seconds
    waited = []
    for error in (told, told, untold, told, untold, untold):
        deferral = retrying.after_outage(waiting, error, SETTINGS, NOW)
        assert deferral
        waiting = deferral.request
        waited.append(deferral.seconds)
    assert waited == [40 + base, 40 + base, base, 40 + base, 2 * base, 4 * base]
    assert (waiting.waits.times, waiting.waits.attempts, waiting.waits.since) == (6, 3, int(NOW))


def reason(code: str) -> Reason:
    return Reason(code, "It is so.", "Change it.", Owner.OPERATOR)


def test_every_wait_says_in_a_word_what_for() -> None:
    asked, error = request(), GraphUnavailable("reading")
    of_directory = {
        code: retrying.for_directory(asked, (reason(code),), SETTINGS, NOW)
        for code in ("userNotFound", "invitationsOff", "isGuest")
    }
    waits = [
        retrying.until_allowed(asked, 60, reason("paused")),
        retrying.until_quiet(asked, 60),
        retrying.until_mailed(asked, 60),
        retrying.for_replicas(asked, 60, SETTINGS, NOW),
        retrying.until_results(asked, SETTINGS, NOW),
        retrying.after_outage(asked, error, SETTINGS, NOW),
        retrying.after_outage(asked, TimeoutError(), SETTINGS, NOW),
        *of_directory.values(),
    ]
    assert [wait and wait.why for wait in waits] == [
        "paused",
        "quiet time",
        "mail limit",
        "in doubt",
        "results queue",
        str(error),
        "time limit",
        "not visible",
        "withdrawn",
        None,
    ]


def test_storage_that_is_not_set_up_is_told_as_it_was_found() -> None:
    error = QueueUnavailable("requests", "QueueNotFound")
    assert error.not_set_up
    assert retrying.not_set_up(error).message == error.not_set_up


def test_storage_is_waited_for_as_long_as_a_new_role_takes() -> None:
    error = QueueUnavailable("requests", "QueueNotFound")
    first = retrying.after_outage(request(), error, SETTINGS, NOW)
    assert first
    waits = replace(first.request.waits, announced=("storageNotSetUp",))
    told, last = replace(first.request, waits=waits), NOW + 900
    assert retrying.after_outage(told, error, SETTINGS, last - 1)
    assert retrying.after_outage(told, error, SETTINGS, last) is None
    # Nobody gives up of whom nobody has heard.
    assert retrying.after_outage(first.request, error, SETTINGS, last)


def test_user_who_is_not_seen_is_looked_for_again_however_short_the_time() -> None:
    settings, unseen = replace(SETTINGS, settle_seconds=1), (reason("userNotFound"),)
    first = retrying.for_directory(request(), unseen, settings, NOW)
    assert first
    assert retrying.for_directory(first.request, unseen, settings, NOW + 1) is None


def test_user_is_young_for_an_hour() -> None:
    made = datetime.fromtimestamp(NOW, UTC)
    lacking = (reason("noExternalAddress"),)
    for age, waits in ((3599, True), (3600, False)):
        found = retrying.for_directory(request(), lacking, SETTINGS, NOW + age, created=made)
        assert (found is not None) is waits


def test_patience_for_consent_ends_after_its_hours() -> None:
    asked = replace(request(), waits=Waits(since=int(NOW)))
    last = NOW + SETTINGS.consent_hours * 3600
    for code in ("invitationsOff", "mailRefused"):
        assert retrying.for_directory(asked, (reason(code),), SETTINGS, last - 1)
        assert retrying.for_directory(asked, (reason(code),), SETTINGS, last) is None


def test_patience_ends_after_the_hours_of_the_setting() -> None:
    error, hours = GraphUnavailable("reading"), SETTINGS.retry_hours
    first = retrying.after_outage(request(), error, SETTINGS, NOW)
    assert first
    last = NOW + hours * 3600
    assert retrying.after_outage(first.request, error, SETTINGS, last - 1)
    assert retrying.after_outage(first.request, error, SETTINGS, last) is None


def test_request_that_claims_to_have_begun_in_the_future_begins_now() -> None:
    forged = replace(request(), waits=Waits(since=int(NOW) + 10**9))
    deferral = retrying.after_outage(forged, GraphUnavailable("reading"), SETTINGS, NOW)
    assert deferral
    assert deferral.request.waits.since == int(NOW)


@pytest.mark.parametrize(
    ("attempts", "most"), [(0, 5), (1, 10), (3, 40), (7, 640), (8, 900), (50, 900)]
)
def test_back_off_doubles_up_to_a_quarter_of_an_hour_with_full_jitter(
    attempts: int, most: float
) -> None:
    assert retrying.back_off(attempts, 5, lambda: 1.0) == most
    assert retrying.back_off(attempts, 5, lambda: 0.0) == 0
    assert retrying.back_off(attempts, 5, lambda: 0.5) == most / 2


@pytest.mark.parametrize(("seconds", "delay"), [(0, 1), (0.2, 1), (1, 1), (1.001, 2), (40, 40)])
def test_delay_is_in_whole_seconds_and_never_too_short(seconds: float, delay: int) -> None:
    assert retrying.delay(seconds) == delay


def test_looks_for_replicas_are_spread_over_the_doubt_and_end_with_it() -> None:
    look = SETTINGS.doubt_seconds / 10
    assert retrying.for_replicas(request(), 1000, SETTINGS, NOW).seconds == look
    assert retrying.for_replicas(request(), 3, SETTINGS, NOW).seconds == 3
    assert retrying.for_replicas(request(), 0, SETTINGS, NOW).seconds == 1


REASON = Reason("userNotFound", "m", "r", Owner.REQUESTER)


@pytest.mark.parametrize(
    ("codes", "waited", "waits"),
    [
        (["userNotFound"], 299, True),
        (["userNotFound"], 300, False),
        (["userNotFound", "notYetVisible", "addressNotSeenByGraph"], 0, True),
        (["userNotFound", "accountDisabled"], 0, False),
        (["noExternalAddress"], 0, False),
        (["permissionMissing"], 26 * 3600 - 1, True),
        (["permissionMissing"], 26 * 3600, False),
        (["factUnknown", "userNotFound"], 300, True),
        (["invitationsOff", "invitationsRefusedByTenant"], 3600, True),
    ],
)
def test_only_what_may_go_away_by_itself_is_waited_for_and_only_so_long(
    codes: list[str],
    waited: int,
    waits: bool,  # noqa: FBT001
) -> None:
    reasons = tuple(replace(REASON, code=code) for code in codes)
    asked = replace(request(), waits=Waits(since=int(NOW) - waited))
    deferral = retrying.for_directory(asked, reasons, SETTINGS, NOW)
    assert (deferral is not None) is waits


def test_waits_that_somebody_has_to_hear_of_carry_their_reasons() -> None:
    reasons = (replace(REASON, code="permissionMissing"),)
    told = retrying.for_directory(request(), reasons, SETTINGS, NOW)
    assert told
    assert told.reasons == reasons
    silent = retrying.for_directory(request(), (REASON,), SETTINGS, NOW)
    assert silent
    assert (silent.reasons, silent.seconds) == ((), 30)


def test_waiting_for_the_operator_lets_patience_begin_anew() -> None:
    tired = replace(request(), waits=Waits(times=3, attempts=2, since=1))
    deferral = retrying.until_allowed(tired, 300, retrying.PAUSED)
    assert deferral.request.waits == Waits(times=4)
    assert (deferral.seconds, deferral.why) == (300, "conversionsPaused")
    assert deferral.reasons == (retrying.PAUSED,)


@pytest.mark.parametrize(
    ("wait", "why"), [(retrying.until_mailed, "mail limit"), (retrying.until_quiet, "quiet time")]
)
def test_waiting_for_others_uses_up_no_patience(wait: Any, why: str) -> None:  # noqa: ANN401
    tired = replace(request(), waits=Waits(times=3, attempts=2, since=1))
    deferral = wait(tired, 12.2)
    assert deferral.request.waits == Waits(times=4, attempts=2, since=1)
    assert (deferral.seconds, deferral.why, deferral.reasons) == (13, why, ())


def test_everything_that_may_not_be_visible_yet_is_waited_for_together() -> None:
    codes = ("userNotFound", "notYetVisible", "addressNotSeenByGraph")
    reasons = tuple(replace(REASON, code=code) for code in codes)
    deferral = retrying.for_directory(request(), reasons, SETTINGS, NOW)
    assert deferral
    assert deferral.why == "not visible"


def failure(text: str = "broken", status: int = 500) -> GraphUnavailable:
    return GraphUnavailable("inviting", status, None, "r", code="c", text=text)


def test_f11_failures_count_while_they_are_the_same_word_for_word() -> None:
    waiting = request()
    for times in (1, 2, 3):
        waiting = retrying.with_failure(waiting, failure())
        assert waiting.waits.failure == GraphFailure(times, 500, "c", "broken", "r")
        assert not retrying.fails_alike(waiting)
    assert retrying.fails_alike(retrying.with_failure(waiting, failure()))
    other = retrying.with_failure(waiting, failure("otherwise"))
    assert other.waits.failure == GraphFailure(1, 500, "c", "otherwise", "r")
    for untold in (failure(""), failure(status=503), failure(status=429), TimeoutError()):
        assert retrying.with_failure(waiting, untold) == waiting


def test_f11_failure_that_leaves_doubt_is_waited_out_all_the_same() -> None:
    waiting = request()
    for _ in range(4):
        waiting = retrying.with_failure(waiting, failure())
    doubtful = failure()
    doubtful.in_doubt = True
    assert retrying.after_outage(waiting, doubtful, SETTINGS, NOW)
    assert retrying.after_outage(waiting, failure(), SETTINGS, NOW) is None
