"""R1 in short: the main scenario at every kill point; ``make faults`` runs every scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults.everywhere import kill_everywhere
from tests.faults.ground import ground
from tests.faults.scenarios import COMPLETION, EVENT, LOOK, MAIN, OWN_MAIL

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.everywhere import Report
    from tests.faults.scenarios import Scenario


async def held_everywhere(azurite: str, logs: Path, scenario: Scenario) -> Report:
    """Kill hosts at every call of a scenario; every promise has to hold at each."""
    async with ground(azurite, logs) as field:
        report = await kill_everywhere(field, scenario)
    assert report.problems == {}
    return report


# Each of some thirty runs has a patience of its own, and says better what went wrong.
@pytest.mark.timeout(600)
async def test_r1_host_killed_at_every_step_invites_once_and_tells_one_outcome(
    azurite: str, tmp_path: Path
) -> None:
    report = await held_everywhere(azurite, tmp_path, MAIN)
    # Take, ledger, batch, claim, invitation, result, ledger, acknowledgement: none is missed.
    assert report.points >= 15
    assert "graph: invitations" in report.calls


@pytest.mark.rehearsal
@pytest.mark.timeout(600)
async def test_r1_host_killed_at_every_step_of_an_event_invites_once_and_tells_one_outcome(
    azurite: str, tmp_path: Path
) -> None:
    report = await held_everywhere(azurite, tmp_path, EVENT)
    assert report.points >= 15
    assert "graph: invitations" in report.calls


@pytest.mark.rehearsal
@pytest.mark.timeout(600)
async def test_r13_host_killed_at_every_step_of_a_look_tells_one_end(
    azurite: str, tmp_path: Path
) -> None:
    report = await held_everywhere(azurite, tmp_path, LOOK)
    # Take, ledger, look, ledger, result, ledger, acknowledgement: none is missed.
    assert report.points >= 15
    assert "graph: $batch" in report.calls


@pytest.mark.rehearsal
@pytest.mark.timeout(900)
async def test_r16_host_killed_at_every_step_of_a_completion_does_all_and_tells_one_end(
    azurite: str, tmp_path: Path
) -> None:
    report = await held_everywhere(azurite, tmp_path, COMPLETION)
    # Beside those of the look: the facts, five steps, and each of them in the ledger.
    assert report.points >= 45
    assert {call for call in report.calls if call.startswith("graph: users")} == {
        "graph: users/{id}", "graph: users/{id}/revokeSignInSessions",
        "graph: users/{id}/sponsors/$ref", "graph: users/{id}/manager/$ref",
    }  # fmt: skip


@pytest.mark.rehearsal
@pytest.mark.timeout(600)
async def test_r17_host_killed_at_every_step_of_own_mail_mails_once(
    azurite: str, tmp_path: Path
) -> None:
    report = await held_everywhere(azurite, tmp_path, OWN_MAIL)
    assert report.points >= 19
    assert [call for call in report.calls if call.endswith("/sendMail")]
