"""Events in bursts: a user is looked at once for many, nothing they tell of is lost."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from converters.storage.table import Rows
from tests.directory import ADDRESS, OTHER_ID, USER_ID, kim, request, tenant
from tests.events import EVENTS, GROUP, OTHER_TENANT, in_group, numbered, user_event
from tests.service import Service, service, taken
from tests.telling import codes, lines, story, untold

if TYPE_CHECKING:
    from collections.abc import Iterator

QUIET = {**EVENTS, "EVENT_QUIET_SECONDS": "300"}
NO_ADDRESS = in_group(kim(otherMails=[]))
pytestmark = pytest.mark.usefixtures("at_once")


@pytest.fixture(autouse=True)
def _listening(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "b2b_conversion")


async def age(running: Service, seconds: int) -> None:
    """Let everything that the ledger says of users be so much older."""
    for row in await running.rows():
        if "Since" in row:
            row["Since"] -= timedelta(seconds=seconds)
            await running.ledger.update_entity(row)


async def looked(running: Service, event: object) -> bool:
    """Handle an event; tell whether the user was looked at for it."""
    before = len(running.graph.requests)
    await running.handle(event)
    return len(running.graph.requests) > before


@pytest.mark.parametrize("first", [request(), user_event("e-0")])
async def test_echo_of_the_services_own_invitation_is_a_line_of_the_log(
    azurite: str,
    queue_names: Iterator[str],
    caplog: pytest.LogCaptureFixture,
    first: dict[str, Any],
) -> None:
    async with service(azurite, queue_names, in_group(), **QUIET) as running:
        invited = await running.outcome(first)
        asked = len(running.graph.requests)
        line = await untold(running, user_event("e-1"), caplog)
        assert len(running.graph.requests) == asked
        await age(running, 301)
        late = await untold(running, user_event("e-2"), caplog)
        assert len(running.graph.requests) > asked
        assert len(running.invited()) == 1
        everything = running.with_settings(EVENT_OUTCOMES="all")
        await age(everything, -200)
        (told,) = (await everything.outcome(user_event("e-3")))["reasons"]
    assert invited["status"] == "invited"
    for echo in (line, late):
        assert (echo["status"], echo["reasons"]) == ("alreadyInvited", ["invitationPending"])
    assert told["message"].endswith(f"by request {invited['requestId']}.")


async def test_echo_before_the_directory_shows_the_invitation_tells_nobody(
    azurite: str, queue_names: Iterator[str], caplog: pytest.LogCaptureFixture
) -> None:
    keys = {**EVENTS, "SETTLE_SECONDS": "300"}
    async with service(azurite, queue_names, in_group(), **keys) as running:
        running.graph.set_lag(60_000)
        await running.outcome(request())
        line = await untold(running, user_event(), caplog)
        assert len(running.invited()) == 1
    assert (line["status"], line["reasons"]) == ("alreadyInvited", ["invitationPending"])


async def test_event_beside_a_request_that_is_about_to_invite_tells_nobody(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, in_group(), **QUIET) as running:
        await asyncio.gather(*(running.handle(each) for each in (request(), user_event())))
        told = await running.events()
        while texts := await taken(running.requests):
            await age(running, 301)
            for text in texts:
                await running.handle(text.encode())
        told += await running.events()
        assert len(running.invited()) == 1
    assert {event["data"]["status"] for event in told} <= {"invited", "ineligible"}
    assert {event["id"] for event in told if event["data"]["requestId"] == "R-1"}


async def test_copies_of_one_event_at_once_invite_once_and_are_told_as_one(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, in_group(), **QUIET) as running:
        await asyncio.gather(*(running.handle(numbered("e-1", "7")) for _ in range(8)))
        while texts := await taken(running.requests):
            await age(running, 301)
            for text in texts:
                await running.handle(text.encode())
        told = await running.events()
        assert len(running.invited()) == 1
    assert {(event["id"], event["data"]["status"]) for event in told} == {
        (told[0]["id"], "invited")
    }


@pytest.mark.parametrize("quiet", ["0", "300"])
async def test_many_events_of_one_user_at_once_invite_once_and_tell_once(
    azurite: str, queue_names: Iterator[str], quiet: str
) -> None:
    keys = {**EVENTS, "EVENT_QUIET_SECONDS": quiet, "SETTLE_SECONDS": "300"}
    async with service(azurite, queue_names, in_group(), **keys) as running:
        running.graph.set_lag(60_000)
        await asyncio.gather(*(running.handle(user_event(f"e-{n}")) for n in range(8)))
        waiting = await taken(running.requests)
        assert len(running.invited()) == 1
        for text in waiting:
            await running.handle(text.encode())
        told = await running.events()
        assert len(running.invited()) == 1
    assert [event["data"]["status"] for event in told] == ["invited"]


async def test_change_in_the_quiet_time_is_seen_at_its_end(
    azurite: str, queue_names: Iterator[str], caplog: pytest.LogCaptureFixture
) -> None:
    async with service(azurite, queue_names, NO_ADDRESS, **QUIET) as running:
        first = await untold(running, user_event("e-1"), caplog)
        assert not await looked(running, user_event("e-2"))
        third = await untold(running, user_event("e-3"), caplog)
        message = await running.waiting()
        running.graph.tenant.users[USER_ID]["otherMails"] = [ADDRESS]
        assert not await looked(running, message), "it may come early, and waits on"
        message = await running.waiting()
        await age(running, 301)
        outcome = await running.outcome(message)
    assert (first["reasons"], third["reasons"]) == (["noExternalAddress"], ["eventRepeated"])
    assert (outcome["requestId"], outcome["status"]) == ("e-2", "invited")


async def test_event_that_waits_says_why_in_the_log_and_when_it_comes_again(
    azurite: str,
    queue_names: Iterator[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.undo()
    async with service(azurite, queue_names, NO_ADDRESS, **QUIET) as running:
        for number in range(3):
            await running.handle(user_event(f"e-{number}"))
        assert await running.events() == []
        assert await taken(running.requests) == []
    _, waits, repeated = lines(caplog)
    assert (waits["status"], waits["why"], waits["waits"]) == ("deferred", "quiet time", 1)
    assert 290 < waits["seconds"] <= 300
    assert repeated["reasons"] == ["eventRepeated"]


async def test_events_of_other_users_are_looked_at_all_the_same(
    azurite: str, queue_names: Iterator[str]
) -> None:
    other = kim(
        id=OTHER_ID, userPrincipalName="o@contoso.example", otherMails=["o@partner.example"]
    )
    of_tenant = tenant(kim(), other, groups=[{**GROUP, "members": [USER_ID, OTHER_ID]}])
    async with service(azurite, queue_names, of_tenant, **QUIET) as running:
        for number, user in enumerate([USER_ID, OTHER_ID]):
            await running.handle(user_event(f"e-{number}", user=user))
        assert len(running.invited()) == 2


async def test_event_no_newer_than_one_that_was_looked_at_is_repeated(
    azurite: str, queue_names: Iterator[str], caplog: pytest.LogCaptureFixture
) -> None:
    async with service(azurite, queue_names, NO_ADDRESS, **EVENTS) as running:
        assert await looked(running, numbered("e-5", "5"))
        for older in (numbered("e-4", 4), numbered("e-5b", 5), numbered("e-0", "00")):
            line = await untold(running, older, caplog)
            assert (line["status"], line["reasons"]) == ("ineligible", ["eventRepeated"])
        assert await looked(running, numbered("e-6", 6))
        assert not await looked(running, numbered("e-5c", "5"))
        assert await looked(running, user_event("e-x")), "without a number it may be newer"
        assert not await looked(running, numbered("e-6b", "6"))
        of_other = numbered("e-1", 1, subscriptionId=OTHER_TENANT)
        assert await looked(running, of_other), "another subscription counts anew"


async def test_sequence_that_begins_anew_is_not_taken_for_old_for_ever(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, NO_ADDRESS, **EVENTS) as running:
        assert await looked(running, numbered("e-9", 9))
        assert not await looked(running, numbered("e-1", 1))
        await age(running, 86_401)
        assert await looked(running, numbered("e-2", 1))


async def test_outcome_of_an_event_is_told_again_whatever_other_events_came(
    azurite: str, queue_names: Iterator[str], caplog: pytest.LogCaptureFixture
) -> None:
    async with service(azurite, queue_names, in_group(), **QUIET) as running:
        first = await running.event(numbered("e-1", 1))
        await age(running, 301)
        await untold(running, numbered("e-2", 2), caplog)
        again = await running.event(numbered("e-1", 1))
    assert (again["id"], again["data"]["status"]) == (first["id"], "invited")


async def test_event_that_meets_a_ledger_that_is_away_comes_again(
    azurite: str, queue_names: Iterator[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with service(azurite, queue_names, in_group(), **QUIET) as running:
        table = running.converter.ledger.looks._rows._table  # noqa: SLF001 - the wire is cut
        monkeypatch.setattr(table, "table_name", "nowhere")
        await running.handle(user_event())
        message = await running.waiting()
        assert running.graph.requests == []
        monkeypatch.undo()
        (outcome,) = await story(running, message)
    assert outcome["data"]["status"] == "invited"


async def test_row_that_others_keep_changing_makes_the_event_wait(
    azurite: str, queue_names: Iterator[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with service(azurite, queue_names, NO_ADDRESS, **EVENTS) as running:
        await running.handle(user_event("e-1"))
        tries: list[str] = []

        async def nobody_wins(_: Rows, values: dict[str, Any], __: str) -> None:
            tries.append(values["RowKey"])

        with monkeypatch.context() as changed:
            changed.setattr(Rows, "merge", nobody_wins)
            assert not await looked(running, user_event("e-2"))
        assert tries == ["event"] * 3
        outcome = running.with_settings(EVENT_OUTCOMES="all")
        told = await outcome.outcome(await running.waiting())
    assert codes(told["reasons"]) == ["noExternalAddress"]
