"""Invitations, resends and mails that meet another of their kind, or an answer that is lost."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from converters.storage.ledger import Ledger
from local.graph.faults import Fault
from tests.directory import kim, request, tenant
from tests.own_mail import KEYS, SEND, later, of_tenant, posts
from tests.service import service, taken
from tests.telling import codes
from tests.waiting import reached, waits

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.usefixtures("at_once")
WORDS: dict[str, Any] = {"status": 500, "code": "Broken", "message": "It broke."}
PENDING = tenant(kim(externalUserState="PendingAcceptance"))
RESEND = {"mode": "resend"}


async def test_claim_that_another_took_meanwhile_is_not_mailed_for(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, of_tenant(), **KEYS) as running:
        running.graph.faults.add(Fault(method="POST", path="/invitations$", hang_ms=300))
        handling = asyncio.create_task(running.events_of(request()))
        await reached(running.invited)
        # Whoever takes it over changes the row.
        await running.age_claim(0)
        assert await handling == []
        assert len(await taken(running.requests)) == 1
        assert posts(running) == 0


@pytest.mark.parametrize("race", ["take_over", "claim"])
async def test_resend_that_loses_the_race_for_the_claim_waits(
    azurite: str, queue_names: Iterator[str], monkeypatch: pytest.MonkeyPatch, race: str
) -> None:
    async with service(azurite, queue_names, PENDING if race == "claim" else None) as running:
        if race == "take_over":
            await running.event(request(requestId="R-0"))
        made = len(running.invited())
        monkeypatch.setattr(Ledger, "take_over", _lost)
        monkeypatch.setattr(Ledger, "claim", _lost)
        assert await running.events_of(request(**RESEND)) == []
        assert len(await taken(running.requests)) == 1
        assert len(running.invited()) == made


class Lost:
    """A claim that is another's."""

    fresh = False


async def _lost(_self: Ledger, first: object, *_: object) -> object:
    """Answer as the ledger does to whoever comes second."""
    await asyncio.sleep(0)
    return Lost() if isinstance(first, str) else None


@pytest.mark.parametrize(
    ("place", "keys", "path", "changes"),
    [
        (tenant(), {}, "/invitations$", {}),
        (PENDING, {}, "/invitations$", RESEND),
        (of_tenant(), KEYS, "/sendMail$", {}),
    ],
    ids=["invitation", "resend", "mail"],
)
async def test_words_heard_before_end_nothing_that_is_in_doubt(  # noqa: PLR0913, PLR0917 - a table
    azurite: str,
    queue_names: Iterator[str],
    place: dict[str, Any],
    keys: dict[str, str],
    path: str,
    changes: dict[str, Any],
) -> None:
    async with service(azurite, queue_names, place, **keys) as running:
        running.graph.faults.add(Fault(method="POST", path=r"\$batch", **WORDS))
        assert await running.events_of(request(**changes)) == []
        for _ in range(2):
            assert await running.events_of(await running.waiting()) == []
        running.graph.faults.clear()
        # At the fourth time Graph has said the same thing often enough, were it not in doubt.
        running.graph.faults.add(Fault(method="POST", path=path, **WORDS))
        assert await running.events_of(await running.waiting()) == []
        assert running.graph.requests[-1].path.endswith(path.strip("$"))
        assert len(await taken(running.requests)) == 1


async def test_mail_in_doubt_waits_for_the_doubt_to_end_in_some_looks(
    azurite: str, queue_names: Iterator[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    box = of_tenant(roles=["Mail.Send"])
    async with service(azurite, queue_names, box, **KEYS) as running:
        running.graph.faults.add(Fault(**SEND, drop="after"))
        assert await running.events_of(request()) == []
        waited = waits(monkeypatch, at_once=True)
        assert await later(running, 86) == []
    (wait,) = waited
    assert 0 < wait <= 4


@pytest.mark.parametrize("silent", [True, False])
async def test_silent_resend_is_made_only_where_its_url_can_be_told(
    azurite: str,
    queue_names: Iterator[str],
    silent: bool,  # noqa: FBT001 - a table
) -> None:
    async with service(azurite, queue_names, PENDING) as running:
        await running.results.delete_queue()
        await running.handle(request(**RESEND, sendInvitationMessage=not silent))
        assert len(running.invited()) == (0 if silent else 1)


async def test_silent_resend_in_doubt_is_left_to_the_other_delivery_for_a_while(
    azurite: str, queue_names: Iterator[str]
) -> None:
    asked = request(**RESEND, sendInvitationMessage=False)
    async with service(azurite, queue_names, PENDING) as running:
        running.graph.faults.add(Fault(method="POST", path="/invitations", drop="after", times=1))
        assert await running.events_of(asked) == []
        message = await running.waiting()
        assert await running.events_of(message) == []
        assert len(running.invited()) == 1
        await running.age_claim(100)
        (event,) = await running.events_of(message)
        assert len(running.invited()) == 2
    assert event["data"]["status"] == "invited"


async def test_resend_that_graph_refuses_is_told(azurite: str, queue_names: Iterator[str]) -> None:
    async with service(azurite, queue_names, PENDING) as running:
        running.graph.faults.add(Fault(method="POST", path="/invitations$", status=400))
        outcome = await running.outcome(request(**RESEND))
    assert (outcome["status"], len(codes(outcome["reasons"]))) == ("failed", 1)


async def test_resend_whose_quota_cannot_be_counted_leaves_the_first_claim(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        await running.event(request(requestId="R-0"))
        (first,) = [row for row in await running.rows() if row["RowKey"] == "user"]
        limited = running.with_settings(DAILY_LIMIT="5")
        await running.quota.delete_queue()
        assert (await limited.outcome(request(**RESEND)))["status"] == "deferred"
        (claim,) = [row for row in await running.rows() if row["RowKey"] == "user"]
    assert (claim["Key"], claim["RequestId"]) == (first["Key"], "R-0")


async def test_resend_waits_for_a_request_that_had_ended_before_and_invites_now(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, SETTLE_SECONDS="300") as running:
        for drop in ("before", "after"):
            running.graph.faults.add(Fault(method="POST", path="/invitations", drop=drop, times=1))
        await running.handle(request(requestId="R-first"))
        ended = await running.outcome(request())
        await running.age_claim(400)
        await running.handle(request())
        assert len(running.graph.mails) == 1
        outcome = await running.outcome(request(requestId="R-again", **RESEND))
        assert len(running.graph.mails) == 1
    assert codes(ended["reasons"]) == codes(outcome["reasons"]) == ["conversionInProgress"]
