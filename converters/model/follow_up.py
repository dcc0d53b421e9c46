"""The follow-up of an invitation: frozen, and without any I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from converters.model.completion import NOTHING, Completion

if TYPE_CHECKING:
    from converters.model.completion import Step
    from converters.model.outcome import Reason, Status, StepResult
    from converters.model.redemption import Redemption


@dataclass(frozen=True, slots=True)
class Judgement:
    """How the follow-up of an invitation ends."""

    status: Status
    reasons: tuple[Reason, ...] = ()
    warnings: tuple[Reason, ...] = ()
    redemption: Redemption | None = None


@dataclass(frozen=True, slots=True)
class FollowUp:
    """An invitation to look after; no address, name, text or URL.

    Attributes:
        key: of the request's row in the ledger.
        request_id, source: the request's.
        correlation_id: likewise, for Graph's ``client-request-id``.
        user_id: who was invited.
        invited: when, in seconds since 1970 by the storage service's clock.
        domain: of the invited address, where it is known.
        mailed: whether the invitation was to be mailed, by Microsoft or by this service.
        language: of that mail, where the request named one.
        completion: what to do once the person has redeemed.
    """

    key: str
    request_id: str
    source: str | None
    correlation_id: str
    user_id: str
    invited: float
    domain: str | None = None
    mailed: bool = True
    language: str | None = None
    completion: Completion = NOTHING


@dataclass(frozen=True, slots=True)
class Check:
    """A message of the follow-up: the invitation, and which look at its user is due.

    Attributes:
        look: the number of the look; one that the ledger has passed does nothing.
        attempts: how often in a row this look met an outage.
    """

    follow_up: FollowUp
    look: int = 0
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Completing:
    """How far a completion is.

    Attributes:
        results: of the steps that ended, in the order in which they did.
        since: when the first wait of those that go on began, in seconds since 1970.
    """

    results: tuple[StepResult, ...] = ()
    since: float | None = None

    def left(self, completion: Completion) -> tuple[Step, ...]:
        """Return the steps that have not ended."""
        ended = {result.step for result in self.results}
        return tuple(step for step in completion.steps if step not in ended)
