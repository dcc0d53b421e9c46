"""The settings about the directory's events."""

from __future__ import annotations

import pytest

from converters.model.errors import SettingsInvalid
from converters.settings.events import EventOutcomes, Events
from converters.settings.settings import Settings
from tests.settings.test_settings import LEAST

SECRET = "s" * 128


def test_without_keys_only_what_needs_somebody_is_told_and_no_state_is_asked_for() -> None:
    least = Events(None, EventOutcomes.ACTIONABLE, 300, None, "30 */5 * * * *")
    assert Settings.from_mapping(LEAST).events == least


def test_keys_are_read() -> None:
    keys = {
        "EVENTS_CLIENT_STATE": f" {SECRET} ",
        "EVENT_OUTCOMES": "all",
        "EVENT_QUIET_SECONDS": "0",
        "SUBSCRIBE_SCHEDULE": "0 0 * * * *",
    }
    settings = Settings.from_mapping(LEAST | keys)
    assert settings.events == Events(SECRET, EventOutcomes.ALL, 0, None, "0 0 * * * *")
    assert SECRET not in repr(settings)


TOPIC = (
    "/subscriptions/99999999-AAAA-4aaa-8aaa-999999999999/resourcegroups/rg(b2b)_1"
    "/providers/Microsoft.EventGrid/partnerTopics/graph-users"
)
ON = {
    "EVENTS_PARTNER_TOPIC": TOPIC,
    "EVENTS_LOCATION": "westeurope",
    "EVENTS_CLIENT_STATE": "word",
    "CONVERTIBLE_GROUP_ID": "33333333-cccc-4ccc-8ccc-333333333333",
}


def test_partner_topic_is_taken_apart_into_graphs_address() -> None:
    events = Settings.from_mapping(LEAST | ON | {"SUBSCRIBE_SCHEDULE": "0 * * * * *"}).events
    assert events.topic
    assert events.topic.path.lower() == TOPIC.lower()
    assert events.topic.url == (
        "EventGrid:?azuresubscriptionid=99999999-AAAA-4aaa-8aaa-999999999999"
        "&resourcegroup=rg%28b2b%29_1&partnertopic=graph-users&location=westeurope"
    )
    assert events.schedule == "0 * * * * *"


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"EVENTS_PARTNER_TOPIC": "graph-users"}, "resource id"),
        ({"EVENTS_PARTNER_TOPIC": TOPIC + "/x"}, "resource id"),
        ({"EVENTS_LOCATION": "West Europe"}, "EVENTS_LOCATION"),
        ({"EVENTS_LOCATION": ""}, "EVENTS_LOCATION"),
        ({"EVENTS_CLIENT_STATE": ""}, "needs EVENTS_CLIENT_STATE"),
        ({"CONVERTIBLE_GROUP_ID": ""}, "CONVERTIBLE_GROUP_ID"),
        ({"SUBSCRIBE_SCHEDULE": "hourly"}, "SUBSCRIBE_SCHEDULE"),
    ],
)
def test_topic_that_leads_nowhere_is_refused(changes: dict[str, str], problem: str) -> None:
    with pytest.raises(SettingsInvalid, match=problem):
        Settings.from_mapping(LEAST | ON | changes)
