"""Completion on real parts: what is done once a person has redeemed, and what never is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from cli.outcomes import of_follow_up
from converters.settings.follow_up import DAY
from converters.storage.history import History
from local.graph.faults import Fault
from tests.directory import GROUP_ID, OTHER_ID, USER_ID, kim, request, tenant
from tests.service import Service, service, taken
from tests.telling import codes, lines

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.usefixtures("at_once")

ALL = "revokeSessions,randomisePassword,userType,sponsor,manager"
BOSS_ID = "66666666-ffff-4fff-8fff-666666666666"
BOSS = {"id": BOSS_ID, "userPrincipalName": "boss@contoso.example"}
OTHER = {"id": OTHER_ID, "userPrincipalName": "other@contoso.example"}
EVERYTHING: dict[str, Any] = {
    "revokeSessions": True,
    "randomisePassword": True,
    "userType": "guest",
    "sponsor": "boss@contoso.example",
    "manager": BOSS_ID,
}
HOUR = 3600


def place(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - of Kim
    return tenant(kim(**changes), BOSS, OTHER)


async def redeemed(
    running: Service,
    completion: dict[str, Any] | None = None,
    *,
    invite: bool = True,
    assigned_id: str | None = "kim@partner.example",
) -> None:
    """Invite with a completion, let the person redeem, and let the first look be due."""
    if invite:
        event = await running.event(request(completion=completion or EVERYTHING))
        assert event["data"]["status"] == "invited", event
    running.graph.tenant.redeem(USER_ID, "mail", assigned_id)
    await running.age_follow_up(1000)


async def ended(running: Service, completion: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the outcome of a completion that ends at its first run."""
    await redeemed(running, completion)
    first, second = await running.follow_up()
    assert (first["data"]["status"], second["data"]["status"]) == ("redeemed", "completed")
    assert await taken(running.checks) == []
    return second["data"]  # type: ignore[no-any-return]


def results(outcome: dict[str, Any]) -> dict[str, str]:
    """Return how each step ended, with the codes of its reasons."""
    return {
        each["step"]: " ".join([each["result"], *codes(each["reasons"])])
        for each in outcome["completion"]
    }


def writes(running: Service) -> list[str]:
    """Return the writes that Graph has seen of users, in their order."""
    return [
        f"{record.method} {record.path.rpartition(USER_ID)[2]}".strip()
        for record in running.graph.requests
        if record.method in {"PATCH", "PUT", "POST"} and f"users/{USER_ID}" in record.path
    ]


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
    ("path", "step"),
    [
        ("revokeSignInSessions", "revokeSessions"),
        (r"sponsors/\$ref", "sponsor"),
        (r"manager/\$ref", "manager"),
    ],
)
@pytest.mark.parametrize(
    "fault",
    [
        {"status": 429, "retry_after": 0.01, "code": "TooManyRequests"},
        {"status": 503},
        {"status": 404},
        {"drop": "after"},
        {"drop": "before"},
    ],
    ids=str,
)
async def test_r16_each_step_is_tried_again_apart_from_the_others(
    azurite: str, queue_names: Iterator[str], path: str, step: str, fault: dict[str, Any]
) -> None:
    async with service(azurite, queue_names, place(), COMPLETION_STEPS=ALL) as running:
        await redeemed(running)
        # The HTTP client sends a PUT, which may be repeated, once more where a connection ends.
        times = 2 if step == "manager" and "drop" in fault else 1
        running.graph.faults.add(Fault(path=path, times=times, **fault))
        (event,) = await running.follow_up()
        assert event["data"]["status"] == "redeemed"
        before = writes(running)
        await running.age_follow_up(HOUR)
        (event,) = await running.follow_up()
        again = writes(running)[len(before) :]
        relations = running.graph.tenant.relations
    assert set(results(event["data"]).values()) == {"done"}
    # The others were done at the first run, and only that one again, if it was not so already.
    assert len(before) == len(EVERYTHING) + times - 1
    assert len(again) <= 1
    assert not again or path.partition("/")[0] in again[0]
    assert (relations.sponsors[USER_ID], relations.managers) == ([BOSS_ID], {USER_ID: BOSS_ID})
    assert step in EVERYTHING


async def test_r16_password_whose_answer_was_lost_is_set_again(
    azurite: str, queue_names: Iterator[str]
) -> None:
    asked = {"randomisePassword": True}
    async with service(azurite, queue_names, place(), COMPLETION_STEPS=ALL) as running:
        await redeemed(running, asked)
        running.graph.faults.add(Fault(method="PATCH", path=USER_ID, drop="after", times=1))
        await running.follow_up()
        await running.age_follow_up(HOUR)
        (event,) = await running.follow_up()
        assert running.graph.tenant.relations.passwords == {USER_ID: 2}
    assert results(event["data"]) == {"randomisePassword": "done"}


