"""How long a request waits for a better time, and when it no longer does. Pure.

A request waits in the requests queue with a visibility delay: no invocation sleeps, and the host's
tries are not used up. What it carries along is ``Waits``; whoever can write to the queue can forge
that, and gains fewer retries or a missing notice by it.
"""

from __future__ import annotations

import math
import random
from dataclasses import replace
from typing import TYPE_CHECKING

from converters.model.errors import GraphUnavailable, Unavailable
from converters.model.outcome import Deferral, Owner, Reason
from converters.model.request import GraphFailure

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from converters.model.request import ConversionRequest
    from converters.settings.settings import Settings

PAUSED = Reason(
    "conversionsPaused",
    "The operator has paused all conversions.",
    "Wait: the request is taken up by itself when the operator lets conversions go on.",
    Owner.OPERATOR,
    retriable=True,
)
LIMIT_REACHED = Reason(
    "dailyLimitReached",
    "The day's invitations are used up.",
    "Wait: the request is taken up by itself when there are invitations again, after midnight UTC.",
    Owner.OPERATOR,
    retriable=True,
)
NOT_SET_UP = Reason(
    "storageNotSetUp",
    "{problem}",
    "Deploy the infrastructure again: it makes the queues and the table, and grants the roles. What"
    " waits goes on by itself; send again what has failed.",
    Owner.OPERATOR,
    retriable=True,
)
# A new role takes effect within ten minutes ("Azure role assignments", limits).
SET_UP_SECONDS = 900
PAUSED_SECONDS = 300
LIMIT_SECONDS = 3600
MOST_SECONDS = 900

# What a replica that lags shows of a user made or changed a moment ago.
UNSEEN = frozenset({"userNotFound", "notYetVisible", "addressNotSeenByGraph"})
YOUNG_SECONDS = 3600
# So often in a row Graph may fail with the very same words.
MOST_ALIKE = 4
# What holds for the whole tenant, and ends for the whole backlog once somebody mends it.
WITHDRAWN = frozenset(
    {"factUnknown", "permissionMissing", "invitationsOff", "invitationsRefusedByTenant"}
)
# What holds for every mail of the service's own, likewise.
MAILBOX = frozenset({"mailRefused"})
_LOOKS = 10


def until_allowed(request: ConversionRequest, seconds: int, reason: Reason) -> Deferral:
    """Wait for the operator or for midnight, without a limit; retries begin anew after it."""
    waits = replace(request.waits, times=request.waits.times + 1, attempts=0, since=None)
    return Deferral(replace(request, waits=waits), delay(seconds), reason.code, (reason,))


def after_outage(
    request: ConversionRequest, error: Unavailable | TimeoutError, settings: Settings, now: float
) -> Deferral | None:
    """Wait until what was not available may be so again; ``None`` once that took too long."""
    if _waited(request, now) >= settings.retry_hours * 3600:
        return None
    if isinstance(error, Unavailable) and error.not_set_up:
        return _for_set_up(request, error, settings, now)
    if fails_alike(request) and not _is_in_doubt(error):
        return None
    why, asked = str(error) or "time limit", _asked(error)
    if asked is None:
        return _with_back_off(request, why, settings, now)
    # Never before; a little later, so that all who were told the same do not come at once.
    return _deferral(request, why, now, asked + back_off(0, settings.retry_base_seconds))


def _for_set_up(
    request: ConversionRequest, error: Unavailable, settings: Settings, now: float
) -> Deferral | None:
    """Wait for roles to take effect; ``None`` once that, and its notice, are minutes ago."""
    reason = not_set_up(error)
    if _waited(request, now) >= SET_UP_SECONDS and reason.code in request.waits.announced:
        return None
    waiting = _with_back_off(request, str(error), settings, now)
    return replace(waiting, reasons=(reason,))


def not_set_up(error: Unavailable) -> Reason:
    """Say what of the service's own storage is missing."""
    return NOT_SET_UP.filled(problem=error.not_set_up)


def with_failure(
    request: ConversionRequest, error: Unavailable | TimeoutError
) -> ConversionRequest:
    """Note what Graph said is wrong, and how often it said so, word for word."""
    if not isinstance(error, GraphUnavailable) or not error.is_telling or error.status is None:
        return request
    last, words = request.waits.failure, (error.status, error.code, error.text)
    times = last.times + 1 if last and (last.status, last.code, last.text) == words else 1
    failure = GraphFailure(times, *words, error.request_id)
    return replace(request, waits=replace(request.waits, failure=failure))


