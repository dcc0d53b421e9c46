"""Attempts that have to end as a refusal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.directory import (
    GROUP_ID,
    USER_ID,
)
from tests.service import service

if TYPE_CHECKING:
    from collections.abc import Iterator


def group(**changes: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"id": GROUP_ID, "displayName": "Group", "members": [USER_ID], **changes}


async def refusals(
    azurite: str,
    queue_names: Iterator[str],
    message: dict[str, Any],
    of_tenant: dict[str, Any] | None = None,
    **keys: str,
) -> list[str]:
    """Return the codes by which a message is refused; see that nobody was invited."""
    async with service(azurite, queue_names, of_tenant, **keys) as running:
        outcome = await running.outcome(message)
        assert running.invited() == []
        assert outcome["status"] == "ineligible"
    return [reason["code"] for reason in outcome["reasons"]]
