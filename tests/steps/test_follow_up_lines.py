"""Every turn of a follow-up has its line in the log: alerts and workbooks read them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from converters.wire.checks import read_check
from local.graph.faults import Fault
from tests.completion import ALL, HOUR, place, redeemed
from tests.directory import OTHER_ID, USER_ID, kim, request, tenant
from tests.service import service, taken
from tests.telling import lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.service import Service

pytestmark = pytest.mark.usefixtures("at_once")
DAY = 24 * HOUR
REMINDED = {"REMIND_AFTER_DAYS": "7"}


async def redeem(running: Service) -> None:
    await redeemed(running)
    await running.follow_up()


async def grow_old(running: Service) -> None:
    await running.event(request())
    await running.age_follow_up(8 * DAY)
    await running.follow_up()


async def grow_stale(running: Service) -> None:
    await running.event(request())
    await running.age_follow_up(31 * DAY)
    await running.follow_up()


async def fall_ill(running: Service) -> None:
    await running.event(request())
    running.graph.faults.add(Fault(status=503))
    await running.age_follow_up(HOUR)
    await running.follow_up()


async def be_refused(running: Service) -> None:
    await running.event(request())
    running.graph.faults.add(Fault(path="/users/", status=403))
    await running.age_follow_up(HOUR)
    await running.follow_up()


async def be_protected(running: Service) -> None:
    await running.event(request())
    await running.age_follow_up(8 * DAY)
    await running.with_settings(PROTECTED_IDS=USER_ID, CONVERTIBLE_GROUP_ID=OTHER_ID).follow_up()


async def switch_off(running: Service) -> None:
    await running.event(request())
    await running.with_settings(FOLLOW_UP_SCHEDULE="off").follow_up()


async def refuse_a_reminder(running: Service) -> None:
    await running.event(request())
    running.graph.faults.add(Fault(method="POST", path="/invitations", status=400))
    await running.age_follow_up(8 * DAY)
    await running.follow_up()


TURNS: dict[str, tuple[Any, dict[str, str], list[tuple[str, str]]]] = {
    "redeemed": (redeem, {}, [("INFO", "redeemed"), ("INFO", "completed")]),
    "reminded": (grow_old, REMINDED, [("INFO", "reminded")]),
    "stale": (grow_stale, {}, [("INFO", "stale")]),
    "switched off": (switch_off, {}, [("INFO", "switched off")]),
    "not read": (be_refused, {}, [("WARNING", "unread: HTTP 403")]),
    "no reminder": (
        be_protected, REMINDED,
        [("WARNING", "not reminded: invitationPending,protectedByOperator,notInConvertibleGroup")],
    ),
    "reminder refused": (refuse_a_reminder, REMINDED, [("WARNING", "reminder refused")]),
}  # fmt: skip


@pytest.mark.parametrize("name", TURNS)
async def test_turn_has_its_line(
    azurite: str, queue_names: Iterator[str], caplog: pytest.LogCaptureFixture, name: str
) -> None:
    play, keys, expected = TURNS[name]
    async with service(azurite, queue_names, place(), COMPLETION_STEPS=ALL, **keys) as running:
        with caplog.at_level("INFO"):
            await play(running)
    told = lines(caplog, "followUp")
    levels = [each.levelname for each in caplog.records if each.getMessage()[:9] == "followUp "]
    assert list(zip(levels, (line["status"] for line in told), strict=True)) == expected
    assert {(line["requestId"], line["userId"]) for line in told} == {("R-1", USER_ID)}
    assert all(line["correlationId"] for line in told)


async def test_outage_has_a_line_that_names_what_was_being_done(
    azurite: str, queue_names: Iterator[str], caplog: pytest.LogCaptureFixture
) -> None:
    async with service(azurite, queue_names, tenant(kim())) as running:
        await fall_ill(running)
    (line,) = lines(caplog, "followUp")
    assert line["status"].startswith("Graph unavailable: ")
    assert line["requestId"] == "R-1"


async def test_look_that_takes_too_long_has_a_line_and_comes_again(
    azurite: str, queue_names: Iterator[str], caplog: pytest.LogCaptureFixture
) -> None:
    async with service(azurite, queue_names) as running:
        await running.event(request())
        await running.age_follow_up(HOUR)
        follower = running.converter.follower
        hasty = replace(follower, settings=replace(follower.settings, invocation_seconds=0))
        (text,) = await taken(running.checks)
        await hasty.handle(text.encode())
        (again,) = await taken(running.checks)
    (line,) = lines(caplog, "followUp")
    assert line["status"] == "time limit"
    (before, after) = (read_check(each.encode()) for each in (text, again))
    assert before
    assert after == replace(before, attempts=1)


async def test_sweep_that_found_nothing_to_do_writes_no_line(
    azurite: str, queue_names: Iterator[str], caplog: pytest.LogCaptureFixture
) -> None:
    off = {"FOLLOW_UP_SCHEDULE": "off", "LEDGER_DAYS": "0"}
    async with service(azurite, queue_names, **off) as running:
        with caplog.at_level("INFO"):
            await running.converter.caretaker.sweep()
    assert lines(caplog, "ledgerSweep") == []
