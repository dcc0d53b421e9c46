"""What rows are called and hold: the next release has to find what this one has left behind."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from converters.model.event import Origin
from local.graph.faults import Fault
from tests.completion import ALL, EVERYTHING, HOUR, place, redeemed
from tests.directory import USER_ID, request
from tests.own_mail import KEYS, of_tenant
from tests.service import service

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

KEY = re.compile(r"[0-9a-f]{32}")
FOLLOW_UP = (
    "RequestId Key Source CorrelationId UserId Invited Domain Mailed Language Completion Vouched"
)
RUNNING = "Look Due Seen Reminders Reminder Mail Record Completing Nonce"
HELD = {
    ("USER", "user"): "Key RequestId Number Since Address Mail Nonce",
    ("USER", "event"): "Key Since Waiting Sequence Subscription Nonce",
    ("KEY", "request"): "RequestId Digest Begun Record Number Ended Completion Nonce",
    ("followUps", "KEY"): f"{FOLLOW_UP} {RUNNING}",
    ("USER", "followUp KEY"): f"{FOLLOW_UP} Reminders Record Completing Ended Nonce",
    ("subscription", "standing"): "Busy Holder Nonce",
    ("subscription", "users"): "Link Nonce",
}


def held(rows: Iterable[dict[str, Any]]) -> dict[tuple[str, str], set[str]]:
    """Return the names of each row's values by its keys, with words in place of ids."""

    def word(text: str) -> str:
        return KEY.sub("KEY", text.replace(USER_ID, "USER"))

    return {
        (word(row["PartitionKey"]), word(row["RowKey"])): {*row} - {"PartitionKey", "RowKey"}
        for row in rows
    }


@pytest.mark.usefixtures("at_once")
async def test_names_of_rows_are_those_of_the_release_before(
    azurite: str, queue_names: Iterator[str]
) -> None:
    made = place() | {"mailboxes": of_tenant()["mailboxes"]}
    async with service(azurite, queue_names, made, COMPLETION_STEPS=ALL, **KEYS) as running:
        ledger = running.converter.ledger
        await ledger.looks.begin(USER_ID, "e-1", Origin(sequence=7, subscription_id="s"))
        await ledger.standings.claim(60)
        await ledger.standings.begin("users", Link="/users/delta")
        await running.event(request(completion=EVERYTHING))
        await redeemed(running, invite=False)
        running.graph.faults.add(Fault(path="revokeSignInSessions", status=503, times=1))
        await running.follow_up()
        found = held(await running.rows())
        await running.age_follow_up(HOUR)
        await running.follow_up()
        found |= held(await running.rows())
    assert found == {keys: set(names.split()) for keys, names in HELD.items()}
