"""Completion: what is done once a person has redeemed. Frozen, and without any I/O."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Step(StrEnum):
    """One thing to do; the values are the request's names, in the order in which they are done."""

    REVOKE_SESSIONS = "revokeSessions"
    RANDOMISE_PASSWORD = "randomisePassword"  # noqa: S105 - a name
    USER_TYPE = "userType"
    SPONSOR = "sponsor"
    MANAGER = "manager"


# The application permission that each step's write needs, for the least; docs/permissions.json.
PERMISSIONS = {
    Step.REVOKE_SESSIONS: "User.RevokeSessions.All",
    Step.RANDOMISE_PASSWORD: "User-PasswordProfile.ReadWrite.All",
    Step.USER_TYPE: "User.ReadWrite.All",
    Step.SPONSOR: "User.ReadWrite.All",
    Step.MANAGER: "User.ReadWrite.All",
}


@dataclass(frozen=True, slots=True)
class Completion:
    """What is to be done once a person has redeemed.

    Attributes:
        steps: in the order of ``Step``.
        sponsor, manager: who is to be it: in a request as it names the person, by object id or
            UPN; in a follow-up by object id, ``None`` where there was no such person.
        vouched: whether the ledger says that a request asked for it; a message alone may be forged.
    """

    steps: tuple[Step, ...] = ()
    sponsor: str | None = None
    manager: str | None = None
    vouched: bool = True

    def __bool__(self) -> bool:
        return bool(self.steps)

    def person(self, step: Step) -> str | None:
        """Return whom a step is about, beside the user."""
        return {Step.SPONSOR: self.sponsor, Step.MANAGER: self.manager}.get(step)


NOTHING = Completion()
