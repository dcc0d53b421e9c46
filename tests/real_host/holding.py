"""Requests whose invitations Graph holds back, so that something can die meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.graph import Fault
from tests.real_host.host import until

if TYPE_CHECKING:
    from tests.real_host.deployment import Deployment

POST = "/invitations$"
NUMBER = 3
HELD_MS = 2000


async def in_flight(deployment: Deployment, held_ms: int = HELD_MS, *, lost: int = 0) -> list[str]:
    """Let Graph hold the invitations of some requests; return their ids once it has them all.

    Args:
        deployment: with a host that runs.
        held_ms: how long.
        lost: how many of them have no effect.
    """
    if lost:
        deployment.graph.faults.add(Fault(path=POST, hang_ms=held_ms, times=lost, drop="before"))
    deployment.graph.faults.add(Fault(path=POST, hang_ms=held_ms, times=NUMBER - lost))
    ids = [f"R-{number}" for number in range(NUMBER)]
    for request_id in ids:
        await deployment.put(deployment.newcomer(request_id))

    async def all_there() -> bool:
        return deployment.invited() >= NUMBER

    await until(all_there, "all at Graph")
    return ids


async def check_all_ended(deployment: Deployment, ids: list[str]) -> None:
    """Wait for the outcomes, and hold them against the promises."""
    for request_id in ids:
        assert (await deployment.outcome(request_id, 90))["status"] == "invited"
    users = [made["invitedUser"]["id"] for made in deployment.graph.invitations]
    assert len(users) == len(set(users)) == len(ids)
    assert await deployment.count("poison") == await deployment.count("requests") == 0
