"""``/users/delta``, ``/groups/delta`` and members: "Use delta query to track changes".

A token holds where its reader stands, when it was handed out, and the query it began with.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from local.graph.errors import GraphError, bad_request, not_found

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from local.graph.query import Query
    from local.graph.schema import Json

LIFE = timedelta(days=7)
# Short, so that a test has several pages; Graph's length is its own affair.
PAGE = 3
_GROUP = re.compile(r"id eq '([^']*)'")
_ENTITIES = "#microsoft.graph."


def users(query: Query) -> Json:
    """Answer "user: delta"."""
    changed = query.tenant.changed

    def found(since: int, until: int, _: Json) -> list[Json]:
        ids = dict.fromkeys(changed[since:until])
        return [{"id": id_} for id_ in ids if id_ in query.tenant.users]

    return _answer(query, len(changed), found, "users")


def groups(query: Query) -> Json:
    """Answer "group: delta" for the members of one group."""
    memberships = query.tenant.memberships

    def found(since: int, until: int, options: Json) -> list[Json]:
        match = _GROUP.fullmatch(options.get("$filter", ""))
        if not match:
            raise bad_request("Invalid filter clause: only 'id eq' is supported.")
        group = memberships.groups.get(match[1])
        if group is None or options.get("$select") != "members":
            return []
        if since == 0:
            states = dict.fromkeys(group["members"], True)
        else:
            some = memberships.changes[since - 1 : until - 1]
            states = {member: here for group_id, member, here in some if group_id == group["id"]}
        return [
            {"@odata.type": _kind(query, id_), "id": id_}
            | ({} if here else {"@removed": {"reason": "deleted"}})
            for id_, here in states.items()
        ]

    # Number 0 is before everything that was there from the start.
    body = _answer(query, len(memberships.changes) + 1, found, "groups")
    options = _token(query, "$skiptoken") or _token(query, "$deltatoken") or dict(query.options)
    match = _GROUP.fullmatch(options.get("options", options).get("$filter", ""))
    if body["value"] and match:
        body["value"] = [{"id": match[1], "members@delta": body["value"]}]
    return body


def members(query: Query) -> Json:
    """Answer "List group transitive members"."""
    group_id = query.arguments[0]
    if group_id not in query.tenant.memberships.groups:
        raise not_found(group_id)
    found = query.tenant.memberships.members_of(group_id)
    start = int((_token(query, "$skiptoken") or {}).get("start", 0))
    items = [{"@odata.type": _kind(query, id_), "id": id_} for id_ in found]
    body: Json = {"value": items[start : start + PAGE]}
    if len(items) > start + PAGE:
        token = _written({"start": start + PAGE})
        body["@odata.nextLink"] = (
            f"{query.root}{query.path}?{urlencode({'$skiptoken': token}, safe='$')}"
        )
    return body


def _answer(
    query: Query,
    newest: int,
    found: Callable[[int, int, Json], Sequence[Json]],
    name: str,
) -> Json:
    now = query.tenant.now()
    options = dict(query.options)
    if options.get("$deltatoken") == "latest":
        options.pop("$deltatoken")
        state: Json = {"since": newest, "until": newest, "start": 0, "options": options}
    else:
        state = (
            _token(query, "$skiptoken")
            or _token(query, "$deltatoken")
            or {"since": 0, "until": newest, "start": 0, "options": options}
        )
        if "$deltatoken" in options:
            state = {**state, "since": state["until"], "until": newest, "start": 0}
    items = found(state["since"], state["until"], state["options"])
    start = state["start"]
    body: Json = {
        "@odata.context": f"{query.root}/$metadata#{name}",
        "value": list(items[start : start + PAGE]),
    }
    more = len(items) > start + PAGE
    token = _written({**state, "start": start + PAGE if more else 0, "at": now.isoformat()})
    link = urlencode({"$skiptoken" if more else "$deltatoken": token}, safe="$")
    body["@odata.nextLink" if more else "@odata.deltaLink"] = f"{query.root}{query.path}?{link}"
    return body


def _kind(query: Query, id_: str) -> str:
    return _ENTITIES + ("group" if id_ in query.tenant.memberships.groups else "user")


def _written(state: Json) -> str:
    return base64.urlsafe_b64encode(json.dumps(state).encode()).decode()


def _token(query: Query, name: str) -> Json | None:
    """Return what a token of the query holds; ``None`` without one.

    Raises:
        GraphError: 410, it is too old; 400, it is none.
    """
    text = query.options.get(name)
    if text is None or text == "latest":
        return None
    try:
        state: Json = json.loads(base64.urlsafe_b64decode(text))
    except (binascii.Error, ValueError):
        raise bad_request("The token is not valid.") from None
    at = state.get("at")
    if at and query.tenant.now() - datetime.fromisoformat(at) > LIFE:
        raise GraphError(
            410,
            "syncStateNotFound",
            "The sync state generation is not found. The delta token is expired and data must be"
            " synchronized again.",
        )
    return state
