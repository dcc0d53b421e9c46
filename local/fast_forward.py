"""Time that passes for follow-ups alone: their rows grow older, and their looks are due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from azure.data.tables import TableClient
from azure.storage.queue import QueueClient

from converters.model.follow_up import Check
from converters.settings.settings import Settings
from converters.storage.follow_ups import OPEN, read_follow_up
from converters.wire.checks import written_check

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class FastForward:
    """A handle on the follow-ups of a running world.

    Attributes:
        environment: the function's settings.
    """

    environment: Mapping[str, str]

    def pass_days(self, days: int) -> int:
        """Let so many days pass for every open follow-up; return how many there are."""
        settings = Settings.from_mapping(self.environment)
        storage, passed = settings.storage.connection_string or "", timedelta(days=days)
        with (
            TableClient.from_connection_string(storage, settings.ledger_table) as table,
            QueueClient.from_connection_string(storage, settings.follow_up.queue) as queue,
        ):
            rows = list(table.query_entities(f"PartitionKey eq '{OPEN}'"))
            for row in rows:
                row["Invited"], row["Due"] = row["Invited"] - passed, row["Due"] - passed
                table.update_entity(row)
                queue.send_message(written_check(Check(read_follow_up(row), row["Look"])).decode())
        return len(rows)
