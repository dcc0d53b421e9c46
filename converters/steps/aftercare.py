"""What comes after an invitation, put together: looks, reminders, completions, old rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converters.graph.looking import Looker
from converters.steps.caretaking import Caretaker
from converters.steps.completing import Completer
from converters.steps.following_up import Follower
from converters.steps.reminding import Reminders
from converters.storage.follow_ups import FollowUps

if TYPE_CHECKING:
    from converters.graph.gathering import Gatherer
    from converters.graph.writing import DirectoryWriter
    from converters.steps.inviting import Inviter
    from converters.storage.courier import Courier


def aftercare(
    gatherer: Gatherer, inviter: Inviter, writer: DirectoryWriter, checks: Courier
) -> tuple[Follower, Caretaker]:
    """Make what follows invitations up; one each per worker.

    Args:
        gatherer: reads the facts anew before a reminder.
        inviter: makes invitations again.
        writer: writes what completions ask for.
        checks: wakes the follow-up.
    """
    settings, clock, rows = inviter.settings, inviter.clock, inviter.ledger.rows
    follow_ups = FollowUps(rows, clock)
    reminders = Reminders(gatherer, inviter, follow_ups, settings)
    follower = Follower(
        looker=Looker(inviter.graph),
        checks=checks,
        results=inviter.results,
        rows=follow_ups,
        reminders=reminders,
        completer=Completer(
            inviter.graph, writer, follow_ups, checks, inviter.results, settings, clock
        ),
        settings=settings,
        clock=clock,
    )
    return follower, Caretaker(follow_ups, rows, checks, settings, clock)
