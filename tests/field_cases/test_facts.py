"""Field cases of failures, of power, of waiting and of what is left to do: F11 to F20."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from converters.steps.retrying import MOST_ALIKE
from local.graph import Fault
from tests.directory import (
    GROUP_ID,
    OTHER_ID,
    USER_ID,
    kim,
    request,
    tenant,
)
from tests.field_cases.concluding import POST, concluded, failing
from tests.service import service, taken
from tests.telling import codes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.service import Service

pytestmark = pytest.mark.usefixtures("at_once")


async def turns(running: Service, message: object, most: int = 30) -> list[dict[str, Any]]:
    """Handle a message and what waits after it, each time as if its doubt had ended."""
    await running.handle(message)
    for _ in range(most):
        if not (texts := await taken(running.requests)):
            break
        if any(row["RowKey"] == "user" for row in await running.rows()):
            await running.age_claim(running.converter.settings.doubt_seconds)
        await running.handle(texts[0].encode())
    return await running.events()


async def test_f11_same_failure_word_for_word_ends_after_a_few_tries_in_graphs_words(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        text = "Unable to find target address"
        running.graph.faults.add(failing(500, text, "UnknownError", times=None))
        (event,) = await turns(running, request())
        assert 3 <= len(running.invited()) <= 5
    outcome = event["data"]
    assert (outcome["status"], codes(outcome["reasons"])) == ("failed", ["graphFailsAlike"])
    graph = outcome["graph"]
    assert (graph["status"], graph["code"], graph["message"]) == (500, "UnknownError", text)
    assert graph["requestId"]


async def test_f11_last_failure_that_took_effect_is_found_out(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        alike: dict[str, Any] = {"path": POST, "status": 500, "message": "No target"}
        running.graph.faults.add(Fault(**alike, times=MOST_ALIKE - 1))
        running.graph.faults.add(Fault(**alike, times=1, effect=True))
        (event,) = await turns(running, request())
        assert len(running.invited()) == MOST_ALIKE
    assert event["data"]["status"] == "invited"
    assert "answerLost" in codes(event["data"]["warnings"])


async def test_f11_reads_that_fail_alike_end_after_a_few_tries_too(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        fault = Fault(method="BATCH GET", path="^/contacts", status=500, message="Index is broken")
        running.graph.faults.add(fault)
        (event,) = await turns(running, request())
        assert running.invited() == []
    assert event["data"]["graph"]["message"] == "Index is broken"


@pytest.mark.parametrize(
    "faults",
    [
        [Fault(path=POST, status=500, html="<html>", times=8)],
        [Fault(path=POST, status=503, message="The service is unavailable.", times=8)],
        [Fault(path=POST, status=500, message=f"Failure {n}", times=1) for n in range(8)],
    ],
)
async def test_f11_outage_keeps_its_patience(
    azurite: str, queue_names: Iterator[str], faults: list[Fault]
) -> None:
    async with service(azurite, queue_names) as running:
        for fault in faults:
            running.graph.faults.add(fault)
        (event,) = await turns(running, request())
    assert event["data"]["status"] == "invited"


@pytest.mark.parametrize(
    "assignment",
    [
        {"roleDefinitionId": OTHER_ID},
        {"roleDefinitionId": OTHER_ID, "directoryScopeId": "/administrativeUnits/1"},
        {"roleDefinitionId": OTHER_ID, "directoryScopeId": f"/{GROUP_ID}"},
    ],
)
async def test_f12_custom_or_scoped_role_is_refused(
    azurite: str, queue_names: Iterator[str], assignment: dict[str, Any]
) -> None:
    of_tenant = tenant(roleAssignments=[{"principalId": USER_ID, **assignment}])
    outcome, posts = await concluded(azurite, queue_names, of_tenant)
    assert (codes(outcome["reasons"]), posts) == (["holdsDirectoryRole"], 0)
    assert OTHER_ID in outcome["reasons"][0]["message"]


async def test_f12_built_in_role_is_named_once(azurite: str, queue_names: Iterator[str]) -> None:
    role = {"id": GROUP_ID, "displayName": "Helpdesk", "roleTemplateId": OTHER_ID}
    of_tenant = tenant(directoryRoles=[{**role, "members": [USER_ID]}])
    outcome, _ = await concluded(azurite, queue_names, of_tenant)
    assert outcome["reasons"][0]["message"] == "The user holds directory roles: Helpdesk."


@pytest.mark.parametrize("access", ["member", "owner"])
async def test_f13_eligible_member_or_owner_of_a_group_is_refused(
    azurite: str, queue_names: Iterator[str], access: str
) -> None:
    eligible = {"principalId": USER_ID, "groupId": GROUP_ID, "accessId": access}
    outcome, posts = await concluded(azurite, queue_names, tenant(groupEligibility=[eligible]))
    assert (codes(outcome["reasons"]), posts) == (["eligibleForGroup"], 0)
    assert GROUP_ID in outcome["reasons"][0]["message"]


async def test_f12_f13_all_power_is_read_in_the_same_two_round_trips(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        await running.outcome(request(requestId="R-0", mode="check"))
        before = len(running.graph.requests)
        assert (await running.outcome(request()))["status"] == "invited"
        calls = running.graph.requests[before:]
    assert [call.path.rpartition("/")[2] for call in calls] == ["$batch", "invitations"]


@pytest.mark.parametrize(
    "fault",
    [
        Fault(path=r"\$batch$", status=429, retry_after=3.249, times=1),
        Fault(method="BATCH GET", path="^/contacts", status=429, retry_after=3.249, times=1),
    ],
)
async def test_f14_fraction_of_a_second_is_waited_for_in_full(
    azurite: str,
    queue_names: Iterator[str],
    monkeypatch: pytest.MonkeyPatch,
    fault: Fault,
) -> None:
    monkeypatch.undo()
    async with service(azurite, queue_names, RETRY_BASE_SECONDS="1") as running:
        running.graph.faults.add(fault)
        await running.handle(request())
        cooldown = running.converter.graph._cooldowns["reads"].remaining()  # noqa: SLF001 - its clock
        assert 2 < cooldown <= 3.249
        assert await taken(running.requests) == [], "it shows after four seconds at the soonest"


async def test_f15_consent_is_waited_for_longer_than_a_token_lives_and_that_is_said(
    azurite: str, queue_names: Iterator[str]
) -> None:
    text = "Insufficient privileges to perform requested operation by the application."
    refusal = failing(403, text, "Unauthorized", times=None)
    async with service(azurite, queue_names, RETRY_HOURS="1") as running:
        running.graph.faults.add(refusal)
        deferred = await running.outcome(request())
        assert deferred["status"] == "deferred"
        assert "waits for 26 hours" in deferred["reasons"][0]["remediation"]
        event = json.loads(await running.waiting())
        event["data"]["waits"]["since"] -= 25 * 3600
        await running.handle(event)
        assert await running.events() == []
        event = json.loads(await running.waiting())
        event["data"]["waits"]["since"] -= 3600
        outcome = await running.outcome(event)
    assert (outcome["status"], codes(outcome["reasons"])) == ("failed", ["permissionMissing"])


async def test_f19_person_who_signs_in_by_phone_is_a_next_step(
    azurite: str, queue_names: Iterator[str]
) -> None:
    by_phone = {"signInType": "phoneNumber", "issuer": "contoso.example", "issuerAssignedId": "1"}
    outcome, _ = await concluded(azurite, queue_names, tenant(kim(identities=[by_phone])))
    assert "replaceSmsSignIn" in codes(outcome["nextSteps"])
    outcome, _ = await concluded(azurite, queue_names, tenant())
    assert "replaceSmsSignIn" not in codes(outcome["nextSteps"])


async def test_f20_mailbox_has_both_remedies_and_leads_to_the_next_reason(
    azurite: str, queue_names: Iterator[str]
) -> None:
    plan = {"servicePlanId": "9aaf7827-d63c-4b61-89c3-182f06f82e5c"}
    boxed = kim(mail="kim@contoso.example", assignedPlans=[{**plan, "capabilityStatus": "Enabled"}])
    outcome, _ = await concluded(azurite, queue_names, tenant(boxed))
    assert codes(outcome["reasons"]) == ["mailboxAssigned", "mailInTenantDomain"]
    remedy = outcome["reasons"][0]["remediation"]
    assert "Delete the internal account" in remedy
    assert "remove the Exchange licence" in remedy
