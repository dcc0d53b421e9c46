"""What has changed since one asked last ("Use delta query to track changes"), page by page.

A page that is not whole is unread, and its link stays the one to read next: nothing is skipped.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from converters.graph.read import NEXT_LINK, Incomplete, Item
from converters.graph.user_reads import literal, quoted
from converters.model.errors import NotRead

if TYPE_CHECKING:
    from collections.abc import Iterator

    from converters.graph.client import Graph
    from converters.graph.read import Json
    from converters.model.trace import Trace

DELTA_LINK = "@odata.deltaLink"
_REMOVED, _TYPE, _MEMBERS = "@removed", "@odata.type", "members@delta"
_USER, _GROUP = "#microsoft.graph.user", "#microsoft.graph.group"
_OK, _BAD_REQUEST, _GONE = 200, 400, 410
# What rules look at; Graph tells of changes of these alone, and of every user who is new.
_TRACKED = (
    "id,accountEnabled,userType,mail,otherMails,identities,externalUserState,onPremisesSyncEnabled,"
    "assignedPlans"
)
# "Sync from now": no users, only the link by which to ask what changes from here on.
USERS_FROM_NOW = f"/users/delta?$select={_TRACKED}&$deltatoken=latest"


class Source(StrEnum):
    """Whose changes are read; the value says so in words."""

    USERS = "the users who were changed"
    GROUP = "who came into the group"
    MEMBERS = "who is in the group"


_PERMISSIONS = {
    Source.USERS: "User.Read.All",
    Source.GROUP: "GroupMember.Read.All",
    Source.MEMBERS: "GroupMember.Read.All",
}


@dataclass(frozen=True, slots=True)
class Page:
    """One page.

    Attributes:
        users: ids of users who were changed, or who came in.
        groups: ids of groups that came in.
        link: the path to read on at; empty where nothing follows, ever.
        is_last: whether there is nothing more for now.
    """

    users: tuple[str, ...]
    groups: tuple[str, ...]
    link: str
    is_last: bool


def group_from_start(group_id: str) -> str:
    """Return the path that lists a group's direct members, and then what changes about them."""
    condition = quoted(f"id eq {literal(group_id)}")
    return f"/groups/delta?$filter={condition}&$select=members"


def members_of(group_id: str) -> str:
    """Return the path that lists everybody in a group, through groups too."""
    return f"/groups/{quoted(group_id)}/transitiveMembers?$select=id&$top=999"


async def read_page(graph: Graph, source: Source, path: str, trace: Trace) -> Page | None:
    """Read one page; ``None`` where Graph no longer knows the link, so that one starts anew.

    Raises:
        NotRead: Graph refuses for another reason.
        GraphUnavailable: it was throttled, failed for a while, or sent a page that is not whole.
    """
    what = f"reading {source}"
    answer = await graph.page(path, what, trace)
    # "syncStateNotFound" comes as 400 from some and as 410 from others; links are Graph's own.
    if answer.status == _GONE or (answer.status == _BAD_REQUEST and _is_continued(path)):
        return None
    if answer.status != _OK:
        raise NotRead(source, _PERMISSIONS[source], answer.status)
    try:
        return _page(graph, source, answer.body)
    except Incomplete:
        raise answer.unavailable(what) from None


def _is_continued(path: str) -> bool:
    return path != USERS_FROM_NOW and "token=" in path.lower()


def _page(graph: Graph, source: Source, body: Json) -> Page:
    following, final = body.get(NEXT_LINK), body.get(DELTA_LINK)
    link = following or final
    path = graph.below(link) if isinstance(link, str) else ""
    # One of the two, and it has to lead to Graph; a list ends without any.
    if path is None or (following and final) or not (path or source is Source.MEMBERS):
        raise Incomplete
    whole = Item({name: value for name, value in body.items() if name != NEXT_LINK})
    named = list(_NAMED[source](whole))
    users = tuple(id_ for kind, id_ in named if kind == _USER)
    groups = tuple(id_ for kind, id_ in named if kind == _GROUP)
    return Page(users, groups, path, not following)


def _changed(body: Item) -> Iterator[tuple[str, str]]:
    for item in body.items("value"):
        if not item.has(_REMOVED):
            yield _USER, item.text("id")


def _came_in(body: Item) -> Iterator[tuple[str, str]]:
    for group in body.items("value"):
        # Of a group whose members have not changed, Graph sends none.
        for member in group.items(_MEMBERS) if group.has(_MEMBERS) else ():
            if not member.has(_REMOVED):
                yield member.label(_TYPE).lower() or _USER, member.text("id")


def _listed(body: Item) -> Iterator[tuple[str, str]]:
    for member in body.items("value"):
        if (member.label(_TYPE).lower() or _USER) == _USER:
            yield _USER, member.text("id")


_NAMED = {Source.USERS: _changed, Source.GROUP: _came_in, Source.MEMBERS: _listed}
