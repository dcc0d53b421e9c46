"""Reminders on real parts: each step once at most, under the rules of the first invitation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from converters.settings.follow_up import DAY
from local.graph.faults import Fault
from tests.directory import USER_ID, kim, request, tenant
from tests.service import service, taken
from tests.telling import codes, lines

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.usefixtures("at_once")
POST: dict[str, Any] = {"method": "POST", "path": "/invitations", "times": 1}


async def test_invitation_is_made_again_once_a_step(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, REMIND_AFTER_DAYS="7,21") as running:
        info = {"messageLanguage": "de-DE"}
        first = await running.event(request(invitedUserMessageInfo=info))
        told = [await running.follow_up_after(days * DAY) for days in (1, 5.9, 0.2, 1, 12, 1, 2, 5)]
        stale = await running.follow_up_after(2 * DAY)
        assert len(running.graph.mails) == 3
        assert [mail["messageLanguage"] for mail in running.graph.mails] == ["de-DE"] * 3
    (seven,), (twenty_one,) = told[2], told[5]
    assert [len(events) for events in told] == [0, 0, 1, 0, 0, 1, 0, 0]
    for event in (seven, twenty_one):
        assert (event["data"]["status"], event["data"]["requestId"]) == ("reminded", "R-1")
        assert codes(event["data"]["warnings"]) == ["olderLinkVoid"]
        assert "invitation" not in event["data"]
    assert len({first["id"], seven["id"], twenty_one["id"], stale[0]["id"]}) == 4
    assert stale[0]["data"]["status"] == "stale"


async def test_reminders_that_were_missed_are_one(azurite: str, queue_names: Iterator[str]) -> None:
    async with service(azurite, queue_names, REMIND_AFTER_DAYS="7,21") as running:
        await running.event(request())
        (event,) = await running.follow_up_after(22 * DAY)
        row = await running.open_follow_up()
        # For whoever reads the history: how many reminders were begun, and when the last.
        assert row["Reminders"] == 2
        assert row["Reminded"] > row["Invited"]
        assert await running.follow_up_after(1 * DAY) == []
        assert len(running.graph.mails) == 2
    assert event["data"]["status"] == "reminded"


@pytest.mark.parametrize(
    ("changes", "keys"),
    [
        ({"otherMails": ["else@partner.example"]}, {}),
        ({"otherMails": ["kim@partner.example", "else@partner.example"]}, {}),
        ({}, {"PROTECTED_IDS": USER_ID}),
        ({}, {"ALLOWED_EMAIL_DOMAINS": "else.example"}),
        ({}, {"CONVERSIONS_PAUSED": "true"}),
        ({}, {"REMIND_AFTER_DAYS": ""}),
    ],
)
async def test_rules_of_the_first_invitation_hold(
    azurite: str,
    queue_names: Iterator[str],
    caplog: pytest.LogCaptureFixture,
    changes: dict[str, Any],
    keys: dict[str, str],
) -> None:
    async with service(azurite, queue_names, REMIND_AFTER_DAYS="7") as running:
        await running.event(request())
        running.graph.tenant.change_user(USER_ID, **changes)
        with caplog.at_level("INFO", "b2b_conversion"):
            assert await running.with_settings(**keys).follow_up_after(8 * DAY) == []
        told = [line["status"] for line in lines(caplog, "followUp")]
        asks_the_rules = not keys.keys() & {"CONVERSIONS_PAUSED", "REMIND_AFTER_DAYS"}
        assert any("not reminded: " in each for each in told) is asks_the_rules
        assert len(running.invited()) == 1
        running.graph.tenant.change_user(USER_ID, otherMails=["kim@partner.example"])
        # Once the rules allow it, the next look makes it.
        (event,) = await running.follow_up_after(1 * DAY)
    assert event["data"]["status"] == "reminded"


async def test_silent_invitation_is_not_made_again(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, REMIND_AFTER_DAYS="7") as running:
        await running.event(request(sendInvitationMessage=False))
        assert await running.follow_up_after(8 * DAY) == []
        assert len(running.invited()) == 1


async def test_nobody_who_redeemed_is_reminded(azurite: str, queue_names: Iterator[str]) -> None:
    async with service(azurite, queue_names, REMIND_AFTER_DAYS="7") as running:
        await running.event(request())
        running.graph.tenant.redeem(USER_ID)
        (event,) = await running.follow_up_after(8 * DAY)
        assert len(running.invited()) == 1
    assert event["data"]["status"] == "redeemed"


async def test_r15_lost_answer_mails_nobody_twice_and_says_so(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, REMIND_AFTER_DAYS="7") as running:
        await running.event(request())
        running.graph.faults.add(Fault(**POST, drop="after"))
        assert await running.follow_up_after(8 * DAY) == []
        (event,) = await running.follow_up()
        assert await running.follow_up_after(1 * DAY) == []
        assert len(running.graph.mails) == 2
    assert codes(event["data"]["warnings"]) == ["answerLost"]


async def test_r15_throttled_reminder_comes_later(azurite: str, queue_names: Iterator[str]) -> None:
    async with service(azurite, queue_names, REMIND_AFTER_DAYS="7") as running:
        await running.event(request())
        running.graph.faults.add(Fault(**POST, status=429, retry_after=0))
        assert await running.follow_up_after(8 * DAY) == []
        (event,) = await running.follow_up()
        assert len(running.graph.mails) == 2
    assert codes(event["data"]["warnings"]) == ["olderLinkVoid"]


async def test_days_limit_holds_a_reminder_back(azurite: str, queue_names: Iterator[str]) -> None:
    async with service(azurite, queue_names, REMIND_AFTER_DAYS="7") as running:
        await running.event(request())
        limited = running.with_settings(DAILY_LIMIT="1")
        await running.quota.send_message("1")
        assert await limited.follow_up_after(8 * DAY) == []
        (event,) = await running.follow_up_after(1 * DAY)
    assert event["data"]["status"] == "reminded"


async def test_r15_reminder_whose_quota_cannot_be_counted_comes_later(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, REMIND_AFTER_DAYS="7") as running:
        await running.event(request())
        limited = running.with_settings(DAILY_LIMIT="9")
        await running.quota.delete_queue()
        assert await limited.follow_up_after(8 * DAY) == []
        assert len(running.invited()) == 1
        await running.quota.create_queue()
        (event,) = await limited.follow_up()
        assert len(running.graph.mails) == 2
    # It was not begun the first time, so nothing is in doubt.
    assert codes(event["data"]["warnings"]) == ["olderLinkVoid"]


async def test_reminder_that_graph_refuses_is_not_tried_again(
    azurite: str, queue_names: Iterator[str], caplog: pytest.LogCaptureFixture
) -> None:
    async with service(azurite, queue_names, REMIND_AFTER_DAYS="7") as running:
        await running.event(request())
        running.graph.faults.add(Fault(**POST, status=400, message="No."))
        assert await running.follow_up_after(8 * DAY) == []
        assert await running.follow_up_after(1 * DAY) == []
        assert len(running.invited()) == 2
    assert "reminder refused" in [line["status"] for line in lines(caplog, "followUp")]


async def test_r15_reminder_that_could_not_be_told_is_told_later_and_made_once(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, tenant(kim()), REMIND_AFTER_DAYS="7") as running:
        await running.event(request())
        await running.results.delete_queue()
        await running.age_follow_up(8 * DAY)
        follower = running.converter.follower
        for text in await taken(running.checks):
            await follower.handle(text.encode())
        await running.results.create_queue()
        (event,) = await running.follow_up()
        assert len(running.graph.mails) == 2
    assert codes(event["data"]["warnings"]) == ["olderLinkVoid"]
