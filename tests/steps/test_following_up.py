"""The follow-up on real parts: what a look finds, what is told of it, and what survives."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from azure.core.exceptions import ResourceNotFoundError

from converters.model.errors import QueueUnavailable
from converters.model.follow_up import FollowUp
from converters.settings.follow_up import DAY
from converters.steps import retrying
from local.graph.faults import Fault
from tests.directory import USER_ID, kim, request, tenant
from tests.service import Service, service, taken
from tests.telling import codes, lines

if TYPE_CHECKING:
    from collections.abc import Iterator

# The first look is due by then.
LOOK = 1000
pytestmark = pytest.mark.usefixtures("at_once")


async def invited(running: Service, **changes: Any) -> dict[str, Any]:  # noqa: ANN401
    event = await running.event(request(**changes))
    assert event["data"]["status"] == "invited"
    return event


@pytest.mark.parametrize(
    ("issuer", "kind"),
    [
        ("ExternalAzureAD", "entra"),
        ("MicrosoftAccount", "microsoftAccount"),
        ("mail", "oneTimePasscode"),
        ("google.com", "federated"),
        ("http://sts.partner.example/adfs/services/trust", "federated"),
    ],
)
async def test_redeemed_invitation_is_told_with_the_kind_of_identity(
    azurite: str, queue_names: Iterator[str], issuer: str, kind: str
) -> None:
    async with service(azurite, queue_names) as running:
        first = await invited(running)
        running.graph.tenant.redeem(USER_ID, issuer)
        (event,) = await running.follow_up_after(LOOK)
        assert await running.follow_up_after(LOOK) == []
        assert await taken(running.checks) == []
    outcome = event["data"]
    assert (outcome["requestId"], outcome["status"], outcome["user"]) == (
        *("R-1", "redeemed"),
        {"id": USER_ID},
    )
    assert (event["type"], event["subject"]) == ("B2BConversion.Redeemed", USER_ID)
    assert event["id"] != first["id"]
    assert outcome["redemption"]["identityProvider"] == kind
    assert outcome["redemption"]["redeemedDateTime"]
    assert outcome["graph"]["correlationId"] == first["data"]["graph"]["correlationId"]


@pytest.mark.parametrize(
    ("address", "matches", "warnings"),
    [("kim@Partner.example", True, []), ("kim@else.example", False, ["redeemedByOtherDomain"])],
)
async def test_identity_of_another_domain_is_warned_of(
    azurite: str,
    queue_names: Iterator[str],
    address: str,
    matches: bool,  # noqa: FBT001 - what is expected
    warnings: list[str],
) -> None:
    async with service(azurite, queue_names) as running:
        await invited(running)
        running.graph.tenant.redeem(USER_ID, "mail", address)
        (event,) = await running.follow_up_after(LOOK)
    assert event["data"]["redemption"]["domainMatches"] is matches
    assert codes(event["data"]["warnings"]) == warnings


async def test_pending_invitation_is_looked_at_again_and_grows_stale(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        await invited(running)
        before = len(running.graph.requests)
        for days in (0.02, 0.3, 1, 6, 10, 11):
            assert await running.follow_up_after(days * DAY) == []
        (event,) = await running.follow_up_after(3 * DAY)
        assert await running.follow_up_after(DAY) == []
        requests = running.graph.requests[before:]
    outcome = event["data"]
    assert (outcome["status"], codes(outcome["reasons"])) == ("stale", ["notRedeemed"])
    assert "30 days" in outcome["reasons"][0]["message"]
    assert "resend" in outcome["reasons"][0]["remediation"]
    # One request to Graph a look.
    assert len(requests) == 7


async def test_f10_invitation_that_changed_nothing_fails_at_the_first_look(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        await invited(running)
        running.graph.tenant.change_user(
            USER_ID, externalUserState=None, externalUserStateChangeDateTime=None
        )
        (event,) = await running.follow_up_after(LOOK)
    assert event["data"]["status"] == "failed"
    assert codes(event["data"]["reasons"]) == ["invitationHadNoEffect"]


async def test_nothing_is_believed_that_a_lagging_replica_may_show(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, FOLLOW_UP_SCHEDULE="1s,2h") as running:
        await invited(running)
        running.graph.tenant.change_user(USER_ID, externalUserState=None)
        slow = running.with_settings(SETTLE_SECONDS="600")
        assert await slow.follow_up_after(20) == []
        (event,) = await slow.follow_up_after(700)
    assert codes(event["data"]["reasons"]) == ["invitationHadNoEffect"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        (None, "userDeleted"),
        ({"accountEnabled": False}, "userDisabled"),
        ({"externalUserState": None}, "noLongerPending"),
        (
            {
                "externalUserState": None,
                "identities": [
                    {"signInType": "federated", "issuer": "mail", "issuerAssignedId": None}
                ],
            },
            "convertedOtherwise",
        ),
    ],
)
async def test_account_that_was_changed_meanwhile_cancels(
    azurite: str, queue_names: Iterator[str], changes: dict[str, Any] | None, code: str
) -> None:
    async with service(azurite, queue_names) as running:
        await invited(running)
        assert await running.follow_up_after(LOOK) == []
        if changes is None:
            running.graph.tenant.delete_user(USER_ID)
        else:
            running.graph.tenant.change_user(USER_ID, **changes)
        (event,) = await running.follow_up_after(DAY)
        assert await running.follow_up_after(DAY) == []
    assert (event["data"]["status"], codes(event["data"]["reasons"])) == ("cancelled", [code])


async def test_look_that_cannot_be_read_counts_as_nothing(
    azurite: str, queue_names: Iterator[str], caplog: pytest.LogCaptureFixture
) -> None:
    async with service(azurite, queue_names) as running:
        await invited(running)
        running.graph.tenant.redeem(USER_ID)
        running.graph.faults.add(Fault(method="GET", path=USER_ID, status=403, times=1))
        assert await running.follow_up_after(31 * DAY) == []
        (event,) = await running.follow_up_after(DAY)
    assert event["data"]["status"] == "redeemed"
    assert "unread: HTTP 403" in [line["status"] for line in lines(caplog, "followUp")]


async def test_look_waits_through_an_outage(
    azurite: str, queue_names: Iterator[str], caplog: pytest.LogCaptureFixture
) -> None:
    async with service(azurite, queue_names) as running:
        await invited(running)
        running.graph.tenant.redeem(USER_ID)
        running.graph.faults.add(Fault(method="GET", path=USER_ID, status=503, times=2))
        assert await running.follow_up_after(LOOK) == []
        assert await running.follow_up() == []
        (event,) = await running.follow_up()
    assert event["data"]["status"] == "redeemed"
    # Each time it says what it waits for.
    told = [line["status"] for line in lines(caplog, "followUp")]
    assert ["HTTP 503" in each for each in told] == [True, True]


@pytest.mark.parametrize(("asked", "waits"), [(None, 40), (7, 47), (0, 40)])
async def test_look_that_graph_cannot_answer_waits_longer_each_time_and_as_long_as_it_asks(
    azurite: str,
    queue_names: Iterator[str],
    monkeypatch: pytest.MonkeyPatch,
    asked: int | None,
    waits: int,
) -> None:
    tries: list[int] = []
    waited: list[float] = []

    def back_off(attempts: int, _: float) -> float:
        tries.append(attempts)
        return 40

    def delay(seconds: float) -> int:
        waited.append(seconds)
        return 0

    monkeypatch.setattr(retrying, "back_off", back_off)
    async with service(azurite, queue_names) as running:
        await invited(running)
        fault = Fault(method="GET", path=USER_ID, status=503, retry_after=asked, times=2)
        running.graph.faults.add(fault)
        monkeypatch.setattr(retrying, "delay", delay)
        await running.follow_up_after(LOOK)
        await running.follow_up()
    assert (tries, waited[0]) == ([0, 1], waits)


async def test_r14_end_that_could_not_be_told_is_told_as_it_was_found(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, STALE_AFTER_DAYS="1") as running:
        await invited(running)
        await running.results.delete_queue()
        await running.age_follow_up(DAY)
        for text in await taken(running.checks):
            await running.converter.follower.handle(text.encode())
        # What happens after the end was written down is another story.
        running.graph.tenant.redeem(USER_ID)
        await running.results.create_queue()
        (event,) = await running.follow_up()
        assert await running.follow_up() == []
    assert event["data"]["status"] == "stale"


async def test_r14_duplicates_of_a_message_lead_to_one_look_and_one_end(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        await invited(running)
        (text,) = await taken(running.checks)
        await running.age_follow_up(1000)
        follower = running.converter.follower
        for _ in range(3):
            await follower.handle(text.encode())
        (following,) = await taken(running.checks)
        running.graph.tenant.redeem(USER_ID)
        await running.age_follow_up(DAY)
        await follower.handle(following.encode())
        await follower.handle(following.encode())
        await follower.handle(text.encode())
        (event,) = await running.events()
        assert await taken(running.checks) == []
    assert event["data"]["status"] == "redeemed"


async def test_r14_message_without_its_row_writes_it_anew(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        await invited(running)
        row = await running.open_follow_up()
        await running.ledger.delete_entity(row)
        assert await running.follow_up() == []
        running.graph.tenant.redeem(USER_ID)
        (event,) = await running.follow_up_after(DAY)
    assert event["data"]["status"] == "redeemed"


async def test_r14_follow_up_needs_the_row_or_the_message_and_not_both(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        await running.checks.delete_queue()
        await invited(running)
        with pytest.raises(ResourceNotFoundError):
            await taken(running.checks)
        await running.checks.create_queue()
        # The request itself has ended.
        assert await taken(running.requests) == []
        running.graph.tenant.redeem(USER_ID)
        await running.age_follow_up(2 * DAY)
        await running.converter.caretaker.sweep()
        (event,) = await running.follow_up()
    assert event["data"]["status"] == "redeemed"


async def test_r14_request_comes_again_where_neither_row_nor_message_is_stored(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        await running.event(request(mode="check"))
        await running.checks.delete_queue()
        await running.ledger.delete_table()
        follow_up = FollowUp("0" * 32, "R-1", None, USER_ID, USER_ID, 0.0)
        with pytest.raises(QueueUnavailable):
            await running.converter.follower.begin(follow_up, fresh=True)


async def test_message_that_is_early_hops_on_without_a_look(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        await invited(running)
        before = len(running.graph.requests)
        for _ in range(3):
            assert await running.follow_up() == []
        assert len(running.graph.requests) == before
        assert len(await taken(running.checks)) == 1


async def test_follow_up_that_is_switched_off_asks_nothing_and_forgets_nothing(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        off = running.with_settings(FOLLOW_UP_SCHEDULE="off")
        await invited(off)
        assert await taken(running.checks) == []
        await running.handle(request(requestId="R-2"))
        await running.events()
    async with service(azurite, queue_names) as running:
        await invited(running)
        off = running.with_settings(FOLLOW_UP_SCHEDULE="off")
        running.graph.tenant.redeem(USER_ID)
        assert await off.follow_up_after(2 * DAY) == []
        await off.converter.caretaker.sweep()
        assert await taken(running.checks) == []
        await running.converter.caretaker.sweep()
        (event,) = await running.follow_up()
    assert event["data"]["status"] == "redeemed"


async def test_other_outcomes_are_not_followed_up(azurite: str, queue_names: Iterator[str]) -> None:
    disabled = tenant(kim(accountEnabled=False))
    async with service(azurite, queue_names, disabled) as running:
        await running.event(request())
        await running.event(request(requestId="R-2", mode="check"))
        await running.event({"requestId": 1.5})
        assert await taken(running.checks) == []
        assert {row["PartitionKey"] for row in await running.rows()} & {"followUps"} == set()


async def test_message_that_makes_no_sense_is_dropped_with_a_line(
    azurite: str, queue_names: Iterator[str], caplog: pytest.LogCaptureFixture
) -> None:
    async with service(azurite, queue_names) as running:
        for body in (b"\xff", b"[", b"{}", json.dumps({"key": "../x"}).encode()):
            await running.converter.follower.handle(body)
    assert [line["status"] for line in lines(caplog, "followUp")] == ["unreadable"] * 4


async def test_rows_and_messages_of_the_follow_up_hold_nothing_personal(
    azurite: str, queue_names: Iterator[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    async with service(azurite, queue_names) as running:
        await invited(running, requestedBy="Somebody")
        running.graph.tenant.redeem(USER_ID, "mail", "kim@partner.example")
        messages = await taken(running.checks)
        await running.checks.send_message(messages[0])
        await running.follow_up_after(LOOK)
        text = " ".join(messages + caplog.messages) + str(await running.rows())
    for word in ("kim", "Kim", "@", "Somebody"):
        assert word not in text
