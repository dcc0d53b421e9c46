"""The emulator's subscriptions and deltas: limits, ends, removal, tokens that grow old."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from local.graph import GraphEmulator
from tests.directory import GROUP_ID, OTHER_ID, USER_ID, kim, tenant
from tests.events import GROUP

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Caller = Callable[..., Awaitable[tuple[int, dict[str, Any]]]]

URL = (
    "EventGrid:?azuresubscriptionid=99999999-aaaa-4aaa-8aaa-999999999999&resourcegroup=rg"
    "&partnertopic=users&location=westeurope"
)
NOW = datetime(2026, 11, 27, tzinfo=UTC)
OTHER = kim(id=OTHER_ID, userPrincipalName="other@contoso.example", otherMails=[])
THIRD = kim(id=GROUP_ID[:-1] + "9", userPrincipalName="third@contoso.example", otherMails=[])
FOURTH = kim(id=GROUP_ID[:-1] + "8", userPrincipalName="fourth@contoso.example", otherMails=[])


def wanted(**changes: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return the body that makes a subscription."""
    return {
        "changeType": "updated,deleted",
        "notificationUrl": URL,
        "lifecycleNotificationUrl": URL,
        "resource": "users",
        "expirationDateTime": (NOW + timedelta(days=28)).isoformat(),
        "clientState": "word",
        **changes,
    }


def emulator(**changes: Any) -> GraphEmulator:  # noqa: ANN401
    """Return an emulator at a fixed time, with four users and a group of one."""
    graph = GraphEmulator(tenant(kim(), OTHER, THIRD, FOURTH, groups=[GROUP], **changes))
    graph.tenant.now = lambda: NOW
    return graph


async def call(
    graph: GraphEmulator, method: str, path: str, body: object = None
) -> tuple[int, dict[str, Any]]:
    """Call Graph; return the status and the body."""
    url = path if path.startswith("http") else f"{graph.url}/v1.0{path}"
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, url, json=body) as answer,
    ):
        text = await answer.text()
        return answer.status, await answer.json() if text else {}


async def read_all(graph: GraphEmulator, path: str) -> tuple[list[dict[str, Any]], str]:
    """Read every page; return the items and the delta link."""
    items: list[dict[str, Any]] = []
    while True:
        status, body = await call(graph, "GET", path)
        assert status == 200, body
        items += body["value"]
        if "@odata.nextLink" not in body:
            return items, body.get("@odata.deltaLink", "")
        path = body["@odata.nextLink"]


async def test_subscription_lives_from_its_making_to_its_end() -> None:
    async with emulator() as graph:
        status, made = await call(graph, "POST", "/subscriptions", wanted())
        assert (status, made["clientState"]) == (201, "word")
        path = f"/subscriptions/{made['id']}"
        _, seen = await call(graph, "GET", path)
        assert (seen["id"], seen["clientState"]) == (made["id"], None)
        later = {"expirationDateTime": (NOW + timedelta(days=29)).isoformat()}
        assert (await call(graph, "PATCH", path, later))[0] == 200
        graph.tenant.now = lambda: NOW + timedelta(days=28, hours=1)
        assert (await call(graph, "GET", path))[0] == 200
        graph.tenant.now = lambda: NOW + timedelta(days=30)
        assert (await call(graph, "GET", path))[0] == 404
        assert (await call(graph, "PATCH", path, later))[0] == 404
        assert (await call(graph, "GET", "/subscriptions"))[1]["value"] == []


@pytest.mark.parametrize(
    "changes",
    [
        {"changeType": "created"},
        {"changeType": "created,updated"},
        {"expirationDateTime": (NOW + timedelta(minutes=41_761)).isoformat()},
        {"expirationDateTime": (NOW - timedelta(minutes=1)).isoformat()},
        {"expirationDateTime": "tomorrow"},
        {"notificationUrl": "https://example.org/"},
        {"lifecycleNotificationUrl": "EventGrid:?x=y"},
        {"resource": "devices"},
        {"clientState": "x" * 129},
        {"something": "else"},
    ],
)
async def test_subscription_that_graph_would_not_take_is_refused(changes: dict[str, Any]) -> None:
    async with emulator() as graph:
        status, body = await call(graph, "POST", "/subscriptions", wanted(**changes))
        assert (status, "error" in body) == (400, True)


