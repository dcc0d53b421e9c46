"""Completion on real parts: what is never done, and why."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from local.graph.faults import Fault
from tests.completion import ALL, BOSS_ID, EVERYTHING, HOUR, ended, place, redeemed, results, writes
from tests.directory import GROUP_ID, OTHER_ID, USER_ID, request
from tests.service import service, taken
from tests.telling import codes, lines

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.usefixtures("at_once")


@pytest.mark.parametrize(
    ("assigned_id", "issuer", "code"),
    [
        ("kim@else.example", "mail", "redeemedByOtherDomain"),
        (None, None, "identityProviderUnknown"),
    ],
)
async def test_s14_redemption_in_doubt_completes_nothing(
    azurite: str,
    queue_names: Iterator[str],
    assigned_id: str | None,
    issuer: str | None,
    code: str,
) -> None:
    async with service(azurite, queue_names, place(), COMPLETION_STEPS=ALL) as running:
        await redeemed(running, assigned_id=assigned_id)
        if issuer is None:
            running.graph.tenant.change_user(USER_ID, identities=[])
        _, event = await running.follow_up()
        assert writes(running) == []
    assert set(results(event["data"]).values()) == {f"refused {code}"}
    assert codes(event["data"]["reasons"]) == [code]


POWER: dict[str, tuple[dict[str, Any], str]] = {
    "holdsDirectoryRole": ({"directoryRoles": [{"displayName": "X", "members": [USER_ID]}]}, ""),
    "eligibleForDirectoryRole": (
        {"roleEligibility": [{"principalId": USER_ID, "roleDefinitionId": OTHER_ID}]},
        "",
    ),
    "inRoleAssignableGroup": (
        {"groups": [{"id": GROUP_ID, "isAssignableToRole": True, "members": [USER_ID]}]},
        "",
    ),
    "eligibleForGroup": (
        {"groupEligibility": [{"principalId": USER_ID, "groupId": GROUP_ID}]},
        "",
    ),
    "managementRestricted": ({}, "isManagementRestricted"),
    "accountDisabled": ({}, "accountEnabled"),
}


@pytest.mark.parametrize("code", sorted(POWER))
async def test_s14_power_that_came_meanwhile_stops_every_step(
    azurite: str, queue_names: Iterator[str], code: str
) -> None:
    changes, name = POWER[code]
    async with service(azurite, queue_names, place(), COMPLETION_STEPS=ALL) as running:
        await running.event(request(completion=EVERYTHING))
        now = type(running.graph.tenant)(place() | changes)
        running.graph.tenant.memberships = now.memberships
        await redeemed(running, invite=False)
        if name:
            running.graph.tenant.change_user(USER_ID, **{name: name != "accountEnabled"})
        _, event = await running.follow_up()
        assert writes(running) == []
    assert set(results(event["data"]).values()) == {f"refused {code}"}


@pytest.mark.parametrize(
    ("keys", "code"),
    [
        ({"PROTECTED_IDS": USER_ID}, "protectedByOperator"),
        ({"CONVERTIBLE_GROUP_ID": GROUP_ID}, "notInConvertibleGroup"),
        ({"COMPLETION_STEPS": ""}, "completionNotAllowed"),
    ],
)
async def test_s14_what_the_operator_forbids_meanwhile_is_not_done(
    azurite: str, queue_names: Iterator[str], keys: dict[str, str], code: str
) -> None:
    async with service(azurite, queue_names, place(), COMPLETION_STEPS=ALL) as running:
        await redeemed(running)
        _, event = await running.with_settings(**keys).follow_up()
        assert writes(running) == []
    assert set(results(event["data"]).values()) == {f"refused {code}"}


async def test_unknown_means_no_until_it_is_known(
    azurite: str, queue_names: Iterator[str], caplog: pytest.LogCaptureFixture
) -> None:
    async with service(azurite, queue_names, place(), COMPLETION_STEPS=ALL) as running:
        await redeemed(running)
        unread = Fault(method="BATCH GET", path="roleEligibilityScheduleInstances", status=403)
        running.graph.faults.add(unread)
        (event,) = await running.follow_up()
        assert (event["data"]["status"], writes(running)) == ("redeemed", [])
        running.graph.faults.clear()
        await running.age_follow_up(HOUR)
        (event,) = await running.follow_up()
    assert set(results(event["data"]).values()) == {"done"}
    waited = [line for line in lines(caplog, "completion") if line["result"] == "waits"]
    assert {line["step"] for line in waited} == set(EVERYTHING)
    assert {code for line in waited for code in line["reasons"]} == {"factUnknown"}


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"status": 400, "code": "Request_BadRequest", "message": "kim@x.example"}, "stepRefused"),
        ({"status": 200, "body": {"value": False}}, "stepRefused"),
    ],
)
async def test_refusal_for_good_is_told_at_once_without_graphs_words(
    azurite: str, queue_names: Iterator[str], fault: dict[str, Any], code: str
) -> None:
    async with service(azurite, queue_names, place(), COMPLETION_STEPS=ALL) as running:
        await redeemed(running)
        running.graph.faults.add(Fault(path="revokeSignInSessions", **fault))
        _, event = await running.follow_up()
        rows = str(await running.rows())
    assert results(event["data"])["revokeSessions"] == f"refused {code}"
    assert "@" not in rows


async def test_code_of_graphs_is_told_as_far_as_a_code_goes(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, place(), COMPLETION_STEPS=ALL) as running:
        await redeemed(running)
        running.graph.faults.add(Fault(path="revokeSignInSessions", status=400, code="C" * 70))
        _, event = await running.follow_up()
    (reason,) = event["data"]["reasons"]
    assert f"(HTTP 400 {'C' * 64})" in reason["message"]


async def test_sponsors_are_full_is_told(azurite: str, queue_names: Iterator[str]) -> None:
    others = [f"00000000-0000-4000-8000-00000000000{number}" for number in range(5)]
    made = place() | {"sponsors": {USER_ID: others}}
    async with service(azurite, queue_names, made, COMPLETION_STEPS=ALL) as running:
        outcome = await ended(running, {"sponsor": BOSS_ID})
    assert results(outcome) == {"sponsor": "refused stepRefused"}


@pytest.mark.parametrize(
    "change", [{"accountEnabled": False}, {"userType": "Guest"}, None], ids=str
)
async def test_person_who_may_not_be_it_any_more_is_refused(
    azurite: str, queue_names: Iterator[str], change: dict[str, Any] | None
) -> None:
    asked = {"sponsor": BOSS_ID, "manager": BOSS_ID}
    async with service(azurite, queue_names, place(), COMPLETION_STEPS=ALL) as running:
        await redeemed(running, asked)
        if change is None:
            running.graph.tenant.delete_user(BOSS_ID)
        else:
            running.graph.tenant.change_user(BOSS_ID, **change)
        _, event = await running.follow_up()
        assert writes(running) == []
    assert set(results(event["data"]).values()) == {"refused personNotUsable"}


async def test_s14_message_that_no_request_stands_behind_completes_nothing(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, place(), COMPLETION_STEPS=ALL) as running:
        await running.event(request(completion={"userType": "guest"}))
        (text,) = await taken(running.checks)
        row = await running.open_follow_up()
        await running.ledger.delete_entity(row)
        forged = json.loads(text)
        forged["completion"] = {"steps": ["manager"], "sponsor": None, "manager": OTHER_ID}
        await running.checks.send_message(json.dumps(forged))
        running.graph.tenant.redeem(USER_ID, "mail", "kim@partner.example")
        _, event = await running.follow_up()
        assert writes(running) == []
    assert results(event["data"]) == {"manager": "refused completionNotVouched"}


@pytest.mark.parametrize(
    ("keys", "asked", "expected"),
    [
        (
            {"COMPLETION_STEPS": "sponsor"},
            {"manager": BOSS_ID},
            ("completionNotAllowed", "operator"),
        ),
        ({}, {"userType": "guest"}, ("completionNotAllowed", "operator")),
        (
            {"COMPLETION_STEPS": ALL, "FOLLOW_UP_SCHEDULE": "off"},
            {"userType": "guest"},
            ("completionNeedsFollowUp", "operator"),
        ),
        (
            {"COMPLETION_STEPS": ALL},
            {"sponsor": "nobody@contoso.example"},
            ("sponsorNotUsable", "requester"),
        ),
        ({"COMPLETION_STEPS": ALL}, {"manager": USER_ID}, ("managerNotUsable", "requester")),
    ],
)
async def test_s14_what_could_not_be_done_later_is_refused_at_once(
    azurite: str,
    queue_names: Iterator[str],
    keys: dict[str, str],
    asked: dict[str, Any],
    expected: tuple[str, str],
) -> None:
    async with service(azurite, queue_names, place(), **keys) as running:
        for mode in ("check", "convert"):
            outcome = await running.outcome(request(mode=mode, completion=asked))
            (reason,) = outcome["reasons"]
            assert outcome["status"] == "ineligible"
            assert (reason["code"], reason["owner"]) == expected
        assert running.invited() == []


async def test_resend_takes_no_completion(azurite: str, queue_names: Iterator[str]) -> None:
    made = place(externalUserState="PendingAcceptance")
    async with service(azurite, queue_names, made, COMPLETION_STEPS=ALL) as running:
        outcome = await running.outcome(request(mode="resend", completion={"userType": "guest"}))
        assert running.invited() == []
    assert codes(outcome["reasons"]) == ["completionNotWithResend"]


async def test_completion_that_makes_no_sense_is_rejected_with_every_fault_named(
    azurite: str, queue_names: Iterator[str]
) -> None:
    asked = {
        "userType": "Guest",
        "randomizePassword": True,
        "revokeSessions": "true",
        "sponsor": "the boss",
        "manager": ["x"],
    }
    async with service(azurite, queue_names, place(), COMPLETION_STEPS=ALL) as running:
        outcome = await running.outcome(request(completion=asked))
    assert outcome["status"] == "rejected"
    said = " ".join(reason["message"] for reason in outcome["reasons"])
    assert len(outcome["reasons"]) == len(asked)
    assert 'completion.userType is the text "Guest", where guest is wanted' in said
    assert "completion.randomizePassword is no property of a request; randomisePassword is" in said
    assert 'completion.revokeSessions is the text "true", where true or false is wanted' in said
    assert "completion.sponsor is" in said
    assert "completion.manager is a list of 1 item" in said
