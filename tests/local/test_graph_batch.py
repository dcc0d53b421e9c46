"""``$batch``: each item answered on its own, in no order that could be relied on."""

from __future__ import annotations

from typing import Any

import pytest

from local.graph import Fault
from tests.local.test_graph_http import ADDRESS, JSON_TYPE, KIM, NOBODY, Client, directory, emulated


def get(key: str, url: str, **more: object) -> dict[str, Any]:
    """Return an item."""
    return {"id": key, "method": "GET", "url": url, **more}


async def send(client: Client, *items: object) -> dict[str, dict[str, Any]]:
    """Send a batch and return its answers by id."""
    reply = await client.post("$batch", {"requests": list(items)}, client_request_id="mine")
    assert reply.status == 200, reply.body
    return {answer["id"]: answer for answer in reply.body["responses"]}


async def test_items_succeed_and_fail_on_their_own() -> None:
    async with emulated() as client:
        answers = await send(
            client,
            get("1", f"/users/{KIM}?$select=id"),
            get("2", f"/users/{NOBODY}"),
            get("3", f"users?$filter=otherMails/any(o:o eq '{ADDRESS}')&$select=id"),
            get("4", "/nothing"),
        )
        assert len(client.graph.requests) == 1
    assert {key: answer["status"] for key, answer in answers.items()} == {
        "1": 200, "2": 404, "3": 200, "4": 400,
    }  # fmt: skip
    assert [user["id"] for user in answers["3"]["body"]["value"]] == [KIM]
    assert answers["1"]["headers"] == {
        "Cache-Control": "no-cache", "OData-Version": "4.0", "x-ms-resource-unit": "1",
        "Content-Type": JSON_TYPE,
    }  # fmt: skip
    assert answers["2"]["body"]["error"]["innerError"]["client-request-id"] == "mine"


async def test_answers_come_in_another_order() -> None:
    async with emulated() as client:
        orders = {tuple(await send(client, *(get(k, "/domains") for k in "abcd"))) for _ in "1234"}
    assert len(orders) > 1


async def test_failed_dependency_fails_what_depends_on_it() -> None:
    async with emulated() as client:
        answers = await send(
            client,
            get("last", "/domains", dependsOn=["after"]),
            get("after", "/domains", dependsOn=["Missing"]),
            get("missing", f"/users/{NOBODY}"),
            get("fine", "/domains", dependsOn=["first"]),
            get("first", "/domains"),
        )
    assert {key: answer["status"] for key, answer in answers.items()} == {
        "missing": 404, "after": 424, "last": 424, "first": 200, "fine": 200,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("requests", "error"),
    [
        ([get(str(n), "/domains") for n in range(21)], "exceeds the maximum value of 20"),
        ([get("a", "/domains"), get("A", "/domains")], "Request Id A has to be unique in a batch."),
        ([], "Invalid batch payload format."),
        (None, "Invalid batch payload format."),
        (["x"], "Invalid batch payload format."),
        ([{"id": "1", "method": "GET"}], "Invalid batch payload format."),
        ([{"id": 1, "method": "GET", "url": "/domains"}], "Invalid batch payload format."),
        ([get("1", "https://graph.microsoft.com/v1.0/domains")], "Invalid batch payload format."),
        ([get("1", "/domains", headers=[])], "Invalid batch payload format."),
        ([get("1", "/domains", headers={"a": 1})], "Invalid batch payload format."),
        ([get("1", "/domains", dependsOn="2")], "Invalid batch payload format."),
        ([get("1", "/domains", dependsOn=[2])], "Invalid batch payload format."),
        ([get("1", "/domains", dependsOn=["2"])], "Invalid batch payload format."),
        ([get("1", "/domains", dependsOn=["1"])], "Invalid batch payload format."),
        ([get("1", "/domains", body={})], "Content-Type"),
    ],
)
async def test_malformed_batch_is_refused_whole(requests: object, error: str) -> None:
    async with emulated() as client:
        reply = await client.post("$batch", {"requests": requests})
    assert (reply.status, error in reply.error) == (400, True), reply.error


async def test_twenty_items_are_answered() -> None:
    async with emulated() as client:
        assert len(await send(client, *(get(str(n), "/domains") for n in range(20)))) == 20


async def test_batch_in_a_batch_is_refused() -> None:
    inner = {"id": "1", "method": "POST", "url": "/$batch", "body": {"requests": []}}
    async with emulated() as client:
        answers = await send(client, {**inner, "headers": {"Content-Type": "application/json"}})
    assert answers["1"]["status"] == 400


async def test_item_can_post_and_patch() -> None:
    headers = {"Content-Type": "application/json"}
    check = {
        "id": "1", "method": "POST", "url": f"/users/{KIM}/checkMemberGroups",
        "headers": headers, "body": {"groupIds": []},
    }  # fmt: skip
    change = {
        "id": "2", "method": "PATCH", "url": f"/users/{KIM}", "headers": headers,
        "body": {"mail": "x@x.example"},
    }  # fmt: skip
    async with emulated() as client:
        answers = await send(client, check, change)
    assert (answers["1"]["status"], answers["2"]["status"]) == (200, 204)


async def test_item_is_throttled_alone() -> None:
    async with emulated() as client:
        client.graph.faults.add(
            Fault(method="BATCH GET", path="^/users", status=429, retry_after=7)
        )
        answers = await send(client, get("1", "/users?$select=id"), get("2", "/domains"))
        assert (await client.get("users")).status == 200
    assert (answers["1"]["status"], answers["1"]["headers"]["Retry-After"]) == (429, "7")
    assert answers["2"]["status"] == 200


async def test_item_needs_its_permission_alone() -> None:
    async with emulated(directory(permissions=["Domain.Read.All"])) as client:
        answers = await send(client, get("1", f"/users/{KIM}"), get("2", "/domains"))
    assert (answers["1"]["status"], answers["2"]["status"]) == (403, 200)
