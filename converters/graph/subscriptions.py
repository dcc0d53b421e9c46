"""Graph's subscription to the changes of users, through a partner topic of Event Grid's.

Source: "subscription resource type", "Subscribe to Microsoft Graph API events".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from converters.graph.read import Incomplete, Item, Read
from converters.model.errors import GraphRefused, NotRead
from converters.model.facts import Unread

if TYPE_CHECKING:
    from converters.graph.client import Graph
    from converters.graph.responses import Response
    from converters.model.trace import Trace
    from converters.settings.events import PartnerTopic

RESOURCE, CHANGES = "users", "updated,deleted"
PERMISSION = "User.Read.All"
# Graph's limit is 41,760 minutes for users; a day less, whatever the clocks say.
LIFE_SECONDS = 40_320 * 60
_NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class Subscription:
    """One of Graph's subscriptions; ``ends`` is in seconds since 1970."""

    id: str
    ends: float


@dataclass(frozen=True, slots=True)
class Subscriptions:
    """Those of this application that lead to one partner topic."""

    graph: Graph
    topic: PartnerTopic
    client_state: str

    async def ours(self, trace: Trace) -> tuple[Subscription, ...]:
        """Return those that there are; the one that ends last comes first.

        Raises:
            NotRead: they are not known.
            GraphUnavailable: they are not known for now.
        """
        read = Read(
            name="subscriptions",
            what="the subscriptions to events",
            path="/subscriptions",
            permission=PERMISSION,
            parse=self._ours,
        )
        found = await self.graph.read_alone(read, trace)
        if isinstance(found, Unread):
            raise NotRead(found.what, found.permission, found.status)
        return tuple(sorted(found, key=lambda one: one.ends, reverse=True))

    async def make(self, now: float, trace: Trace) -> Subscription:
        """Make one; raises as ``Graph.subscribe`` does."""
        body = {
            "changeType": CHANGES,
            "notificationUrl": self.topic.url,
            "lifecycleNotificationUrl": self.topic.url,
            "resource": RESOURCE,
            "expirationDateTime": _written(now + LIFE_SECONDS),
            "clientState": self.client_state,
        }
        return _read(await self.graph.subscribe("POST", "", body, trace))

    async def extend(self, one: Subscription, now: float, trace: Trace) -> Subscription | None:
        """Let one last, which reauthorizes it too; ``None`` if it is there no more."""
        body = {"expirationDateTime": _written(now + LIFE_SECONDS)}
        try:
            return _read(await self.graph.subscribe("PATCH", f"/{one.id}", body, trace))
        except GraphRefused as refused:
            if refused.status != _NOT_FOUND:
                raise
        return None

    async def remove(self, one: Subscription, trace: Trace) -> None:
        """Remove one, if it is still there."""
        try:
            await self.graph.subscribe("DELETE", f"/{one.id}", {}, trace)
        except GraphRefused as refused:
            if refused.status != _NOT_FOUND:
                raise

    def _ours(self, body: Item) -> tuple[Subscription, ...]:
        found = []
        for item in body.items("value"):
            url = item.text_or_none("notificationUrl") or ""
            same = url.lower() == self.topic.url.lower()
            if same and item.text("resource").strip("/").lower() == RESOURCE:
                found.append(_subscription(item))
        return tuple(found)


def _subscription(item: Item) -> Subscription:
    ends = item.time_or_none("expirationDateTime")
    if ends is None or ends.tzinfo is None:
        raise Incomplete
    return Subscription(item.text("id"), ends.timestamp())


def _read(answer: Response) -> Subscription:
    try:
        return _subscription(Item(answer.body))
    except Incomplete:
        raise answer.unavailable("subscribing to events") from None


def _written(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
