"""The setting that gives outcomes to queues of their own."""

from __future__ import annotations

import pytest

from converters.model.errors import SettingsInvalid
from converters.settings.routes import Route
from converters.settings.settings import Settings
from tests.settings.test_settings import LEAST


def test_without_the_key_every_outcome_goes_to_the_results_queue() -> None:
    assert Settings.from_mapping(LEAST).results_routes == ()


def test_routes_are_read_and_their_queues_have_to_exist() -> None:
    settings = Settings.from_mapping(LEAST | {"RESULTS_ROUTES": " a.B_1~-:=one , c: = two-2,"})
    assert settings.results_routes == (Route("a.B_1~-:", "one"), Route("c:", "two-2"))
    assert {"one", "two-2"} < {*settings.queues}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("a", "prefix:=queue"),
        ("a=queue", "prefix:=queue"),
        (":=queue", "prefix:=queue"),
        ("a:b:=queue", "prefix:=queue"),
        ("a b:=queue", "prefix:=queue"),
        (f"{'a' * 33}:=queue", "prefix:=queue"),
        ("a:=Queue", "must be a queue name"),
        ("a:=", "must be a queue name"),
        ("a:=azure-webjobs-x", "must not begin with"),
        ("a:=one,a:=two", "each prefix once"),
        ("a:=one,b:=one", "must differ"),
        ("a:=conversion-results", "must differ"),
        ("a:=conversion-requests-poison", "must differ"),
    ],
)
def test_what_cannot_be_a_route_is_named(text: str, complaint: str) -> None:
    with pytest.raises(SettingsInvalid) as caught:
        Settings.from_mapping(LEAST | {"RESULTS_ROUTES": text})
    (problem,) = caught.value.problems
    assert complaint in problem
    assert "RESULTS_ROUTES" in problem
