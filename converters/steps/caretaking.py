"""Take care of the ledger: start what stands still again, delete what ended long ago.

Both a page at a time, with every sweep: no sweep reads everything, and none forgets anything.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from converters.model.follow_up import Check
from converters.settings.follow_up import DAY
from converters.steps import retrying
from converters.steps.logging import log_care
from converters.storage.expiry import delete_ended
from converters.wire.checks import written_check

if TYPE_CHECKING:
    from converters.settings.settings import Settings
    from converters.storage.clock import ServiceClock
    from converters.storage.courier import Courier
    from converters.storage.follow_ups import FollowUps
    from converters.storage.table import Rows

# Longer than any back-off, so that what only waits is left alone.
OVERDUE_SECONDS = 3600
PAGE = 100
# The row is to be written before the message shows; a sweep that dies between is done again.
RESTART_SECONDS = 10
# The table is looked through a slice at a time: by chance, so that no sweep need remember which.
SLICES = 256


@dataclass(frozen=True, slots=True)
class Caretaker:
    """Takes care of the ledger; one per worker."""

    rows: FollowUps
    ledger: Rows
    checks: Courier
    settings: Settings
    clock: ServiceClock

    async def sweep(self) -> None:
        """Restart a page of follow-ups that stand still, delete a page of rows that ended.

        Raises:
            LedgerUnavailable, QueueUnavailable: the rest stays for the next sweep.
        """
        log_care(await self._restart(), await self._delete())

    async def _restart(self) -> int:
        """Send a message for each follow-up whose own did not come; return how many."""
        if not self.settings.follow_up.is_on:
            return 0
        restarted, now = 0, self.clock.now()
        for row in await self.rows.overdue(now - OVERDUE_SECONDS, PAGE):
            # The look's number makes the older message void, should it come after all.
            look, delay = row.look + 1, retrying.delay(RESTART_SECONDS)
            await self.checks.send(written_check(Check(row.follow_up, look)), delay)
            if await self.rows.save(replace(row, look=look, due=now)):
                restarted += 1
        return restarted

    async def _delete(self) -> int:
        """Delete rows that ended too long ago, of one slice of the table; return how many."""
        days = self.settings.follow_up.ledger_days
        if not days:
            return 0
        before = self.clock.now() - days * DAY
        return await delete_ended(self.ledger, before, secrets.randbelow(SLICES), SLICES, PAGE)
