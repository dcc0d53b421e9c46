"""Reads of users, of what they belong to, and of contacts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.graph import sign_ins
from local.graph.completions import set_password
from local.graph.errors import bad_request, denied, unknown_property
from local.graph.schema import DIRECTORY_ROLE, GROUP, ORG_CONTACT, USER

if TYPE_CHECKING:
    from collections.abc import Iterable

    from local.graph.query import Query
    from local.graph.schema import EntityType, Json

MOST_CHECKED, PASSWORD = 20, "passwordProfile"
CHANGEABLE: dict[str, type] = {
    "accountEnabled": bool, "displayName": str, "mail": str, "otherMails": list, "userType": str,
}  # fmt: skip


def get_user(query: Query) -> Json:
    """Answer "Get a user", by id or principal name."""
    sign_ins.check(query)
    return query.entity(query.tenant.seen_user(query.arguments[0]), USER, "users")


def list_users(query: Query) -> Json:
    """Answer "List users"."""
    sign_ins.check(query)
    condition = query.condition(USER)
    if condition is None:
        return query.collection(query.tenant.seen_users(None), USER, "users")
    if condition.advanced():
        query.need_advanced()
    candidates = condition.candidates(query.tenant.ids_with)
    found = (user for user in query.tenant.seen_users(candidates) if condition.matches(user))
    return query.collection(found, USER, "users")


def list_contacts(query: Query) -> Json:
    """Answer "List orgContacts"."""
    return _directory_objects(query, query.tenant.contacts.values(), ORG_CONTACT, "contacts")


def list_roles(query: Query) -> Json:
    """Answer "List a user's memberships (direct and transitive)" cast to active directory roles."""
    user = query.tenant.seen_user(query.arguments[0])
    return _cast(query, query.tenant.memberships.roles_of(user["id"]), DIRECTORY_ROLE)


def list_groups(query: Query) -> Json:
    """Answer the same, cast to groups."""
    user = query.tenant.seen_user(query.arguments[0])
    return _cast(query, query.tenant.memberships.groups_of(user["id"]), GROUP)


def check_member_groups(query: Query) -> Json:
    """Answer "directoryObject: checkMemberGroups": those of up to 20 groups that hold the user."""
    user = query.tenant.seen_user(query.arguments[0])
    asked = query.body.get("groupIds") if isinstance(query.body, dict) else None
    if not isinstance(asked, list) or not all(isinstance(each, str) for each in asked):
        raise bad_request("The parameter 'groupIds' is missing or is no collection of texts.")
    if len(asked) > MOST_CHECKED:
        raise bad_request(f"'groupIds' can hold up to {MOST_CHECKED} ids.")
    own = {group["id"].lower() for group in query.tenant.memberships.groups_of(user["id"])}
    found = [group_id for group_id in asked if group_id.lower() in own]
    context = f"{query.root}/$metadata#Collection(Edm.String)"
    return {"@odata.context": context, "value": found}


def update_user(query: Query) -> None:
    """Answer "Update user", as far as it is used here; there is no body in the answer."""
    tenant, user = query.tenant, query.tenant.user(query.arguments[0])
    if not isinstance(query.body, dict):
        raise bad_request("Empty Payload. JSON content expected.")
    changes = {name: value for name, value in query.body.items() if name != PASSWORD}
    for name, value in changes.items():
        if name not in USER.names:
            raise unknown_property(name, USER.name)
        if name not in CHANGEABLE or not _fits(value, CHANGEABLE[name]):
            raise bad_request(f"Invalid value specified for property '{name}' of resource 'User'.")
    if changes and not tenant.granted(["User.ReadWrite.All"]):
        raise denied()
    if PASSWORD in query.body:
        set_password(tenant, user, query.body[PASSWORD])
    if changes:
        tenant.change_user(user["id"], **changes)


def _fits(value: object, kind: type) -> bool:
    if isinstance(value, list):
        return kind is list and all(isinstance(text, str) for text in value)
    return isinstance(value, kind) or (value is None and kind is str)


def _cast(query: Query, items: Iterable[Json], kind: EntityType) -> Json:
    # "OData cast" with any of these goes to the index store: an advanced query.
    if not {"$count", "$filter", "$search"}.isdisjoint(query.options):
        query.need_advanced()
    return _directory_objects(query, items, kind, "directoryObjects")


def _directory_objects(query: Query, items: Iterable[Json], kind: EntityType, context: str) -> Json:
    condition = query.condition(kind)
    if condition is not None:
        if condition.advanced():
            query.need_advanced()
        items = [item for item in items if condition.matches(item)]
    return query.collection(items, kind, context)
