"""Reminders that come to nothing leave all as it should be: the row, the next look, the limit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from converters.graph import rate_limit
from converters.model.trace import Trace
from converters.settings.follow_up import DAY
from local.graph.faults import Fault
from tests.directory import OTHER_ID, USER_ID, answered, kim, lee, of_lee, request, tenant
from tests.own_mail import SEND, SENDER, of_tenant
from tests.service import service, taken
from tests.steps.test_mailed_reminders import REMIND, age_mail

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.service import Service

pytestmark = pytest.mark.usefixtures("at_once")
POST: dict[str, Any] = {"method": "POST", "path": "/invitations$", "times": 1}


async def not_mailed(running: Service) -> None:
    """Begin a reminder whose mail certainly was not sent."""
    await running.event(request())
    running.graph.faults.add(Fault(**SEND, status=429, retry_after=0))
    assert await running.follow_up_after(8 * DAY) == []


async def test_reminder_that_graph_refuses_leaves_a_clean_row_and_a_message(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, of_tenant(), **REMIND) as running:
        await running.event(request())
        running.graph.faults.add(Fault(**POST, status=400, message="No."))
        assert await running.follow_up_after(8 * DAY) == []
        row = await running.open_follow_up()
        assert (row["Reminder"], row["Mail"], row["Reminders"]) == ("", "", 1)
        assert len(await taken(running.checks)) == 1


async def test_reminder_that_was_told_leaves_a_clean_row(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, of_tenant(), **REMIND) as running:
        await running.event(request())
        assert len(await running.follow_up_after(8 * DAY)) == 1
        row = await running.open_follow_up()
        assert (row["Reminder"], row["Mail"], row["Reminders"]) == ("", "", 1)


async def test_link_that_cannot_be_made_anew_for_its_mail_is_told(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, of_tenant(), **REMIND) as running:
        await not_mailed(running)
        running.graph.faults.add(Fault(**POST, status=400, message="No."))
        (event,) = await running.follow_up()
    assert event["data"]["status"] == "reminded"
    (warning,) = event["data"]["warnings"]
    assert warning["code"] == "mailNotSent"
    assert "the invitation could not be made anew" in warning["message"]


@pytest.mark.parametrize(
    ("body", "most", "why"),
    [(answered(OTHER_ID), None, "it was another user's"), (None, 10, "it could not be written")],
    ids=["another user", "too long"],
)
async def test_mail_that_may_not_or_cannot_be_written_is_told(  # noqa: PLR0913, PLR0917 - a table
    azurite: str,
    queue_names: Iterator[str],
    monkeypatch: pytest.MonkeyPatch,
    body: dict[str, Any] | None,
    most: int | None,
    why: str,
) -> None:
    async with service(azurite, queue_names, of_tenant(), **REMIND) as running:
        await running.event(request())
        if body:
            running.graph.faults.add(Fault(**POST, status=201, body=body))
        if most:
            monkeypatch.setattr("converters.mail.writer.MOST_BYTES", most)
        (event,) = await running.follow_up_after(8 * DAY)
        assert len(running.graph.mails) == 1
    (warning,) = event["data"]["warnings"]
    assert warning["code"] == "mailNotSent"
    assert why in warning["message"]


async def test_mail_to_another_reader_is_not_taken_for_the_lost_one(
    azurite: str, queue_names: Iterator[str]
) -> None:
    place = tenant(kim(), lee(), mailboxes=[{"address": SENDER, "showsHeaders": False}])
    async with service(azurite, queue_names, place, **REMIND) as running:
        await running.event(request())
        # The first mail was sent a week ago.
        running.graph.tenant.mailboxes[SENDER].sent.clear()
        running.graph.faults.add(Fault(**SEND, drop="before"))
        assert await running.follow_up_after(8 * DAY) == []
        assert (await running.outcome(of_lee()))["status"] == "invited"
        await age_mail(running, 91)
        events = await running.follow_up()
    (event,) = [event for event in events if event["data"]["requestId"] == "R-1"]
    assert [each["code"] for each in event["data"]["warnings"]] == ["olderLinkVoid"]


async def test_place_of_a_reminder_that_is_not_made_is_the_next_ones(
    azurite: str, queue_names: Iterator[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limit, "FIRST_SHARE", 1.0)
    keys = {"REMIND_AFTER_DAYS": "7", "INVOCATION_SECONDS": "5"}
    async with service(azurite, queue_names, tenant(kim(), lee()), **keys) as running:
        await running.event(request())
        await running.age_follow_up(8 * DAY)
        assert await running.with_settings(PROTECTED_IDS=USER_ID).follow_up() == []
        outcome = await running.outcome(of_lee())
    assert outcome["status"] == "invited"


async def test_reminder_that_somebody_else_settles_is_left_to_them(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, of_tenant(), **REMIND) as running:
        await not_mailed(running)
        _, stale = await running.stale_follow_up()
        made = len(running.invited())
        assert await running.converter.follower.reminders.settle(stale, Trace(USER_ID)) is None
        assert (len(running.invited()), len(running.graph.mails)) == (made, 1)