def fails_alike(request: ConversionRequest) -> GraphFailure | None:
    """Return what Graph has said so often that it will not say otherwise, if anything."""
    failure = request.waits.failure
    return failure if failure and failure.times >= MOST_ALIKE else None


def until_results(request: ConversionRequest, settings: Settings, now: float) -> Deferral:
    """Wait for the results queue; without a limit, as there is nobody to tell of its end."""
    return _with_back_off(request, "results queue", settings, now)


def for_directory(
    request: ConversionRequest,
    reasons: tuple[Reason, ...],
    settings: Settings,
    now: float,
    *,
    created: datetime | None = None,
) -> Deferral | None:
    """Wait where every reason may go away by itself; ``None`` where one does not, or too late.

    Args:
        request: the one that may wait.
        reasons: against the conversion.
        settings: the operator's.
        now: seconds since 1970.
        created: when the user was made. Of an old account the directory shows everything.
    """
    codes = {reason.code for reason in reasons}
    is_young = created is not None and now - created.timestamp() < YOUNG_SECONDS
    unseen = UNSEEN | {"noExternalAddress"} if is_young else UNSEEN
    if codes <= unseen:
        if _waited(request, now) >= settings.settle_seconds:
            return None
        return _deferral(request, "not visible", now, settings.settle_seconds / _LOOKS)
    if (
        codes <= unseen | WITHDRAWN | MAILBOX
        and _waited(request, now) < settings.consent_hours * 3600
    ):
        return replace(_with_back_off(request, "withdrawn", settings, now), reasons=reasons)
    return None


def until_quiet(request: ConversionRequest, seconds: float) -> Deferral:
    """Wait until a user may be looked at for another event; no patience is used up by it."""
    waits = replace(request.waits, times=request.waits.times + 1)
    return Deferral(replace(request, waits=waits), delay(seconds), "quiet time")


def until_mailed(request: ConversionRequest, seconds: float) -> Deferral:
    """Wait for a place in the mailbox's limit; no patience is used up by it."""
    waits = replace(request.waits, times=request.waits.times + 1)
    return Deferral(replace(request, waits=waits), delay(seconds), "mail limit")


def for_replicas(
    request: ConversionRequest, remaining: float, settings: Settings, now: float
) -> Deferral:
    """Wait until the directory shows whether an invitation was made; some looks until then."""
    look = settings.doubt_seconds / _LOOKS
    return _deferral(request, "in doubt", now, min(look, remaining))


def back_off(attempts: int, base: int, chance: Callable[[], float] = random.random) -> float:
    """Return seconds by capped exponential back-off with full jitter."""
    most = min(MOST_SECONDS, base << min(attempts, 20))
    return chance() * most


def delay(seconds: float) -> int:
    """Return whole seconds, at least one: what shows again at once would only spin."""
    return max(1, math.ceil(seconds))


def _is_in_doubt(error: Unavailable | TimeoutError) -> bool:
    return isinstance(error, GraphUnavailable) and error.in_doubt


def _asked(error: Unavailable | TimeoutError | None) -> float | None:
    return error.retry_after if isinstance(error, Unavailable) else None


def _with_back_off(
    request: ConversionRequest, why: str, settings: Settings, now: float
) -> Deferral:
    """Wait longer each time that nobody says for how long."""
    waits = request.waits
    seconds = back_off(waits.attempts, settings.retry_base_seconds)
    request = replace(request, waits=replace(waits, attempts=waits.attempts + 1))
    return _deferral(request, why, now, seconds)


def _deferral(request: ConversionRequest, why: str, now: float, seconds: float) -> Deferral:
    waits = request.waits
    # A message may say anything; whoever began in the future would wait for ever.
    since = int(now) if waits.since is None else min(waits.since, int(now))
    waits = replace(waits, times=waits.times + 1, since=since)
    return Deferral(replace(request, waits=waits), delay(seconds), why)


def _waited(request: ConversionRequest, now: float) -> float:
    since = request.waits.since
    return 0 if since is None else now - since