async def test_application_has_at_most_a_hundred_and_needs_its_permission() -> None:
    async with emulator() as graph:
        for _ in range(100):
            assert (await call(graph, "POST", "/subscriptions", wanted()))[0] == 201
        assert (await call(graph, "POST", "/subscriptions", wanted()))[0] == 403
        graph.tenant.set_policies({"permissions": []})
        for path in ("/subscriptions", "/users/delta", "/groups/delta"):
            assert (await call(graph, "GET", path))[0] == 403


async def test_change_is_told_to_each_subscription_with_its_own_word() -> None:
    async with emulator() as graph:
        graph.tenant.change_user(USER_ID, displayName="Before")
        await call(graph, "POST", "/subscriptions", wanted())
        graph.tenant.change_user(USER_ID, displayName="After")
        _, made = await call(graph, "POST", "/subscriptions", wanted())
        await call(graph, "DELETE", f"/subscriptions/{made['id']}")
        graph.tenant.subscriptions.send_lifecycle("missed", graph.tenant.tenant_id, NOW)
        changed, missed = graph.tenant.subscriptions.events
    assert (changed["type"], changed["subject"]) == (
        "Microsoft.Graph.UserUpdated",
        f"Users/{USER_ID}",
    )
    assert changed["data"]["clientState"] == "word"
    assert missed["data"]["lifecycleEvent"] == "missed"


async def test_delta_of_users_tells_what_has_changed_since() -> None:
    async with emulator() as graph:
        everybody, link = await read_all(graph, "/users/delta?$select=id")
        assert len(everybody) == 4
        assert await read_all(graph, link) == ([], (await read_all(graph, link))[1])
        latest, from_now = await read_all(graph, "/users/delta?$select=id&$deltatoken=latest")
        assert latest == []
        graph.tenant.change_user(OTHER_ID, displayName="New")
        graph.tenant.change_user(OTHER_ID, displayName="Newer")
        for each in (link, from_now):
            changed, _ = await read_all(graph, each)
            assert [item["id"] for item in changed] == [OTHER_ID]
        graph.tenant.now = lambda: NOW + timedelta(days=8)
        status, body = await call(graph, "GET", link)
        assert (status, body["error"]["code"]) == (410, "syncStateNotFound")
        assert (await call(graph, "GET", "/users/delta?$deltatoken=x"))[0] == 400


async def test_delta_of_a_group_tells_who_came_and_who_left() -> None:
    path = f"/groups/delta?$filter=id eq '{GROUP_ID}'&$select=members"
    async with emulator() as graph:
        (group,), link = await read_all(graph, path)
        assert [each["id"] for each in group["members@delta"]] == [USER_ID]
        for user in (OTHER, THIRD, FOURTH):
            graph.tenant.memberships.add(GROUP_ID, user["id"])
        graph.tenant.memberships.remove(GROUP_ID, USER_ID)
        pages, _ = await read_all(graph, link)
        states = {
            each["id"]: "@removed" not in each for page in pages for each in page["members@delta"]
        }
        assert states == {
            OTHER_ID: True, THIRD["id"]: True, FOURTH["id"]: True, USER_ID: False,
        }  # fmt: skip
        graph.tenant.memberships.add(GROUP_ID, USER_ID)
        members, _ = await read_all(graph, f"/groups/{GROUP_ID}/transitiveMembers?$select=id")
        assert {each["id"] for each in members} == set(states)
        assert (await call(graph, "GET", f"/groups/{USER_ID}/transitiveMembers"))[0] == 404
        assert (await call(graph, "GET", "/groups/delta"))[0] == 400


async def test_hire_and_lifecycle_are_played_from_outside() -> None:
    async with emulator() as graph:
        await call(graph, "POST", "/subscriptions", wanted())
        control = f"{graph.url}/_emulator"
        hired = {"groupId": GROUP_ID, "user": {"id": THIRD["id"][:-1] + "7",
                 "userPrincipalName": "new@contoso.example"}}  # fmt: skip
        assert (await call(graph, "POST", f"{control}/hire", hired))[0] == 200
        assert (await call(graph, "POST", f"{control}/hire", hired | {"groupId": "x"}))[0] == 400
        gone = {"event": "subscriptionRemoved"}
        assert (await call(graph, "POST", f"{control}/lifecycle", gone))[0] == 200
        assert graph.tenant.subscriptions.alive(NOW) == []
        types = [event["type"] for event in graph.tenant.subscriptions.events]
    assert types == ["Microsoft.Graph.UserUpdated", "Microsoft.Graph.SubscriptionRemoved"]
