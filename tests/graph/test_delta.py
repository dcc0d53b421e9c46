"""A page of changes that is not whole is unread; a link that Graph forgot is told from others."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from converters.graph.delta import USERS_FROM_NOW, Source, group_from_start, read_page
from converters.graph.responses import Response
from converters.model.errors import GraphUnavailable, NotRead
from converters.model.trace import Trace
from tests.directory import GROUP_ID, OTHER_ID, USER_ID

if TYPE_CHECKING:
    from converters.graph.delta import Page

ROOT = "https://graph.microsoft.com/v1.0"
TRACE = Trace("00000000-0000-4000-8000-000000000000")
DELTA = {"@odata.deltaLink": f"{ROOT}/users/delta?$deltatoken=n"}
CONTINUED = "/users/delta?$deltatoken=n7"


class Answering:
    """Graph, with one answer."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        self._answer = Response(status, {}, body)

    async def page(self, path: str, what: str, trace: Trace) -> Response:
        """Return it."""
        assert path.startswith("/")
        assert what
        assert trace is TRACE
        return self._answer

    def below(self, link: str) -> str | None:
        """Do as the client does."""
        return link.removeprefix(ROOT) if link.startswith(f"{ROOT}/") else None


async def page(
    body: dict[str, Any], source: Source = Source.USERS, path: str = CONTINUED, status: int = 200
) -> Page | None:
    """Read a page."""
    return await read_page(Answering(status, body), source, path, TRACE)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"value": []},
        {"value": [{}], **DELTA},
        {"value": [{"id": None}], **DELTA},
        {"value": None, **DELTA},
        {"value": [], **DELTA, "@odata.nextLink": f"{ROOT}/users/delta?$skiptoken=s"},
        {"value": [], "@odata.deltaLink": "https://evil.example/v1.0/users/delta"},
        {"value": [], "@odata.deltaLink": f"{ROOT}.evil.example/users/delta"},
        {"value": [], "@odata.deltaLink": 7},
        {"value": [], **DELTA, "error": {"code": "x"}},
    ],
)
async def test_page_that_is_not_whole_is_unread(body: dict[str, Any]) -> None:
    with pytest.raises(GraphUnavailable, match="users who were changed"):
        await page(body)


async def test_page_of_users_leaves_out_who_is_gone() -> None:
    removed = {"id": OTHER_ID, "@removed": {"reason": "changed"}}
    found = await page({"value": [{"id": USER_ID}, removed], **DELTA})
    assert found
    assert (found.users, found.is_last) == ((USER_ID,), True)
    assert found.link == "/users/delta?$deltatoken=n"


async def test_page_of_a_group_tells_users_from_groups_and_from_what_is_neither() -> None:
    members = [
        {"@odata.type": "#microsoft.graph.user", "id": USER_ID},
        {"@odata.type": "#microsoft.graph.user", "id": "left", "@removed": {"reason": "deleted"}},
        {"@odata.type": "#microsoft.graph.group", "id": GROUP_ID},
        {"@odata.type": "#microsoft.graph.device", "id": "device"},
        {"id": OTHER_ID},
    ]
    groups = [{"id": GROUP_ID}, {"id": GROUP_ID, "members@delta": members}]
    following = {"@odata.nextLink": f"{ROOT}/groups/delta?$skiptoken=s"}
    found = await page({"value": groups, **following}, Source.GROUP)
    assert found
    assert (found.users, found.groups, found.is_last) == ((USER_ID, OTHER_ID), (GROUP_ID,), False)
    with pytest.raises(GraphUnavailable):
        await page({"value": [{"id": GROUP_ID, "members@delta": [{}]}], **following}, Source.GROUP)


async def test_list_of_members_ends_without_a_link() -> None:
    found = await page(
        {"value": [{"id": USER_ID}, {"@odata.type": "#microsoft.graph.group", "id": GROUP_ID}]},
        Source.MEMBERS,
    )
    assert found
    assert (found.users, found.link, found.is_last) == ((USER_ID,), "", True)


def test_changes_are_asked_for_of_what_the_rules_look_at() -> None:
    (selected,) = parse_qs(urlsplit(USERS_FROM_NOW).query)["$select"]
    assert set(selected.split(",")) == {
        "id", "accountEnabled", "userType", "mail", "otherMails", "identities",
        "externalUserState", "onPremisesSyncEnabled", "assignedPlans",
    }  # fmt: skip


@pytest.mark.parametrize("status", [400, 410])
async def test_link_that_graph_no_longer_knows_is_told_from_a_start_that_it_refuses(
    status: int,
) -> None:
    assert await page({"error": {"code": "syncStateNotFound"}}, status=status) is None
    for start in (USERS_FROM_NOW, group_from_start(GROUP_ID)):
        if status == 400:
            with pytest.raises(NotRead, match="HTTP 400"):
                await page({}, path=start, status=400)


@pytest.mark.parametrize(
    ("source", "permission"),
    [
        (Source.USERS, "User.Read.All"),
        (Source.GROUP, "GroupMember.Read.All"),
        (Source.MEMBERS, "GroupMember.Read.All"),
    ],
)
async def test_refusal_names_the_permission(source: Source, permission: str) -> None:
    with pytest.raises(NotRead, match=rf"it needs {re.escape(permission)}\)"):
        await page({}, source, status=403)
