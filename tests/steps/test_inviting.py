"""Invitations that come to nothing, or may have: what stays of them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from local.graph.faults import Fault
from tests.directory import USER_ID, answered, request
from tests.service import service
from tests.telling import codes
from tests.waiting import reached

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.usefixtures("at_once")


@pytest.mark.parametrize("state", ["PendingAcceptance", "Accepted"])
async def test_invitation_that_graph_says_was_not_made_is_looked_for_in_the_directory(
    azurite: str, queue_names: Iterator[str], state: str
) -> None:
    not_made = answered(USER_ID, "Error")
    async with service(azurite, queue_names) as running:
        fault = Fault(method="POST", path="/invitations$", status=201, body=not_made, hang_ms=300)
        running.graph.faults.add(fault)
        handling = asyncio.create_task(running.outcome(request()))
        await reached(running.invited)
        running.graph.tenant.change_user(USER_ID, externalUserState=state)
        outcome = await handling
    assert outcome["status"] == "invited"
    assert "answerLost" in codes(outcome["warnings"])


@pytest.mark.parametrize(
    ("fault", "claims"),
    [
        ({"status": 429, "retry_after": 0}, 0),
        ({"status": 503}, 1),
        ({"drop": "before"}, 1),
        ({"status": 400}, 1),
    ],
    ids=["throttled", "failed", "no answer", "refused"],
)
async def test_claim_stays_where_the_invitation_may_have_been_made(
    azurite: str, queue_names: Iterator[str], fault: dict[str, Any], claims: int
) -> None:
    async with service(azurite, queue_names) as running:
        running.graph.faults.add(Fault(method="POST", path="/invitations$", **fault))
        await running.handle(request())
        rows = await running.rows()
    assert [row["RowKey"] for row in rows].count("user") == claims
