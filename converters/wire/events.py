"""The directory's events ("Microsoft Graph API events"), as Event Grid delivers them. Pure.

``Microsoft.Graph.UserUpdated`` is sent for users who were created, updated or deleted so that they
can be restored, ``Microsoft.Graph.UserDeleted`` for those who are gone for good. Names of types
come in more than one spelling, so case counts nowhere.
"""

from __future__ import annotations

import re
from typing import Any

from converters.model.event import Lifecycle, Origin
from converters.settings.reader import GUID

USER_UPDATED, USER_DELETED = "Microsoft.Graph.UserUpdated", "Microsoft.Graph.UserDeleted"
CHANGES = ("created", "updated")
DELETED = "deleted"
_GRAPH = "microsoft.graph."
_LIFECYCLES = {lifecycle.lower(): lifecycle for lifecycle in Lifecycle}
# "Microsoft.Graph.Subscription…" with or without what the lifecycle's own name begins with.
_TYPES = {
    _GRAPH + prefix + lifecycle.lower().removeprefix("subscription"): lifecycle
    for lifecycle in Lifecycle
    for prefix in ("", "subscription")
}
_USER = re.compile(r"/?users/([0-9a-f-]{36})", re.IGNORECASE)
_TENANT = re.compile(r"/?tenants/([0-9a-f-]{36})(?:/.*)?", re.IGNORECASE | re.DOTALL)
_SEQUENCE = re.compile(r"[0-9]{1,30}")


def is_graphs(type_: object) -> bool:
    """Tell whether an event's type is one of Microsoft Graph's."""
    return isinstance(type_, str) and type_.lower().startswith(_GRAPH)


def is_of_user(type_: object) -> bool:
    """Tell whether an event's type is one of those about users."""
    return _is(type_, USER_UPDATED) or _is(type_, USER_DELETED)


def says_deleted(type_: object, data: dict[str, Any]) -> bool:
    """Tell whether an event says that a user is gone for good."""
    return _is(type_, USER_DELETED) or folded_change(data) == DELETED


def folded_change(data: dict[str, Any]) -> object:
    """Return what has happened to the user, in lower case."""
    change = data.get("changeType")
    return change.lower() if isinstance(change, str) else change


def lifecycle_of(type_: object, data: dict[str, Any]) -> Lifecycle | None:
    """Return what an event says of the subscription itself, if it is about that."""
    of_data = data.get("lifecycleEvent")
    if isinstance(of_data, str) and of_data.lower() in _LIFECYCLES:
        return _LIFECYCLES[of_data.lower()]
    return _TYPES.get(type_.lower()) if isinstance(type_, str) else None


def user_of(value: dict[str, Any], data: dict[str, Any]) -> str | None:
    """Return the object id of the user that an event is about."""
    named = _object(data, "resourceData").get("id")
    for resource in (data.get("resource"), value.get("subject")):
        match = _USER.fullmatch(resource) if isinstance(resource, str) else None
        named = named or (match[1] if match else None)
    return _guid(named)


def origin_of(value: dict[str, Any], data: dict[str, Any]) -> Origin:
    """Return where an event says that it comes from; what makes no sense is left out."""
    resource, state = _object(data, "resourceData"), data.get("clientState")
    source = value.get("source")
    match = _TENANT.fullmatch(source) if isinstance(source, str) else None
    named = (data.get("tenantId"), resource.get("organizationId"), match and match[1])
    # A name that is no id is no less foreign than another tenant's.
    tenants = (name.lower() if isinstance(name, str) else "" for name in named if name is not None)
    sequence = resource.get("sequenceNumber", data.get("sequenceNumber"))
    return Origin(
        state if isinstance(state, str) else None,
        frozenset(tenants),
        _guid(data.get("subscriptionId")),
        _sequence(sequence),
    )


def _is(type_: object, wanted: str) -> bool:
    return isinstance(type_, str) and type_.lower() == wanted.lower()


def _object(data: dict[str, Any], name: str) -> dict[str, Any]:
    value = data.get(name)
    return value if isinstance(value, dict) else {}


def _guid(value: object) -> str | None:
    return value.lower() if isinstance(value, str) and GUID.fullmatch(value) else None


def _sequence(value: object) -> int | None:
    """Return a number that comes as a number from some and as a text from others."""
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return int(text) if _SEQUENCE.fullmatch(text) else None
