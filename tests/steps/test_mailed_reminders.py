"""Reminders that this service mails itself: each once at most, and none half done untold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from converters.settings.follow_up import DAY
from converters.steps import retrying
from local.graph.faults import Fault
from tests.directory import USER_ID, request
from tests.own_mail import KEYS, LOST, SEND, of_tenant, posts
from tests.service import Service, service
from tests.telling import codes, lines
from tests.waiting import waits

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.usefixtures("at_once")
REMIND = KEYS | {"REMIND_AFTER_DAYS": "7"}


async def age_mail(running: Service, seconds: int) -> None:
    """Let a reminder's mail have been tried so long ago."""
    open_ = [row for row in await running.rows() if row["PartitionKey"] == "followUps"]
    (row,) = [row for row in open_ if row.get("Mail")]
    row["Mail"] = repr(float(row["Mail"]) - seconds)
    await running.ledger.update_entity(row)


async def test_reminder_is_mailed_with_a_link_that_works(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, of_tenant(), **REMIND) as running:
        await running.event(request())
        (event,) = await running.follow_up_after(8 * DAY)
        assert await running.follow_up_after(1 * DAY) == []
        first, second = running.graph.mails
        assert second["redeemUrl"] == running.graph.tenant.redeem_urls[USER_ID]
        assert second["subject"] != first["subject"]
        assert {mail["from"] for mail in running.graph.mails} == {KEYS["MAIL_SENDER"]}
    assert event["data"]["status"] == "reminded"
    assert codes(event["data"]["warnings"]) == ["olderLinkVoid"]


async def test_lost_answer_is_found_and_the_reminder_told(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, of_tenant(), **REMIND) as running:
        await running.event(request())
        running.graph.faults.add(LOST)
        assert await running.follow_up_after(8 * DAY) == []
        (event,) = await running.follow_up()
        assert await running.follow_up_after(1 * DAY) == []
        assert len(running.graph.mails) == 2
    assert codes(event["data"]["warnings"]) == ["olderLinkVoid"]


async def test_reminder_in_doubt_is_told_and_not_mailed_again(
    azurite: str, queue_names: Iterator[str]
) -> None:
    box = {"roles": ["Mail.Send"]}
    async with service(azurite, queue_names, of_tenant(**box), **REMIND) as running:
        await running.event(request())
        running.graph.faults.add(LOST)
        assert await running.follow_up_after(8 * DAY) == []
        assert await running.follow_up() == []
        await age_mail(running, 91)
        (event,) = await running.follow_up()
        assert posts(running) == len(running.graph.mails) == 2
    assert codes(event["data"]["warnings"]) == ["mailInDoubt"]


async def test_reminder_in_doubt_waits_for_the_doubt_to_end(
    azurite: str, queue_names: Iterator[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    box = {"roles": ["Mail.Send"]}
    async with service(azurite, queue_names, of_tenant(**box), **REMIND) as running:
        await running.event(request())
        running.graph.faults.add(LOST)
        assert await running.follow_up_after(8 * DAY) == []
        waited = waits(monkeypatch)
        assert await running.follow_up() == []
    (wait,) = waited
    assert 60 < wait <= running.converter.settings.doubt_seconds == 90


async def test_reminder_whose_older_link_is_void_waits_as_long_as_the_days_limit_holds(
    azurite: str, queue_names: Iterator[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with service(azurite, queue_names, of_tenant(), **REMIND) as running:
        await running.event(request())
        running.graph.faults.add(Fault(**SEND, status=429, retry_after=0))
        assert await running.follow_up_after(8 * DAY) == []
        await running.quota.send_message("1")
        waited = waits(monkeypatch)
        limited = running.with_settings(DAILY_LIMIT="1")
        assert await limited.follow_up() == await running.follow_up() == []
        assert len(running.graph.mails) == 1
    assert waited == [retrying.LIMIT_SECONDS] * 2


@pytest.mark.parametrize(
    "fault",
    [Fault(**SEND, drop="before"), Fault(**SEND, status=429, retry_after=0)],
    ids=["never arrived", "throttled"],
)
async def test_reminder_that_was_not_mailed_is_mailed_later(
    azurite: str, queue_names: Iterator[str], fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "b2b_conversion")
    async with service(azurite, queue_names, of_tenant(), **REMIND) as running:
        await running.event(request())
        running.graph.faults.add(fault)
        assert await running.follow_up_after(8 * DAY) == []
        if fault.drop:
            await age_mail(running, 91)
        (event,) = await running.follow_up()
        assert len(running.graph.mails) == 2
        url = running.graph.tenant.redeem_urls[USER_ID]
        assert running.graph.mails[-1]["redeemUrl"] == url
    told = [line["mail"] for line in lines(caplog, "mail")]
    assert told == ["sent", *(["lost", "notFound"] if fault.drop else ["throttled"]), "sent"]
    assert codes(event["data"]["warnings"]) == ["olderLinkVoid"]


async def test_refused_reminder_says_so_and_none_is_begun_while_the_mailbox_refuses(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(
        azurite, queue_names, of_tenant(), REMIND_AFTER_DAYS="7,9", **KEYS
    ) as running:
        await running.event(request())
        running.graph.faults.add(Fault(path="/sendMail$", status=403, code="ErrorAccessDenied"))
        (event,) = await running.follow_up_after(8 * DAY)
        assert await running.follow_up_after(1.5 * DAY) == []
        assert len(running.invited()) == 2
    assert codes(event["data"]["warnings"]) == ["mailNotSent"]


@pytest.mark.parametrize(
    ("keys", "changes"),
    [({"CONVERSIONS_PAUSED": "true"}, {}), ({}, {"accountEnabled": False})],
    ids=["paused", "refused by a rule"],
)
async def test_reminder_that_may_not_go_on_says_that_it_was_not_mailed(
    azurite: str, queue_names: Iterator[str], keys: dict[str, str], changes: dict[str, Any]
) -> None:
    async with service(azurite, queue_names, of_tenant(), **REMIND) as running:
        await running.event(request())
        running.graph.faults.add(Fault(**SEND, status=429, retry_after=0))
        assert await running.follow_up_after(8 * DAY) == []
        running.graph.tenant.change_user(USER_ID, **changes)
        told = await running.with_settings(**keys).follow_up()
        assert len(running.graph.mails) == 1
    first, *_ = told
    assert codes(first["data"]["warnings"]) == ["mailNotSent"]


async def test_reminder_in_doubt_is_told_once_own_mail_is_off(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, of_tenant(), **REMIND) as running:
        await running.event(request())
        running.graph.faults.add(LOST)
        assert await running.follow_up_after(8 * DAY) == []
        off = running.with_settings(MAIL_SENDER="", MAIL_ORGANISATION="")
        (event,) = await off.follow_up()
        assert len(running.graph.mails) == 2
    assert codes(event["data"]["warnings"]) == ["mailInDoubt"]