@pytest.mark.parametrize(
    ("permission", "refused"),
    [
        ("User.RevokeSessions.All", {"revokeSessions"}),
        ("User-PasswordProfile.ReadWrite.All", {"randomisePassword"}),
        ("User.ReadWrite.All", {"userType", "sponsor", "manager"}),
    ],
)
async def test_missing_permission_is_waited_for_as_consent_is_and_then_told_by_name(
    azurite: str, queue_names: Iterator[str], permission: str, refused: set[str]
) -> None:
    from local.graph.applications import PERMISSIONS  # noqa: PLC0415 - of this test alone

    held = [name for name in PERMISSIONS if name != permission]
    made = place() | {"permissions": held}
    async with service(azurite, queue_names, made, COMPLETION_STEPS=ALL) as running:
        await redeemed(running)
        (event,) = await running.follow_up()
        assert event["data"]["status"] == "redeemed"
        await age_wait(running, 25)
        assert await running.follow_up() == []
        await age_wait(running, 2)
        (event,) = await running.follow_up()
    told = results(event["data"])
    assert {step for step in told if told[step] == "refused stepPermissionMissing"} == refused
    assert {told[step] for step in set(told) - refused} == {"done"}
    missing = {each.get("missingPermission") for each in event["data"]["completion"]}
    assert missing == {None, permission}
    reasons = event["data"]["reasons"]
    assert all(permission in reason["remediation"] for reason in reasons)
    assert {reason["owner"] for reason in reasons} == {"operator"}


async def age_wait(running: Service, hours: int) -> None:
    """Let the completion have waited longer, and its next run be due."""
    await running.age_follow_up(hours * HOUR)
    for row in await running.rows():
        if row["PartitionKey"] == "followUps" and row.get("Completing"):
            kept = json.loads(row["Completing"])
            kept["since"] -= hours * HOUR
            row["Completing"] = json.dumps(kept)
            await running.ledger.update_entity(row)


async def test_permission_that_came_meanwhile_counts(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, place(), COMPLETION_STEPS=ALL) as running:
        await redeemed(running)
        running.graph.faults.add(Fault(path="revokeSignInSessions", status=403, times=2))
        await running.follow_up()
        for _ in range(2):
            await running.age_follow_up(HOUR)
            events = await running.follow_up()
        (event,) = events
        assert running.graph.tenant.relations.passwords == {USER_ID: 1}
    assert set(results(event["data"]).values()) == {"done"}


async def test_outage_that_lasts_too_long_is_told(azurite: str, queue_names: Iterator[str]) -> None:
    async with service(azurite, queue_names, place(), COMPLETION_STEPS=ALL) as running:
        await redeemed(running)
        running.graph.faults.add(Fault(path="revokeSignInSessions", status=503))
        await running.follow_up()
        await age_wait(running, 25)
        (event,) = await running.follow_up()
    told = results(event["data"])
    assert told.pop("revokeSessions") == "refused graphUnavailable"
    assert set(told.values()) == {"done"}


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


async def test_sponsors_are_full_is_told(azurite: str, queue_names: Iterator[str]) -> None:
    others = [f"00000000-0000-4000-8000-00000000000{number}" for number in range(5)]
    made = place() | {"sponsors": {USER_ID: others}}
    async with service(azurite, queue_names, made, COMPLETION_STEPS=ALL) as running:
        outcome = await ended(running, {"sponsor": BOSS_ID})
    assert results(outcome) == {"sponsor": "refused stepRefused"}


async def test_sponsor_that_another_made_meanwhile_is_done(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, place(), COMPLETION_STEPS=ALL) as running:
        await redeemed(running, {"sponsor": BOSS_ID})
        running.graph.tenant.relations.sponsors[USER_ID] = [BOSS_ID]
        empty = Fault(method="BATCH GET", path="/sponsors", status=200, body={"value": []}, times=1)
        running.graph.faults.add(empty)
        _, event = await running.follow_up()
        assert writes(running) == ["POST /sponsors/$ref"]
    assert results(event["data"]) == {"sponsor": "done"}


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


async def test_pause_holds_a_completion_and_uses_no_patience_up(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, place(), COMPLETION_STEPS=ALL) as running:
        await redeemed(running)
        paused = running.with_settings(CONVERSIONS_PAUSED="true")
        (event,) = await paused.follow_up()
        assert (event["data"]["status"], writes(running)) == ("redeemed", [])
        await running.age_follow_up(40 * DAY)
        assert await paused.follow_up() == []
        await running.age_follow_up(HOUR)
        (event,) = await running.follow_up()
    assert set(results(event["data"]).values()) == {"done"}


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


