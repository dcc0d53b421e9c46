"""What comes after an invitation, put together: the looks, the reminders, the ledger's old rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converters.graph.looking import Looker
from converters.steps.caretaking import Caretaker
from converters.steps.following_up import Follower
from converters.steps.reminding import Reminders
from converters.storage.follow_ups import FollowUps

if TYPE_CHECKING:
    from converters.graph.gathering import Gatherer
    from converters.steps.inviting import Inviter
    from converters.storage.queues import Queue


def aftercare(gatherer: Gatherer, inviter: Inviter, checks: Queue) -> tuple[Follower, Caretaker]:
    """Make what follows invitations up; one each per worker.

    Args:
        gatherer: reads the facts anew before a reminder.
        inviter: makes invitations again.
        checks: wakes the follow-up.
    """
    settings, clock, rows = inviter.settings, inviter.clock, inviter.ledger.rows
    follow_ups = FollowUps(rows, clock)
    reminders = Reminders(gatherer, inviter, follow_ups, settings)
    looker = Looker(inviter.graph)
    follower = Follower(looker, checks, inviter.results, follow_ups, reminders, settings, clock)
    return follower, Caretaker(follow_ups, rows, checks, settings, clock)
