"""Where a conversion of long ago left what its follow-up needs: a claim, and a message or a row."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from azure.storage.queue.aio import QueueClient

from converters.model.completion import Completion
from converters.model.follow_up import Check, FollowUp
from converters.settings.follow_up import DAY
from converters.settings.storage_account import Storage
from converters.storage.clock import ServiceClock
from converters.storage.completions import written_asked
from converters.storage.follow_ups import FollowUps
from converters.storage.ledger import REQUEST, Entry, Ledger
from converters.storage.table import Rows
from converters.wire.checks import written_check

if TYPE_CHECKING:
    from tests.faults.scenarios import Scenario


@dataclass(frozen=True, slots=True)
class Place:
    """A storage account, the ledger's table in it, and the queue of the follow-up."""

    azurite: str
    table: str
    checks: str

    async def leave(
        self, scenario: Scenario, request_id: str, user_id: str, person_id: str
    ) -> None:
        """Leave what a conversion leaves that was made so many days ago.

        Args:
            scenario: says how long ago, and what was asked for.
            request_id: the request's.
            user_id: who was invited.
            person_id: who is to be sponsor and manager.
        """
        storage, clock = Storage(self.azurite), ServiceClock()
        invited = time.time() - (scenario.follows or 0) * DAY
        ids = (request_id, request_id, None, user_id, user_id)
        asked = Completion(scenario.completes, person_id, person_id)
        follow_up = FollowUp(*ids, invited, "partner.example", completion=asked)
        ledger = Ledger(storage, self.table, None, clock)
        address = f"{user_id} {request_id}@partner.example"
        digest = hashlib.sha256(address.encode()).hexdigest()
        await ledger.claim(user_id, request_id, Entry(request_id, "", None, 0, ""), digest)
        if asked:
            await ledger.rows.insert(
                {
                    "PartitionKey": request_id,
                    "RowKey": REQUEST,
                    "Completion": written_asked(asked),
                }
            )
        await ledger.close()
        if scenario.lost:
            rows = Rows(storage, self.table, None, clock)
            await FollowUps(rows, clock).open(follow_up, 0, invited)
            await rows.close()
            return
        async with QueueClient.from_connection_string(self.azurite, self.checks) as queue:
            await queue.send_message(written_check(Check(follow_up)).decode())
