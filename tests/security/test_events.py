"""Conversions that an event of the directory asks for, and nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.directory import (
    ADDRESS,
    GROUP_ID,
    OTHER_ID,
    USER_ID,
    kim,
    tenant,
)
from tests.security.attempts import group, refusals
from tests.service import service

if TYPE_CHECKING:
    from collections.abc import Iterator


def user_event(**changes: Any) -> dict[str, Any]:  # noqa: ANN401
    data = {
        "changeType": "updated",
        "resource": f"Users/{USER_ID}",
        "resourceData": {"id": USER_ID},
    }
    event = {"specversion": "1.0", "id": "e-1", "source": "graph", "data": data}
    return {**event, "type": "Microsoft.Graph.UserUpdated", **changes}


ALL = {"EVENT_OUTCOMES": "all"}
IN_GROUP, SCOPED = tenant(groups=[group()]), {"CONVERTIBLE_GROUP_ID": GROUP_ID}


async def test_event_about_a_candidate_converts_with_the_directorys_address(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, IN_GROUP, **SCOPED) as running:
        outcome = await running.outcome(user_event())
        assert [body["invitedUserEmailAddress"] for body in running.invited()] == [ADDRESS]
    assert (outcome["requestId"], outcome["status"]) == ("e-1", "invited")


async def test_event_about_an_employee_ends_as_ineligible(
    azurite: str, queue_names: Iterator[str]
) -> None:
    employee = kim(otherMails=[], mail="kim@contoso.example")
    of_tenant = tenant(employee, groups=[group()])
    codes = await refusals(azurite, queue_names, user_event(), of_tenant, **SCOPED, **ALL)
    assert codes == ["noExternalAddress"]


async def test_s11_event_without_a_convertible_group_converts_nobody(
    azurite: str, queue_names: Iterator[str]
) -> None:
    codes = await refusals(azurite, queue_names, user_event(), None, **ALL)
    assert codes == ["eventNeedsConvertibleGroup"]


@pytest.mark.usefixtures("at_once")
async def test_r9_event_about_a_user_who_cannot_be_seen_yet_is_looked_at_again(
    azurite: str, queue_names: Iterator[str]
) -> None:
    nobody, keys = tenant(kim(id=OTHER_ID)), {"SETTLE_SECONDS": "60", **SCOPED}
    async with service(azurite, queue_names, nobody, **keys) as running:
        await running.handle(user_event())
        await running.handle(await running.waiting())
        message = await running.waiting()
        assert await running.events() == []
    async with service(azurite, queue_names, IN_GROUP, **SCOPED) as running:
        assert (await running.outcome(message))["status"] == "invited"


@pytest.mark.usefixtures("at_once")
async def test_s10_pause_holds_for_events_too(azurite: str, queue_names: Iterator[str]) -> None:
    keys = {"CONVERSIONS_PAUSED": "true", **SCOPED, **ALL}
    async with service(azurite, queue_names, IN_GROUP, **keys) as running:
        outcome = await running.outcome(user_event())
        assert [reason["code"] for reason in outcome["reasons"]] == ["conversionsPaused"]
        assert running.graph.requests == []
        assert await running.waiting()
