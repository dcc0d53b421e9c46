"""What an operator can set about the directory's events."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import quote

from converters.settings.reader import GUID

if TYPE_CHECKING:
    from converters.settings.reader import SettingsReader

# Graph's own limit ("subscription resource type").
LONGEST_CLIENT_STATE = 128
_TOPIC = re.compile(
    rf"/subscriptions/(?P<subscription>{GUID.pattern})"
    r"/resourceGroups/(?P<group>[\w.()-]{1,90})"
    r"/providers/Microsoft\.EventGrid/partnerTopics/(?P<name>[A-Za-z0-9-]{3,64})",
    re.IGNORECASE,
)
# A little after the sweep, so that the two do not meet.
_SCHEDULE = "30 */5 * * * *"
_LOCATION = re.compile(r"[a-z0-9]{2,64}")


class EventOutcomes(StrEnum):
    """Which events lead to an outcome."""

    ACTIONABLE = "actionable"
    """Those by which something was done, or which need somebody."""
    ALL = "all"


@dataclass(frozen=True, slots=True)
class PartnerTopic:
    """Where Graph sends the directory's events: a partner topic of Event Grid's.

    Attributes:
        subscription_id, resource_group, name: the parts of its resource id.
        location: the name of its region.
    """

    subscription_id: str
    resource_group: str
    name: str
    location: str

    @property
    def path(self) -> str:
        """Its resource id."""
        return (
            f"/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}"
            f"/providers/Microsoft.EventGrid/partnerTopics/{self.name}"
        )

    @property
    def url(self) -> str:
        """The address by which Graph's subscription names it."""
        group = quote(self.resource_group)
        return (
            f"EventGrid:?azuresubscriptionid={self.subscription_id}&resourcegroup={group}"
            f"&partnertopic={self.name}&location={self.location}"
        )


@dataclass(frozen=True, slots=True)
class Events:
    """How events are taken.

    Attributes:
        client_state: what every event has to bring; ``None`` where that is not looked at.
        outcomes: which of them lead to an outcome.
        quiet_seconds: how long a user is not looked at again for another event.
        topic: where they come from, if this service is to keep the subscription to them itself.
        schedule: when it looks after that, an NCRONTAB expression.
    """

    client_state: str | None = field(repr=False)
    outcomes: EventOutcomes
    quiet_seconds: int
    topic: PartnerTopic | None
    schedule: str


def read_events(keys: SettingsReader) -> Events:
    """Read the keys about events."""
    client_state = keys.text("EVENTS_CLIENT_STATE")
    if len(client_state) > LONGEST_CLIENT_STATE or not client_state.isprintable():
        keys.problems.append(
            f"EVENTS_CLIENT_STATE must be at most {LONGEST_CLIENT_STATE} printable characters."
        )
    outcomes = keys.text("EVENT_OUTCOMES", EventOutcomes.ACTIONABLE)
    if outcomes not in set(EventOutcomes):
        keys.problems.append("EVENT_OUTCOMES must be actionable or all.")
        outcomes = EventOutcomes.ACTIONABLE
    seconds = keys.whole("EVENT_QUIET_SECONDS", 300, 0, 3600)
    topic = _topic(keys)
    if topic and not (client_state and keys.text("CONVERTIBLE_GROUP_ID")):
        keys.problems.append(
            "EVENTS_PARTNER_TOPIC needs EVENTS_CLIENT_STATE and CONVERTIBLE_GROUP_ID: without them"
            " events could be forged, and would convert nobody."
        )
    schedule = keys.schedule("SUBSCRIBE_SCHEDULE", _SCHEDULE)
    return Events(client_state or None, EventOutcomes(outcomes), seconds, topic, schedule)


def _topic(keys: SettingsReader) -> PartnerTopic | None:
    """Read which partner topic the subscription is to name; ``None`` without one."""
    text, location = keys.text("EVENTS_PARTNER_TOPIC"), keys.text("EVENTS_LOCATION")
    if not text:
        return None
    match = _TOPIC.fullmatch(text)
    if not match:
        keys.problems.append(
            "EVENTS_PARTNER_TOPIC must be a resource id: /subscriptions/…/resourceGroups/…"
            "/providers/Microsoft.EventGrid/partnerTopics/…."
        )
    if not _LOCATION.fullmatch(location):
        keys.problems.append("EVENTS_LOCATION must be the name of a region, as in westeurope.")
    if not match:
        return None
    return PartnerTopic(match["subscription"], match["group"], match["name"], location)