async def test_message_without_its_row_completes_what_the_request_asked_for(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, place(), COMPLETION_STEPS=ALL) as running:
        await running.event(request(completion=EVERYTHING))
        (row,) = [row for row in await running.rows() if row["PartitionKey"] == "followUps"]
        await running.ledger.delete_entity(row)
        running.graph.tenant.redeem(USER_ID, "mail", "kim@partner.example")
        events = await running.follow_up()
    assert [event["data"]["status"] for event in events] == ["redeemed", "completed"]
    assert set(results(events[1]["data"]).values()) == {"done"}


async def test_s14_message_that_no_request_stands_behind_completes_nothing(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, place(), COMPLETION_STEPS=ALL) as running:
        await running.event(request(completion={"userType": "guest"}))
        (text,) = await taken(running.checks)
        (row,) = [row for row in await running.rows() if row["PartitionKey"] == "followUps"]
        await running.ledger.delete_entity(row)
        forged = json.loads(text)
        forged["completion"] = {"steps": ["manager"], "sponsor": None, "manager": OTHER_ID}
        await running.checks.send_message(json.dumps(forged))
        running.graph.tenant.redeem(USER_ID, "mail", "kim@partner.example")
        _, event = await running.follow_up()
        assert writes(running) == []
    assert results(event["data"]) == {"manager": "refused completionNotVouched"}


async def test_r16_end_is_written_before_it_is_told_and_told_the_same_again(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, place(), COMPLETION_STEPS=ALL) as running:
        await running.event(request(completion=EVERYTHING))
        (text,) = await taken(running.checks)
        await redeemed(running, invite=False)
        running.graph.faults.add(Fault(path="revokeSignInSessions", status=400))
        follower = running.converter.follower
        told: list[dict[str, Any]] = []
        for _ in range(2):
            # As if the worker died between telling and closing.
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(type(follower.rows), "end", _dies)
                with pytest.raises(KeyboardInterrupt):
                    await follower.handle(text.encode())
            running.graph.faults.clear()
            told += await running.events()
        await follower.handle(text.encode())
        told += await running.events()
        assert await running.follow_up() == []
    last = [event for event in told if event["data"]["status"] == "completed"]
    assert len(last) == 3
    assert len({event["id"] for event in last}) == 1
    assert len({json.dumps(event["data"]) for event in last}) == 1
    assert results(last[0]["data"])["revokeSessions"] == "refused stepRefused"


async def _dies(*_: object) -> None:
    raise KeyboardInterrupt


async def test_r16_duplicates_of_a_message_complete_once(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, place(), COMPLETION_STEPS=ALL) as running:
        await running.event(request(completion=EVERYTHING))
        (text,) = await taken(running.checks)
        await redeemed(running, invite=False)
        for _ in range(3):
            await running.converter.follower.handle(text.encode())
        events = await running.events()
        assert len(writes(running)) == len(EVERYTHING)
    assert [event["data"]["status"] for event in events] == ["redeemed", "completed"]


async def test_r16_completion_that_stands_still_is_restarted_by_the_sweep(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, place(), COMPLETION_STEPS=ALL) as running:
        await redeemed(running)
        running.graph.faults.add(Fault(path="revokeSignInSessions", status=503, times=1))
        await running.follow_up()
        assert len(await taken(running.checks)) == 1
        await running.age_follow_up(2 * HOUR)
        await running.converter.caretaker.sweep()
        (event,) = await running.follow_up()
    assert event["data"]["status"] == "completed"


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


async def test_request_that_waits_keeps_what_it_asks_for(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, place(), COMPLETION_STEPS=ALL) as running:
        paused = running.with_settings(CONVERSIONS_PAUSED="true")
        await paused.handle(request(completion=EVERYTHING))
        await running.events()
        (event,) = await _handled(running, await running.waiting())
        assert event["data"]["status"] == "invited"
        await redeemed(running, invite=False)
        _, event = await running.follow_up()
    assert set(results(event["data"]).values()) == {"done"}


async def _handled(running: Service, message: bytes) -> list[dict[str, Any]]:
    await running.handle(message)
    return await running.events()


async def test_row_and_message_of_the_release_before_end_as_they_did(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, place(), COMPLETION_STEPS=ALL) as running:
        await running.event(request())
        (text,) = await taken(running.checks)
        (row,) = [row for row in await running.rows() if row["PartitionKey"] == "followUps"]
        before = {name: row[name] for name in row if name not in {"Completion", "Vouched"}}
        await running.ledger.delete_entity(row)
        await running.ledger.create_entity(before)
        message = json.loads(text)
        del message["completion"]
        await running.checks.send_message(json.dumps(message))
        running.graph.tenant.redeem(USER_ID, "mail", "kim@partner.example")
        await running.age_follow_up(1000)
        (event,) = await running.follow_up()
        assert await running.follow_up() == []
    assert event["data"]["status"] == "redeemed"


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
