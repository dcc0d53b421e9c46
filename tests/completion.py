"""How tests of a completion bring one about, and read what came of it."""

from __future__ import annotations

from typing import Any

from tests.directory import OTHER_ID, USER_ID, kim, request, tenant
from tests.service import Service, taken
from tests.telling import codes

ALL = "revokeSessions,randomisePassword,userType,sponsor,manager"
BOSS_ID = "66666666-ffff-4fff-8fff-666666666666"
BOSS = {"id": BOSS_ID, "userPrincipalName": "boss@contoso.example"}
OTHER = {"id": OTHER_ID, "userPrincipalName": "other@contoso.example"}
EVERYTHING: dict[str, Any] = {
    "revokeSessions": True,
    "randomisePassword": True,
    "userType": "guest",
    "sponsor": "boss@contoso.example",
    "manager": BOSS_ID,
}
HOUR = 3600


def place(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - of Kim
    return tenant(kim(**changes), BOSS, OTHER)


async def redeemed(
    running: Service,
    completion: dict[str, Any] | None = None,
    *,
    invite: bool = True,
    assigned_id: str | None = "kim@partner.example",
) -> None:
    """Invite with a completion, let the person redeem, and let the first look be due."""
    if invite:
        event = await running.event(request(completion=completion or EVERYTHING))
        assert event["data"]["status"] == "invited", event
    running.graph.tenant.redeem(USER_ID, "mail", assigned_id)
    await running.age_follow_up(1000)


async def ended(running: Service, completion: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the outcome of a completion that ends at its first run."""
    await redeemed(running, completion)
    first, second = await running.follow_up()
    assert (first["data"]["status"], second["data"]["status"]) == ("redeemed", "completed")
    assert await taken(running.checks) == []
    return second["data"]  # type: ignore[no-any-return]


def results(outcome: dict[str, Any]) -> dict[str, str]:
    """Return how each step ended, with the codes of its reasons."""
    return {
        each["step"]: " ".join([each["result"], *codes(each["reasons"])])
        for each in outcome["completion"]
    }


def writes(running: Service) -> list[str]:
    """Return the writes that Graph has seen of users, in their order."""
    return [
        f"{record.method} {record.path.rpartition(USER_ID)[2]}".strip()
        for record in running.graph.requests
        if record.method in {"PATCH", "PUT", "POST"} and f"users/{USER_ID}" in record.path
    ]
