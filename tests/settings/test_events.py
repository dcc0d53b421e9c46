"""The settings about the directory's events."""

from __future__ import annotations

from converters.settings.events import EventOutcomes, Events
from converters.settings.settings import Settings
from tests.settings.test_settings import LEAST

SECRET = "s" * 128


def test_without_keys_only_what_needs_somebody_is_told_and_no_state_is_asked_for() -> None:
    assert Settings.from_mapping(LEAST).events == Events(None, EventOutcomes.ACTIONABLE, 300)


def test_keys_are_read() -> None:
    keys = {
        "EVENTS_CLIENT_STATE": f" {SECRET} ",
        "EVENT_OUTCOMES": "all",
        "EVENT_QUIET_SECONDS": "0",
    }
    settings = Settings.from_mapping(LEAST | keys)
    assert settings.events == Events(SECRET, EventOutcomes.ALL, 0)
    assert SECRET not in repr(settings)
