"""Completion on real parts: what is done once a person has redeemed, and how it is told."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cli.outcomes import of_follow_up
from converters.storage.history import History
from local.graph.faults import Fault
from tests.completion import ALL, BOSS_ID, EVERYTHING, ended, place, redeemed, results, writes
from tests.directory import OTHER_ID, USER_ID, request
from tests.service import service, taken
from tests.telling import codes

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.usefixtures("at_once")


async def test_every_step_is_done_in_order_and_told_once(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, place(), COMPLETION_STEPS=ALL) as running:
        outcome = await ended(running)
        relations, user = running.graph.tenant.relations, running.graph.tenant.users[USER_ID]
        done = writes(running)
    assert results(outcome) == dict.fromkeys(ALL.split(","), "done")
    assert (outcome["requestId"], outcome["user"]) == ("R-1", {"id": USER_ID})
    assert codes(outcome["reasons"]) == []
    assert codes(outcome["warnings"]) == ["sessionsMayGoOn"]
    assert relations.revocations == [USER_ID]
    assert relations.passwords == {USER_ID: 1}
    assert relations.sponsors[USER_ID] == [BOSS_ID]
    assert relations.managers == {USER_ID: BOSS_ID}
    assert user["userType"] == "Guest"
    assert done == [
        "POST /revokeSignInSessions", "PATCH", "PATCH", "POST /sponsors/$ref", "PUT /manager/$ref",
    ]  # fmt: skip


async def test_only_what_is_asked_for_is_done(azurite: str, queue_names: Iterator[str]) -> None:
    async with service(azurite, queue_names, place(), COMPLETION_STEPS=ALL) as running:
        outcome = await ended(running, {"userType": "guest", "sponsor": None})
        assert writes(running) == ["PATCH"]
    assert results(outcome) == {"userType": "done"}


async def test_nothing_is_done_and_nothing_told_where_nothing_is_asked_for(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, place(), COMPLETION_STEPS=ALL) as running:
        await running.event(request(completion={"revokeSessions": False}))
        await redeemed(running, invite=False)
        (event,) = await running.follow_up()
        assert writes(running) == []
    assert event["data"]["status"] == "redeemed"


async def test_what_is_so_already_is_done_without_a_write(
    azurite: str, queue_names: Iterator[str]
) -> None:
    made = place(userType="Guest") | {
        "sponsors": {USER_ID: [OTHER_ID, BOSS_ID]},
        "managers": {USER_ID: BOSS_ID},
    }
    asked = {name: EVERYTHING[name] for name in ("userType", "sponsor", "manager")}
    async with service(azurite, queue_names, made, COMPLETION_STEPS=ALL) as running:
        outcome = await ended(running, asked)
        assert writes(running) == []
    assert set(results(outcome).values()) == {"done"}


async def test_s14_other_manager_is_never_replaced(
    azurite: str, queue_names: Iterator[str]
) -> None:
    made = place() | {"managers": {USER_ID: OTHER_ID}, "sponsors": {USER_ID: [OTHER_ID]}}
    async with service(azurite, queue_names, made, COMPLETION_STEPS=ALL) as running:
        outcome = await ended(running)
        relations = running.graph.tenant.relations
    assert results(outcome)["manager"] == "refused managerAlreadySet"
    assert results(outcome)["sponsor"] == "done"
    assert codes(outcome["reasons"]) == ["managerAlreadySet"]
    assert relations.managers == {USER_ID: OTHER_ID}
    assert relations.sponsors[USER_ID] == [OTHER_ID, BOSS_ID]


async def test_synced_user_gets_the_line_for_on_premises_and_no_write_that_the_sync_owns(
    azurite: str, queue_names: Iterator[str]
) -> None:
    made = place(onPremisesSyncEnabled=True, mail="kim@partner.example")
    async with service(azurite, queue_names, made, COMPLETION_STEPS=ALL) as running:
        outcome = await ended(running)
        assert writes(running) == ["POST /revokeSignInSessions", "POST /sponsors/$ref"]
    assert results(outcome) == {
        "revokeSessions": "done",
        "randomisePassword": "notApplicable syncedPassword",
        "userType": "notApplicable syncedUserType",
        "sponsor": "done",
        "manager": "notApplicable syncedManager",
    }
    (step,) = outcome["nextSteps"]
    assert step["code"] == "randomisePasswordOnPremises"
    assert "Set-ADAccountPassword -Identity" in step["message"]
    assert "does not run it" in step["message"]


async def test_s14_password_is_long_never_the_same_and_nowhere_but_in_its_call(
    azurite: str, queue_names: Iterator[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    async with service(azurite, queue_names, place(), COMPLETION_STEPS=ALL) as running:
        await redeemed(running)
        fault = Fault(method="PATCH", path=f"{USER_ID}$", status=400, code="Request_BadRequest")
        running.graph.faults.add(fault)
        events = await running.follow_up()
        bodies = [
            json.loads(record.raw)
            for record in running.graph.requests
            if b"passwordProfile" in record.raw
        ]
        rows = str(await running.rows())
    (profile,) = [body["passwordProfile"] for body in bodies]
    assert profile["forceChangePasswordNextSignIn"] is False
    password = profile["password"]
    assert len(password) >= 64
    assert password not in caplog.text + rows + json.dumps(events)


async def test_what_is_kept_and_logged_of_a_completion_holds_nothing_personal(
    azurite: str, queue_names: Iterator[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    asked = EVERYTHING | {"manager": "boss@contoso.example"}
    async with service(azurite, queue_names, place(), COMPLETION_STEPS=ALL) as running:
        await running.event(request(completion=asked))
        messages = await taken(running.checks)
        rows = str(await running.rows())
        await running.checks.send_message(messages[0])
        await redeemed(running, invite=False)
        await running.follow_up()
        text = " ".join([*messages, *caplog.messages, rows, str(await running.rows())])
    assert BOSS_ID in text
    for word in ("kim", "boss", "@"):
        assert word not in text


async def test_invited_says_what_will_be_done_and_leaves_out_what_nobody_need_do(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, place(), COMPLETION_STEPS=ALL) as running:
        asked = {"randomisePassword": True, "userType": "guest"}
        plain = await running.outcome(request(requestId="R-0", mode="check"))
        outcome = await running.outcome(request(completion=asked))
    by_code = {step["code"]: step["message"] for step in outcome["nextSteps"]}
    assert {"randomisePassword", "reviewUserType"} <= set(codes(plain["nextSteps"]))
    assert not {"randomisePassword", "reviewUserType"} & set(by_code)
    assert "randomisePassword, userType" in by_code["awaitCompletion"]


async def test_ledger_tells_that_a_conversion_was_completed(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, place(), COMPLETION_STEPS=ALL) as running:
        await ended(running)
        settings = running.converter.settings
        history = History(settings.storage, settings.ledger_table, None)
        (story,) = (await history.of_user(USER_ID)).follow_ups
        await history.close()
    told = of_follow_up(story)
    assert (told["status"], told["requestId"], "nextLookAt" in told) == ("completed", "R-1", False)
    assert [each["step"] for each in told["completion"]] == ALL.split(",")
    assert "redemption" in told
