"""A request to its outcome, and what Graph said of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.graph import Fault
from tests.directory import (
    kim,
    request,
    tenant,
)
from tests.service import service

if TYPE_CHECKING:
    from collections.abc import Iterator

POST = "/invitations$"
CURRENT = {"RULES_EDITION": "current"}


async def concluded(
    azurite: str,
    queue_names: Iterator[str],
    of_tenant: dict[str, Any],
    message: dict[str, Any] | None = None,
    /,
    **keys: str,
) -> tuple[dict[str, Any], int]:
    """Return the outcome of a request, and how many POSTs there were."""
    async with service(azurite, queue_names, of_tenant, **keys) as running:
        outcome = await running.outcome(message or request())
        return outcome, len(running.invited())


def failing(status: int, message: str, code: str = "BadRequest", times: int | None = 1) -> Fault:
    """Return a refusal or a failure of Graph's, in its words."""
    return Fault(path=POST, status=status, code=code, message=message, times=times)


async def refused(
    azurite: str, queue_names: Iterator[str], fault: Fault, user: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Return the one reason of a request that Graph refuses in the words of the fault."""
    async with service(azurite, queue_names, tenant(user or kim()), RETRY_HOURS="0") as running:
        running.graph.faults.add(fault)
        outcome = await running.outcome(request())
    assert outcome["status"] == "failed"
    (reason,) = outcome["reasons"]
    return dict(reason)
