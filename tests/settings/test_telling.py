"""The line about settings, as it stands in the log."""

from __future__ import annotations

import json

import pytest

from converters.model.errors import SettingsInvalid
from converters.settings.telling import told, warnings
from tests.samples import settings


def test_line_names_every_setting_that_is_wrong() -> None:
    with pytest.raises(SettingsInvalid) as refusal:
        settings(SETTLE_SECONDS="soon", DAILY_LIMIT="many")
    word, _, line = told(refusal.value.problems).partition(" ")
    problems = json.loads(line)["problems"]
    assert word == "settings"
    assert sorted(problem.split()[0] for problem in problems) == ["DAILY_LIMIT", "SETTLE_SECONDS"]


@pytest.mark.parametrize(
    ("domains", "said"),
    [("*", "people of EVERY domain"), ("", "nobody can be invited"), ("partner.example", "")],
)
def test_domains_that_hardly_anybody_wants_are_told(domains: str, said: str) -> None:
    found = warnings(settings(ALLOWED_EMAIL_DOMAINS=domains))
    assert [said in each for each in found] == [True] * bool(said)
    assert json.loads(told((), found).partition(" ")[2])["warnings"] == found
