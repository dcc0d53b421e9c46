"""Own mail on real parts: lost answers; never twice blindly, never silently not at all."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from local.graph.faults import Fault
from tests.directory import USER_ID, request
from tests.own_mail import KEYS, LOST, SEND, SENDER, later, of_tenant, posts
from tests.service import service
from tests.telling import codes

if TYPE_CHECKING:
    from collections.abc import Iterator


pytestmark = pytest.mark.usefixtures("at_once")


async def test_lost_answer_is_found_among_the_sent_items(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, of_tenant(), **KEYS) as running:
        running.graph.faults.add(LOST)
        assert await running.events_of(request()) == []
        (event,) = await running.events_of(await running.waiting())
        assert len(running.graph.mails) == len(running.invited()) == 1
    assert event["data"]["status"] == "invited"
    assert "answerLost" in codes(event["data"]["warnings"])


@pytest.mark.parametrize(
    "box", [{"shows_headers": False, "keeps_message_id": True}, {"shows_headers": True}]
)
async def test_either_mark_is_enough_to_find_it(
    azurite: str, queue_names: Iterator[str], box: dict[str, Any]
) -> None:
    async with service(azurite, queue_names, of_tenant(), **KEYS) as running:
        boxes = running.graph.tenant.mailboxes
        boxes[SENDER] = replace(boxes[SENDER], **box)
        running.graph.faults.add(LOST)
        await running.events_of(request())
        (event,) = await running.events_of(await running.waiting())
    assert "answerLost" in codes(event["data"]["warnings"])


@pytest.mark.parametrize(
    "box",
    [{"roles": ["Mail.Send"]}, {"showsHeaders": False}],
    ids=["sent items may not be read", "sent items show no headers"],
)
async def test_mail_in_doubt_is_told_and_not_sent_again(
    azurite: str, queue_names: Iterator[str], box: dict[str, Any]
) -> None:
    async with service(azurite, queue_names, of_tenant(**box), **KEYS) as running:
        running.graph.faults.add(LOST)
        assert await running.events_of(request()) == []
        assert await running.events_of(await running.waiting()) == []
        (event,) = await later(running, 91)
        assert posts(running) == len(running.graph.mails) == 1
    assert event["data"]["status"] == "invited"
    assert "mailInDoubt" in codes(event["data"]["warnings"])


async def test_mail_that_was_not_sent_is_sent_with_a_new_link(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, of_tenant(), **KEYS) as running:
        running.graph.faults.add(Fault(**SEND, drop="before"))
        assert await running.events_of(request()) == []
        # Not trusted at once: what was sent may not show yet.
        assert await running.events_of(await running.waiting()) == []
        assert posts(running) == 1
        (event,) = await later(running, 91)
        (mail,) = running.graph.mails
        assert mail["redeemUrl"] == running.graph.tenant.redeem_urls[USER_ID]
        assert len(running.invited()) == 2
    assert event["data"]["status"] == "invited"
    assert not {"mailInDoubt", "mailNotSent", "answerLost"} & set(codes(event["data"]["warnings"]))


async def test_mail_whose_link_cannot_be_made_anew_is_told(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, of_tenant(), **KEYS) as running:
        running.graph.faults.add(Fault(**SEND, drop="before"))
        assert await running.events_of(request()) == []
        running.graph.faults.add(Fault(method="POST", path="/invitations$", status=400))
        (event,) = await later(running, 91)
        assert running.graph.mails == []
    assert event["data"]["status"] == "invited"
    (why,) = [each for each in event["data"]["warnings"] if each["code"] == "mailNotSent"]
    assert "the invitation could not be made anew for it" in why["message"]


async def test_resend_after_a_mail_that_was_not_sent_mails(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, of_tenant(), **KEYS) as running:
        running.graph.faults.add(Fault(**SEND, status=400, code="ErrorInvalidRecipients"))
        await running.outcome(request())
        outcome = await running.outcome(request(requestId="R-2", mode="resend"))
        assert len(running.graph.mails) == 1
    assert outcome["status"] == "invited"
    assert "olderLinkVoid" in codes(outcome["warnings"])


async def test_resend_whose_answer_is_lost_mails_once(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, of_tenant(), **KEYS) as running:
        await running.outcome(request())
        running.graph.faults.add(LOST)
        again = request(requestId="R-2", mode="resend")
        assert await running.events_of(again) == []
        (event,) = await running.events_of(await running.waiting())
        assert len(running.graph.mails) == 2
    assert event["data"]["requestId"] == "R-2"
    assert "answerLost" in codes(event["data"]["warnings"])


async def test_own_mail_in_doubt_is_told_once_nobody_can_look(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, of_tenant(), **KEYS) as running:
        running.graph.faults.add(LOST)
        assert await running.events_of(request()) == []
        off = running.with_settings(MAIL_SENDER="", MAIL_ORGANISATION="")
        (event,) = await off.events_of(await running.waiting())
        assert len(running.graph.mails) == 1
    assert "mailInDoubt" in codes(event["data"]["warnings"])


async def test_resend_in_doubt_is_told_and_not_mailed_again(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, of_tenant(roles=["Mail.Send"]), **KEYS) as running:
        await running.outcome(request())
        running.graph.faults.add(LOST)
        assert await running.events_of(request(requestId="R-2", mode="resend")) == []
        (event,) = await later(running, 91)
        assert len(running.graph.mails) == posts(running) == 2
    assert "mailInDoubt" in codes(event["data"]["warnings"])


async def test_resend_that_was_not_mailed_is_mailed_later(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, of_tenant(), **KEYS) as running:
        await running.outcome(request())
        running.graph.faults.add(Fault(**SEND, status=429, retry_after=0))
        assert await running.events_of(request(requestId="R-2", mode="resend")) == []
        waiting = await running.waiting()
        await running.age_claim(91)
        (event,) = await running.events_of(waiting)
        assert len(running.graph.mails) == 2
    assert event["data"]["status"] == "invited"


async def test_mail_that_graph_never_answered_for_is_told_as_in_doubt(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, of_tenant(), RETRY_HOURS="0", **KEYS) as running:
        running.graph.faults.add(LOST)
        outcome = await running.outcome(request())
        assert posts(running) == 1
    assert (outcome["status"], codes(outcome["reasons"])) == ("failed", ["graphUnavailable"])
    assert codes(outcome["warnings"]) == ["mailInDoubt"]
