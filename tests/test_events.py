"""The directory's events on real parts: which lead to a look, and which to an outcome."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest

from converters.steps import retrying
from converters.steps.screening import NO_CANDIDATE
from local.graph import Fault
from tests.directory import OTHER_ID, USER_ID, kim, request, tenant
from tests.events import (
    ALL,
    DELETED,
    EVENTS,
    Event,
    in_grids_schema,
    in_group,
    of_type,
    user_event,
)
from tests.service import service
from tests.telling import codes, untold

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _listening(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "b2b_conversion")


@pytest.mark.parametrize("event", [user_event(), in_grids_schema(user_event())])
async def test_event_about_a_candidate_leads_to_an_invitation_and_its_outcome(
    azurite: str, queue_names: Iterator[str], event: Event
) -> None:
    async with service(azurite, queue_names, in_group(), **EVENTS) as running:
        outcome = await running.outcome(event)
        assert len(running.invited()) == 1
    assert outcome["status"] == "invited"


NO_CANDIDATES: list[tuple[dict[str, Any], str, list[str]]] = [
    (tenant(kim(id=OTHER_ID)), "ineligible", ["userNotFound"]),
    (tenant(kim()), "ineligible", ["notInConvertibleGroup"]),
    (in_group(kim(otherMails=[])), "ineligible", ["noExternalAddress"]),
    (in_group(kim(externalUserState="Accepted")), "alreadyExternal", ["alreadyExternal"]),
    (in_group(kim(externalUserState="PendingAcceptance")), "alreadyInvited", ["invitationPending"]),
    (
        tenant(kim(accountEnabled=False, otherMails=["a@evil.example"])),
        "ineligible",
        ["accountDisabled", "domainNotAllowed", "homeTenantNotFound", "notInConvertibleGroup"],
    ),
]


def test_who_is_no_candidate_is_written_down_here_too() -> None:
    assert {
        "userNotFound", "notInConvertibleGroup", "eventNeedsConvertibleGroup",
        "noExternalAddress", "conversionInProgress", "eventRepeated", "userDeleted",
    } == NO_CANDIDATE  # fmt: skip


@pytest.mark.parametrize(("of_tenant", "status", "reasons"), NO_CANDIDATES)
async def test_event_about_no_candidate_is_a_line_of_the_log(  # noqa: PLR0913, PLR0917
    azurite: str,
    queue_names: Iterator[str],
    caplog: pytest.LogCaptureFixture,
    of_tenant: dict[str, Any],
    status: str,
    reasons: list[str],
) -> None:
    async with service(azurite, queue_names, of_tenant, **EVENTS) as running:
        line = await untold(running, user_event(), caplog)
        kept = [row["Record"] for row in await running.rows() if row.get("Record")]
        again = await untold(running, user_event(), caplog)
        assert running.invited() == []
        everything = running.with_settings(**ALL)
        outcome = await everything.outcome(user_event("e-2"))
    assert (line["status"], sorted(line["reasons"])) == (status, reasons)
    # What nobody is told of is found by `b2b history` all the same.
    assert [json.loads(record)["status"] for record in kept] == [status]
    assert (again["status"], sorted(again["reasons"])) == (status, reasons)
    assert (outcome["status"], sorted(codes(outcome["reasons"]))) == (status, reasons)


async def test_request_by_a_person_is_told_whatever_comes_of_it(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, tenant(kim()), **EVENTS) as running:
        outcome = await running.outcome(request())
    assert codes(outcome["reasons"]) == ["notInConvertibleGroup"]


@pytest.mark.parametrize(
    ("user", "reason"),
    [
        (kim(accountEnabled=False), "accountDisabled"),
        (kim(otherMails=["a@evil.example"]), "domainNotAllowed"),
    ],
)
async def test_user_in_scope_who_cannot_be_converted_is_told_of(
    azurite: str, queue_names: Iterator[str], user: dict[str, Any], reason: str
) -> None:
    async with service(azurite, queue_names, in_group(user), **EVENTS) as running:
        outcome = await running.outcome(user_event())
    assert outcome["status"] == "ineligible"
    assert reason in codes(outcome["reasons"])


@pytest.mark.parametrize(
    ("denied", "told"), [("roleEligibilitySchedule", 1), ("transitiveMemberOf", 0)]
)
async def test_unknown_fact_is_told_of_where_it_is_known_that_the_user_is_in_scope(
    azurite: str, queue_names: Iterator[str], denied: str, told: int
) -> None:
    keys = EVENTS | {"RETRY_HOURS": "0"}
    async with service(azurite, queue_names, in_group(), **keys) as running:
        running.graph.faults.add(Fault(path=denied, status=403))
        await running.handle(user_event())
        outcomes = await running.events()
        assert running.invited() == []
    assert [codes(event["data"]["reasons"]) for event in outcomes] == [["factUnknown"]] * told


async def test_refusal_of_graphs_is_told(azurite: str, queue_names: Iterator[str]) -> None:
    async with service(azurite, queue_names, in_group(), **EVENTS) as running:
        running.graph.faults.add(Fault(path="invitations", status=400))
        assert (await running.outcome(user_event()))["status"] == "failed"


@pytest.mark.parametrize("pause", [{"CONVERSIONS_PAUSED": "true"}, {"DAILY_LIMIT": "1"}])
async def test_event_that_waits_tells_nobody_so(
    azurite: str, queue_names: Iterator[str], monkeypatch: pytest.MonkeyPatch, pause: dict[str, str]
) -> None:
    monkeypatch.setattr(retrying, "delay", lambda _: 0)
    async with service(azurite, queue_names, in_group(), **EVENTS, **pause) as running:
        if "DAILY_LIMIT" in pause:
            assert await running.converter.inviter.quota.reserve(1)
        await running.handle(user_event())
        assert await running.events() == []
        message = await running.waiting()
        later = running.with_settings(CONVERSIONS_PAUSED="false", DAILY_LIMIT="2")
        assert (await later.outcome(message))["status"] == "invited"


@pytest.mark.parametrize("event", [DELETED, in_grids_schema(DELETED)])
async def test_deleted_user_is_a_line_of_the_log(
    azurite: str, queue_names: Iterator[str], caplog: pytest.LogCaptureFixture, event: Event
) -> None:
    keys = EVENTS
    async with service(azurite, queue_names, in_group(), **keys) as running:
        line = await untold(running, event, caplog)
        assert running.graph.requests == []
        outcome = await running.with_settings(**ALL).outcome(event)
    assert (line["status"], line["reasons"], line["userId"]) == (
        "ineligible", ["userDeleted"], USER_ID,
    )  # fmt: skip
    assert (outcome["status"], codes(outcome["reasons"])) == ("ineligible", ["userDeleted"])


async def test_event_that_makes_no_sense_is_a_line_of_the_log(
    azurite: str, queue_names: Iterator[str], caplog: pytest.LogCaptureFixture
) -> None:
    event = of_type("Microsoft.Graph.GroupUpdated")
    async with service(azurite, queue_names, in_group(), **EVENTS) as running:
        line = await untold(running, event, caplog)
        outcome = await running.with_settings(**ALL).outcome(event)
    assert (line["status"], line["reasons"]) == ("rejected", ["invalidValue"])
    assert outcome["status"] == "rejected"
