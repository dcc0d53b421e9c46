"""The directory's events as Graph sends them, and ways to write the same event otherwise."""

from __future__ import annotations

from typing import Any

from tests.directory import GROUP_ID, USER_ID, kim, tenant

TENANT_ID = "55555555-eeee-4eee-8eee-555555555555"
OTHER_TENANT = "66666666-ffff-4fff-8fff-666666666666"
SUBSCRIPTION_ID = "77777777-aaaa-4aaa-8aaa-777777777777"
STATE = "a word that nobody guesses"
Event = dict[str, Any]


def user_event(id_: str = "e-1", *, user: str = USER_ID, **data: Any) -> Event:  # noqa: ANN401
    """Return an event in which a user was updated, with ``data`` over its data."""
    return {
        "specversion": "1.0",
        "type": "Microsoft.Graph.UserUpdated",
        "source": f"/tenants/{TENANT_ID}/applications/88888888-bbbb-4bbb-8bbb-888888888888",
        "subject": f"Users/{user}",
        "id": id_,
        "time": "2026-11-23T09:00:00.0000000Z",
        "datacontenttype": "application/json",
        "data": {
            "changeType": "updated",
            "clientState": STATE,
            "resource": f"Users/{user}",
            "resourceData": resource(user),
            "subscriptionExpirationDateTime": "2026-12-06T14:07:16.0603466-08:00",
            "subscriptionId": SUBSCRIPTION_ID,
            "tenantId": TENANT_ID,
            **data,
        },
    }


def resource(user: str = USER_ID, **changes: Any) -> Event:  # noqa: ANN401
    """Return an event's ``resourceData``."""
    return {
        "@odata.type": "#Microsoft.Graph.User",
        "@odata.id": f"Users/{user}",
        "id": user,
        "organizationId": TENANT_ID,
        **changes,
    }


def numbered(id_: str, sequence: object, **data: Any) -> Event:  # noqa: ANN401
    """Return an event with a place among the others."""
    return user_event(id_, resourceData=resource(sequenceNumber=sequence), **data)


def of_type(type_: str, id_: str = "e-1", **data: Any) -> Event:  # noqa: ANN401
    """Return an event of another type."""
    return user_event(id_, **data) | {"type": type_}


def in_grids_schema(event: Event) -> Event:
    """Return the same event in Event Grid's own schema."""
    return {
        "id": event["id"],
        "topic": "/subscriptions/0/providers/Microsoft.EventGrid/partnerTopics/users",
        "subject": event["subject"],
        "eventType": event["type"],
        "eventTime": event["time"],
        "data": event["data"],
        "dataVersion": "1",
        "metadataVersion": "1",
    }


def in_group(user: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return a tenant whose user, Kim, is in the group that may be converted."""
    return tenant(user or kim(), groups=[GROUP], **changes)


GROUP = {"id": GROUP_ID, "displayName": "Group", "members": [USER_ID]}
# Settings under which an event has to be this tenant's own.
EVENTS = {
    "CONVERTIBLE_GROUP_ID": GROUP_ID,
    "EVENTS_CLIENT_STATE": STATE,
    "TENANT_ID": TENANT_ID.upper(),
}
ALL = {"EVENT_OUTCOMES": "all"}
DELETED = of_type("microsoft.graph.userDELETED", changeType="Deleted")
