"""``/subscriptions``: to changes of users, delivered to a partner topic ("subscription")."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from local.graph.errors import GraphError, bad_request

if TYPE_CHECKING:
    from local.graph.query import Query
    from local.graph.schema import Json

APPLICATION_ID = "88888888-bbbb-4bbb-8bbb-888888888888"
# "Latest supported expiration" of users, "Limits": of one application in one tenant.
MOST_MINUTES, MOST = 41_760, 100
LONGEST_STATE = 128
_CHANGES = {"updated", "deleted"}
_URL = re.compile(
    r"EventGrid:\?azuresubscriptionid=[0-9a-f-]{36}&resourcegroup=[^&]+&partnertopic=[^&]+"
    r"&location=[a-z0-9]+",
    re.IGNORECASE,
)
_WRITABLE = {
    "changeType", "notificationUrl", "lifecycleNotificationUrl", "resource", "expirationDateTime",
    "clientState", "latestSupportedTlsVersion",
}  # fmt: skip


def list_all(query: Query) -> Json:
    """Answer "List subscriptions"."""
    found = query.tenant.subscriptions.alive(query.tenant.now())
    context = f"{query.root}/$metadata#subscriptions"
    return {"@odata.context": context, "value": [_shown(one) for one in found]}


def create(query: Query) -> Json:
    """Answer "Create subscription"."""
    body = _body(query)
    if unknown := set(body) - _WRITABLE:
        raise bad_request(f"Invalid property '{min(unknown)}'.")
    changes = str(body.get("changeType", "")).lower().split(",")
    if not _CHANGES.issuperset(changes):
        raise GraphError(400, "InvalidRequest", "Invalid 'changeType' attribute.")
    if str(body.get("resource", "")).strip("/").lower() != "users":
        raise GraphError(400, "ExtensionError", "The resource is not supported.")
    for name in ("notificationUrl", "lifecycleNotificationUrl"):
        if name in body and not _URL.fullmatch(str(body[name])):
            raise GraphError(400, "ValidationError", f"Invalid '{name}'.")
    if "notificationUrl" not in body or len(body.get("clientState") or "") > LONGEST_STATE:
        raise GraphError(400, "ValidationError", "The request is not valid.")
    _check_end(query, body)
    if len(query.tenant.subscriptions.alive(query.tenant.now())) >= MOST:
        raise GraphError(403, "Forbidden", "Subscription limit reached.")
    made = query.tenant.subscriptions.add(
        {
            "applicationId": APPLICATION_ID,
            "creatorId": APPLICATION_ID,
            "clientState": None,
            "lifecycleNotificationUrl": None,
            "latestSupportedTlsVersion": "v1_2",
            **body,
        }
    )
    # Only the answer to whoever makes one holds its clientState.
    return {"@odata.context": f"{query.root}/$metadata#subscriptions/$entity", **made}


def get(query: Query) -> Json:
    """Answer "Get subscription"."""
    return _shown(_one(query))


def update(query: Query) -> Json:
    """Answer "Update subscription": another end, which reauthorizes it too."""
    one, body = _one(query), _body(query)
    if set(body) != {"expirationDateTime"}:
        raise bad_request("Only expirationDateTime can be changed.")
    _check_end(query, body)
    one.update(body)
    return _shown(one)


def delete(query: Query) -> None:
    """Answer "Delete subscription"."""
    query.tenant.subscriptions.remove(_one(query)["id"])


def _one(query: Query) -> Json:
    for one in query.tenant.subscriptions.alive(query.tenant.now()):
        if one["id"] == query.arguments[0]:
            return one
    raise GraphError(404, "ResourceNotFound", "The object was not found.")


def _shown(one: Json) -> Json:
    return {**one, "clientState": None}


def _body(query: Query) -> Json:
    if not isinstance(query.body, dict):
        raise bad_request("Empty Payload. JSON content expected.")
    return query.body


def _check_end(query: Query, body: Json) -> None:
    now = query.tenant.now()
    try:
        end = datetime.fromisoformat(str(body.get("expirationDateTime")))
        fits = now < end <= now + timedelta(minutes=MOST_MINUTES)
    except (ValueError, TypeError):
        fits = False
    if not fits:
        text = f"Subscription expiration can only be {MOST_MINUTES} minutes in the future."
        raise GraphError(400, "ValidationError", text)
