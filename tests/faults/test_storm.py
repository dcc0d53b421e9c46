"""R2 in short; ``make faults`` runs it with 10,000 requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults.long_storm import LongStorm
from tests.faults.mail_storm import MailStorm
from tests.faults.storm import Storm

if TYPE_CHECKING:
    from pathlib import Path

REQUESTS, FOLLOWED, MAILS = 200, 60, 40


# Half a minute, and as long again for every host that dies at a bad time.
@pytest.mark.timeout(600)
async def test_r2_storm_loses_nothing_and_invites_nobody_twice(
    azurite: str, tmp_path: Path
) -> None:
    storm = Storm(azurite, tmp_path, REQUESTS, seed=1)
    await storm.rage()
    assert storm.problems() == []


# A minute, since people take their time, and as long again for hosts that die at a bad time.
@pytest.mark.timeout(600)
async def test_r2_storm_of_follow_ups_tells_every_end_once(azurite: str, tmp_path: Path) -> None:
    storm = LongStorm(azurite, tmp_path, FOLLOWED, seed=1)
    await storm.rage()
    assert storm.problems() == []


# At 30 mails a minute from each host, and a doubt of some seconds for each lost answer.
@pytest.mark.timeout(900)
async def test_r17_storm_mails_nobody_twice_and_leaves_nobody_untold(
    azurite: str, tmp_path: Path
) -> None:
    storm = MailStorm(azurite, tmp_path, MAILS, seed=1)
    await storm.rage()
    assert storm.problems() == [], storm.summary()
