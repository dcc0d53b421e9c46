"""Requests that have ended: told again from a ledger that keeps nothing personal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from local.graph import Fault
from tests import promises
from tests.directory import ADDRESS, OTHER_ID, kim, request, tenant
from tests.service import service
from tests.telling import codes

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.usefixtures("at_once")


async def test_finished_request_is_told_again_without_asking_graph_for_anything(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, tenant(kim(onPremisesSyncEnabled=False))) as running:
        first = await running.event(request(requestedBy="RITM1"))
        running.graph.faults.add(Fault(status=503))
        again = await running.event(request(requestedBy="RITM1"))
    first.pop("time"), again.pop("time")
    assert first["data"]["user"].pop("userPrincipalName") == "kim@contoso.example"
    assert again == first


async def test_finished_silent_request_is_told_again_without_its_url(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        first = await running.event(request(sendInvitationMessage=False))
        again = await running.event(request(sendInvitationMessage=False))
        assert len(running.invited()) == 1
    assert first["id"] == again["id"]
    assert "inviteRedeemUrl" not in again["data"]["invitation"]
    assert codes(again["data"]["warnings"])[-1] == "redeemUrlNotKept"


async def test_retriable_outcome_that_ends_otherwise_later_is_another_event(
    azurite: str, queue_names: Iterator[str]
) -> None:
    nobody = tenant(kim(id=OTHER_ID, otherMails=[]))
    async with service(azurite, queue_names, nobody) as running:
        first, same = await running.event(request()), await running.event(request())
        assert (first["data"]["status"], same["id"]) == ("ineligible", first["id"])
        running.graph.tenant.add_user(kim(userPrincipalName="new@contoso.example"))
        later, again = await running.event(request()), await running.event(request())
    assert (later["data"]["status"], again["id"]) == ("invited", later["id"])
    assert later["id"] != first["id"]


async def test_check_is_always_of_now_and_leaves_no_row(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        check = await running.event(request(mode="check"))
        assert await running.rows() == []
        conversion = await running.event(request())
    assert check["id"] != conversion["id"]


async def test_s7_s8_ledger_holds_no_address_name_text_or_url(
    azurite: str, queue_names: Iterator[str]
) -> None:
    keys = {"ALLOW_CUSTOM_TEXT": "true", "ALLOWED_EMAIL_DOMAINS": "partner.example,canary.example"}
    info = {
        "customizedMessageBody": "canary-text",
        "ccRecipients": [{"emailAddress": {"address": "cc@canary.example", "name": "canary-cc"}}],
    }
    canary = kim(displayName="canary-name", userPrincipalName="canary@contoso.example")
    refused = kim(
        id=OTHER_ID,
        userPrincipalName="o@contoso.example",
        otherMails=["canary@partner.example"],
        **{"$fault": {"invite": {"status": 400, "code": "x", "message": "canary-refusal"}}},
    )
    redirect = "https://myapps.microsoft.com/canary-url"
    async with service(azurite, queue_names, tenant(canary, refused), **keys) as running:
        common = {
            "invitedUserMessageInfo": info,
            "inviteRedirectUrl": redirect,
            "requestedBy": "canary-requester",
            "sendInvitationMessage": False,
        }
        first = await running.outcome(request(**common))
        second = await running.outcome(
            {**common, "requestId": "R-2", "invitedUser": {"id": OTHER_ID}}
        )
        stored = repr(await running.rows())
    assert (first["status"], second["status"]) == ("invited", "failed")
    assert "canary" not in stored
    assert ADDRESS not in stored
    assert first["invitation"]["inviteRedeemUrl"] not in stored


def test_every_fault_of_the_page_is_proved_by_the_tests_it_names() -> None:
    page = (ROOT / "docs" / "reliability.md").read_text()
    assert "| R12 |" in page
    assert promises.broken(page, "R") == []
