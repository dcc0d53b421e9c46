"""Screen the directory's events: a tenant sends one for every change of every user.

An event is no ticket. Nobody waits for its outcome, so one is sent only where something was done or
somebody is needed; everything else ends as a line in the log.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING

from converters.model.event import Notice
from converters.model.facts import Groups
from converters.model.outcome import Outcome, Status
from converters.policy.eligibility import FACT_UNKNOWN
from converters.settings.events import EventOutcomes
from converters.steps import concluding_unjudged, endings, retrying
from converters.storage import records
from converters.storage.ledger import ledger_key
from converters.wire.properties import content_digest

if TYPE_CHECKING:
    from converters.model.errors import RequestInvalid
    from converters.model.event import Origin
    from converters.model.outcome import Deferral
    from converters.model.request import ConversionRequest
    from converters.policy.rule import Case
    from converters.settings.settings import Settings
    from converters.storage.clock import ServiceClock
    from converters.storage.ledger import Ledger
    from converters.storage.looks import Look

# Reasons of users whom nobody has put up for conversion, or whom somebody else converts.
NO_CANDIDATE = frozenset(
    {
        "userNotFound",
        "notInConvertibleGroup",
        "eventNeedsConvertibleGroup",
        "noExternalAddress",
        "conversionInProgress",
        endings.EVENT_REPEATED.code,
        endings.USER_DELETED.code,
    }
)
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Screener:
    """Decides which events a user is looked at for; one per worker."""

    ledger: Ledger
    settings: Settings
    clock: ServiceClock

    async def screen(self, request: ConversionRequest) -> Outcome | Deferral | None:
        """Return how an event ends, or that it waits, without a look at the user; ``None``: look.

        Only what was not begun is screened: what was has to be brought to its end.
        """
        if not request.from_event or request.user_id is None:
            return None
        if await self.ledger.find(request, content_digest(request)):
            return None
        if rival := await self._just_invited(request.user_id):
            return concluding_unjudged.just_invited(request, rival)
        for _ in range(_TRIES):
            look = await self._look(request, request.user_id)
            if not isinstance(look, bool):
                return look
            if look:
                return None
        # Others keep changing the row; whoever of them looks may not see what this event tells.
        return retrying.until_quiet(request, self.settings.events.quiet_seconds)

    async def _just_invited(self, user_id: str) -> str | None:
        """Return which request has just invited the user: that is a change of the user, too."""
        claim = await self.ledger.held(user_id)
        if claim is None or self._remaining(claim.since) <= 0:
            return None
        entry = await self.ledger.entry(claim.key)
        # Who ended with an invitation claims nobody again: it is this claim's.
        record = entry.record if entry else None
        invited = record is not None and records.status_of(record) is Status.INVITED
        return claim.request_id if invited else None

    async def _look(self, request: ConversionRequest, user_id: str) -> Outcome | Deferral | bool:
        """Tell whether this event may look now; false where another event was quicker."""
        key, origin, looks = ledger_key(request.idempotency_key), request.origin, self.ledger.looks
        look = await looks.begin(user_id, key, origin)
        if look.key == key:
            return True
        is_next = look.waiting == key
        if not is_next and look.covers(origin, self.clock.now()):
            return _repeated(request)
        remaining = self._remaining(look.since)
        if remaining <= 0:
            return await looks.take_over(look, key, origin)
        return await self._wait(request, look, remaining, is_next=is_next)

    async def _wait(
        self, request: ConversionRequest, look: Look, remaining: float, *, is_next: bool
    ) -> Outcome | Deferral | bool:
        if look.waiting and not is_next:
            return _repeated(request)
        key = ledger_key(request.idempotency_key)
        if is_next or await self.ledger.looks.wait(look, key, request.origin):
            return retrying.until_quiet(request, remaining)
        return False

    def _remaining(self, since: float) -> float:
        return since + self.settings.events.quiet_seconds - self.clock.now()


def foreign(event: ConversionRequest | Notice, settings: Settings) -> Outcome | None:
    """Conclude that an event is not of this tenant's own subscription, if it is not."""
    origin = event.origin
    if origin is None:
        return None
    if not _has_client_state(origin, settings.events.client_state):
        return concluding_unjudged.of_event(event, Status.REJECTED, endings.WRONG_CLIENT_STATE)
    # What Graph writes into an event about the subscription itself is not documented.
    may_be_silent = isinstance(event, Notice) and event.lifecycle is not None
    named = origin.tenants or ({settings.tenant_id} if may_be_silent else frozenset())
    if settings.tenant_id and named != {settings.tenant_id}:
        return concluding_unjudged.of_event(event, Status.REJECTED, endings.FOREIGN_TENANT)
    return None


def nothing_to_do(message: ConversionRequest | Notice, settings: Settings) -> Outcome | None:
    """Conclude that an event converts nobody, by itself and without any look; or ``None``."""
    if refused := foreign(message, settings):
        return refused
    if isinstance(message, Notice) and message.lifecycle is None:
        return concluding_unjudged.of_event(message, Status.INELIGIBLE, endings.USER_DELETED)
    return None


def is_told(
    message: ConversionRequest | Notice | RequestInvalid,
    result: Outcome | Deferral,
    settings: Settings,
    case: Case | None = None,
) -> bool:
    """Tell whether somebody is to hear of an outcome, or of a wait.

    Args:
        message: what it is the outcome of; whoever sent a request always hears.
        result: how it ended, or that it waits.
        settings: the operator's.
        case: what was decided on, where anything was.
    """
    if isinstance(message, Notice) or message.from_event:
        if settings.events.outcomes is EventOutcomes.ALL:
            return True
        return isinstance(result, Outcome) and _needs_somebody(result, case)
    return True


def _needs_somebody(outcome: Outcome, case: Case | None) -> bool:
    if outcome.status in {Status.INVITED, Status.FAILED}:
        return True
    codes = {reason.code for reason in outcome.reasons}
    if outcome.status is not Status.INELIGIBLE or codes & NO_CANDIDATE:
        return False
    # Unknown may be the very group that makes a candidate.
    return FACT_UNKNOWN not in codes or (case is not None and _is_in_scope(case))


def _is_in_scope(case: Case) -> bool:
    privileges = case.facts.privileges
    groups = privileges.groups if privileges else None
    return isinstance(groups, Groups) and case.settings.convertible_group_id in groups.ids


def _has_client_state(origin: Origin, wanted: str | None) -> bool:
    if wanted is None:
        return True
    # A text of JSON may hold halves of characters, which have no encoding of their own.
    given = (origin.client_state or "").encode("utf-8", "surrogatepass")
    return hmac.compare_digest(given, wanted.encode("utf-8", "surrogatepass"))


def _repeated(request: ConversionRequest) -> Outcome:
    return concluding_unjudged.of_event(request, Status.INELIGIBLE, endings.EVENT_REPEATED)
