"""When the person who was invited is looked after, and how long the ledger remembers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from converters.model.completion import Step
from converters.settings.reader import LONGEST_QUEUE_NAME, POISON

if TYPE_CHECKING:
    from converters.settings.reader import SettingsReader

DAY = 86_400
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": DAY}
_AGE = re.compile(r"([1-9][0-9]{0,5})([smhd])")
_OFF, _DEFAULT = "off", "15m,6h,1d"
_MOST_AGES, _MOST_DAYS = 20, 365


@dataclass(frozen=True, slots=True)
class FollowUpSettings:
    """What an operator sets of the follow-up, and of the ledger's memory.

    Attributes:
        queue: the queue of the looks that are due.
        schedule: ages of an invitation, in seconds, at which its user is looked at; daily after
            the last. Empty switches the follow-up off.
        stale_days: after which an invitation counts as stale.
        remind_days: ages of an invitation, in days, at which it is made again.
        ledger_days: after which a row that ended is deleted; 0 for never.
        completion_steps: what a request may ask to be done once the person has redeemed.
    """

    queue: str
    schedule: tuple[int, ...]
    stale_days: int
    remind_days: tuple[int, ...]
    ledger_days: int
    completion_steps: frozenset[Step] = frozenset()

    @property
    def poison_queue(self) -> str:
        """Where the host puts a message that every try failed on; the sweep sends another."""
        return f"{self.queue}{POISON}"

    @property
    def is_on(self) -> bool:
        """Whether invitations are followed up."""
        return bool(self.schedule)

    def next_age(self, age: float) -> float:
        """Return the age, in seconds, at which an invitation of an age is looked at next."""
        last = self.schedule[-1]
        daily = last + DAY * max(1, int((age - last) // DAY) + 1)
        days = (*self.remind_days, self.stale_days)
        ages = (*self.schedule, daily, *(number * DAY for number in days))
        return min(each for each in ages if each > age)

    def reminders_due(self, age: float) -> int:
        """Return how many of the reminders an invitation of an age should have had."""
        return sum(days * DAY <= age for days in self.remind_days)


def read_follow_up(read: SettingsReader) -> FollowUpSettings:
    """Read the settings of the follow-up; what is wrong is added to the reader's problems."""
    stale = read.whole("STALE_AFTER_DAYS", 30, 1, _MOST_DAYS)
    ledger_days = read.whole("LEDGER_DAYS", 400, 0, 3650)
    if 0 < ledger_days <= stale:
        read.problems.append("LEDGER_DAYS must be 0 or more than STALE_AFTER_DAYS.")
    queue, most = read.queue("REDEMPTION_CHECKS_QUEUE", "redemption-checks"), LONGEST_QUEUE_NAME
    if len(f"{queue}{POISON}") > most:
        read.problems.append(
            f"REDEMPTION_CHECKS_QUEUE must have at most {most - len(POISON)} characters: the host"
            f" adds {POISON} to it."
        )
    return FollowUpSettings(
        queue=queue,
        schedule=_schedule(read),
        stale_days=stale,
        remind_days=_reminders(read, stale),
        ledger_days=ledger_days,
        completion_steps=_completion_steps(read),
    )


def _schedule(read: SettingsReader) -> tuple[int, ...]:
    parts = read.list("FOLLOW_UP_SCHEDULE", _DEFAULT)
    if parts == [_OFF]:
        return ()
    matches = [_AGE.fullmatch(part) for part in parts]
    ages = [int(found[1]) * _SECONDS[found[2]] for found in matches if found]
    fits = len(parts) == len(ages) <= _MOST_AGES and ages == sorted(set(ages))
    if not ages or not fits or ages[-1] > _MOST_DAYS * DAY:
        read.problems.append(
            "FOLLOW_UP_SCHEDULE must be off, or growing ages of at most 365 days, as in"
            f" {_DEFAULT}."
        )
    return tuple(ages)


def _reminders(read: SettingsReader, stale: int) -> tuple[int, ...]:
    parts = read.list("REMIND_AFTER_DAYS")
    days = [int(part) for part in parts if re.fullmatch("[1-9][0-9]{0,2}", part)]
    if len(days) != len(parts) or days != sorted(set(days)) or (days and days[-1] >= stale):
        read.problems.append(
            "REMIND_AFTER_DAYS must be growing numbers of days below STALE_AFTER_DAYS, as in 7,21."
        )
    return tuple(days)


def _completion_steps(read: SettingsReader) -> frozenset[Step]:
    names = {step.lower(): step for step in Step}
    asked = read.list("COMPLETION_STEPS")
    if wrong := [name for name in asked if name not in names]:
        read.problems.append(
            f"COMPLETION_STEPS cannot name {', '.join(wrong)}; the steps are {', '.join(Step)}."
        )
    return frozenset(names[name] for name in asked if name in names)
