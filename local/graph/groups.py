"""Reads of all groups, and of everybody in one: what reports on a whole tenant ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.graph.errors import not_found
from local.graph.schema import GROUP, USER

if TYPE_CHECKING:
    from local.graph.query import Query
    from local.graph.schema import Json


def list_groups(query: Query) -> Json:
    """Answer "List groups"."""
    condition = query.condition(GROUP)
    if condition is not None and condition.advanced():
        query.need_advanced()
    found = query.tenant.groups.values()
    if condition is not None:
        return query.collection(
            [each for each in found if condition.matches(each)], GROUP, "groups"
        )
    return query.collection(found, GROUP, "groups")


def list_transitive_members(query: Query) -> Json:
    """Answer "List group transitive members", cast to users."""
    tenant, wanted = query.tenant, query.arguments[0].lower()
    group = next((each for id_, each in tenant.groups.items() if id_.lower() == wanted), None)
    if group is None:
        raise not_found(query.arguments[0])
    members = tenant.memberships.users_in(group["id"])
    return query.collection(tenant.seen_users(members & tenant.users.keys()), USER, "users")
