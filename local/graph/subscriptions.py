"""Subscriptions to changes, and the events that Graph hands to Event Grid for them."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.graph.schema import Json

LIFECYCLES = {
    "reauthorizationRequired": "Microsoft.Graph.SubscriptionReauthorizationRequired",
    "subscriptionRemoved": "Microsoft.Graph.SubscriptionRemoved",
    "missed": "Microsoft.Graph.SubscriptionMissed",
}


class Subscriptions:
    """What is subscribed to in one tenant.

    Attributes:
        events: every event that was made for one, in order.
        listeners: called with each of them, as Event Grid would be.
    """

    def __init__(self) -> None:
        self._all: dict[str, Json] = {}
        self._number = 0
        self.events: list[Json] = []
        self.listeners: list[Callable[[Json], None]] = []

    def add(self, one: Json) -> Json:
        """Add one, with an id; return it."""
        made = {"id": str(uuid.uuid4()), **one}
        self._all[made["id"]] = made
        return made

    def remove(self, id_: str) -> None:
        """Take one away, as an administrator or Graph itself does."""
        self._all.pop(id_, None)

    def alive(self, now: datetime) -> list[Json]:
        """Return those that have not ended; what has is forgotten."""
        self._all = {id_: one for id_, one in self._all.items() if _end(one) > now}
        return list(self._all.values())

    def tell(self, user_id: str, tenant_id: str, now: datetime) -> None:
        """Make the events for a change of a user."""
        for one in self.alive(now):
            resource = f"Users/{user_id}"
            self._number += 1
            data = {
                "changeType": "updated",
                "resource": resource,
                "resourceData": {
                    "@odata.type": "#Microsoft.Graph.User",
                    "@odata.id": resource,
                    "id": user_id,
                    "organizationId": tenant_id,
                    "sequenceNumber": self._number,
                },
            }
            self._send("Microsoft.Graph.UserUpdated", one, data, tenant_id, now)

    def send_lifecycle(self, name: str, tenant_id: str, now: datetime) -> None:
        """Make the events by which Graph says something of the subscriptions themselves."""
        for one in self.alive(now):
            self._send(LIFECYCLES[name], one, {"lifecycleEvent": name}, tenant_id, now)

    def _send(self, type_: str, one: Json, data: Json, tenant_id: str, now: datetime) -> None:
        event = {
            "specversion": "1.0",
            "type": type_,
            "source": f"/tenants/{tenant_id}/applications/{one['applicationId']}",
            "subject": data.get("resource", one["resource"]),
            "id": str(uuid.uuid4()),
            "time": now.isoformat().replace("+00:00", "Z"),
            "datacontenttype": "application/json",
            "data": {
                **data,
                "clientState": one["clientState"],
                "subscriptionExpirationDateTime": one["expirationDateTime"],
                "subscriptionId": one["id"],
                "tenantId": tenant_id,
            },
        }
        self.events.append(event)
        for listen in self.listeners:
            listen(event)


def _end(one: Json) -> datetime:
    return datetime.fromisoformat(one["expirationDateTime"])
