"""How long requests wait."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from converters.model.errors import GraphUnavailable
from converters.model.request import Waits
from converters.settings.settings import Settings
from converters.steps import retrying
from tests.samples import request

if TYPE_CHECKING:
    import pytest

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
