"""The one line that each invocation leaves in the log: ids, codes, durations, nothing personal."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from converters.model.event import Lifecycle
from converters.model.outcome import Deferral, Status, StepState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from converters.model.event import Notice
    from converters.model.follow_up import FollowUp
    from converters.model.outcome import Outcome, StepResult
    from converters.model.trace import Trace

logger = logging.getLogger("b2b_conversion")
_TO_DO = {
    Lifecycle.REAUTHORIZATION_REQUIRED: "Extend the subscription (PATCH its expirationDateTime)"
    " before it ends; that reauthorizes it too.",
    Lifecycle.SUBSCRIPTION_REMOVED: "Make the subscription anew; users who were changed meanwhile"
    " have sent no events: ask for them by requests.",
    Lifecycle.MISSED: "Events were lost: look for users who were changed since, and ask for them by"
    " requests.",
}


def log_ended(
    result: Outcome | Deferral, trace: Trace, attempt: int | None, *, told: bool = True
) -> None:
    """Note how a request ended, or that it waits; and if nobody is told of it but here."""
    level = logging.INFO
    if isinstance(result, Deferral):
        line = {
            "status": "deferred",
            "reasons": [reason.code for reason in result.reasons],
            "why": result.why,
            "seconds": result.seconds,
            "waits": result.request.waits.times,
        }
    else:
        trace.user_id = result.user.id if result.user else trace.user_id
        line = {
            "status": result.status,
            "reasons": [reason.code for reason in result.reasons],
            "warnings": [warning.code for warning in result.warnings],
            **({} if told else {"told": False}),
        }
        if not told and result.status is Status.REJECTED:
            level = logging.WARNING
    _write(level, line, trace, attempt)


def log_notice(notice: Notice, *, handled: bool = False) -> None:
    """Note what Graph says of the subscription by which events come, and what is to be done."""
    if notice.lifecycle is None:
        return
    to_do = "Nothing: the service does it by itself." if handled else _TO_DO[notice.lifecycle]
    line = {
        "lifecycleEvent": notice.lifecycle,
        "subscriptionId": notice.origin.subscription_id,
        "eventId": notice.request_id,
        "toDo": to_do,
    }
    level = logging.INFO if handled else logging.WARNING
    _log(level, "subscription", line)


def log_subscription(line: Mapping[str, Any], *, warn: bool) -> None:
    """Note how it stands with the subscription that this service keeps: alerts watch this line."""
    level = logging.WARNING if warn else logging.INFO
    _log(level, "subscription", line)


def log_undone(error: Exception, trace: Trace, attempt: int | None) -> None:
    """Note that nothing was concluded; the host tries again."""
    line = {"status": "undone", "error": type(error).__name__, "why": str(error)}
    _write(logging.WARNING, line, trace, attempt)


def log_unfinished(error: Exception, outcome: Outcome) -> None:
    """Note that a request ended and that the ledger does not know."""
    line = {"requestId": outcome.request_id, "error": type(error).__name__, "why": str(error)}
    _log(logging.WARNING, "ledger", line)


def log_swept(waiting: int, oldest_seconds: int, poison: int, dead_letters: int) -> None:
    """Note what a sweep found, whether or not there was anything: alerts watch this line.

    Args:
        waiting: messages in the requests queue, about.
        oldest_seconds: how long the first of them has waited.
        poison: messages taken from the poison queue.
        dead_letters: messages among the dead letters, about.
    """
    line = {
        "waiting": waiting,
        "oldestSeconds": oldest_seconds,
        "poison": poison,
        "deadLetters": dead_letters,
    }
    level = logging.WARNING if poison or dead_letters else logging.INFO
    _log(level, "sweep", line)


def log_follow_up(
    status: str, follow_up: FollowUp | None, trace: Trace | None = None, *, problem: bool = False
) -> None:
    """Note how a look at an invited user ended, or why there was none.

    Args:
        status: the outcome's, or what is so in some words.
        follow_up: whose; ``None`` where the message could not be read.
        trace: of the look, where there was one.
        problem: whether somebody should see it.
    """
    line = {
        "requestId": follow_up.request_id if follow_up else None,
        "userId": follow_up.user_id if follow_up else None,
        "status": status,
        "correlationId": follow_up.correlation_id if follow_up else None,
        "graphRequestIds": trace.graph_request_ids if trace else [],
    }
    level = logging.WARNING if problem else logging.INFO
    _log(level, "followUp", line)


def log_step(result: StepResult, follow_up: FollowUp, trace: Trace, *, waits: bool = False) -> None:
    """Note how a step of a completion ended, or that it waits: an alert watches this line."""
    line = {
        "requestId": follow_up.request_id,
        "userId": follow_up.user_id,
        "step": result.step,
        "result": "waits" if waits else result.state,
        "reasons": [reason.code for reason in result.reasons],
        "missingPermission": result.permission,
        "correlationId": follow_up.correlation_id,
        "graphRequestIds": trace.graph_request_ids,
    }
    refused = result.state is StepState.REFUSED
    _log(logging.WARNING if refused else logging.INFO, "completion", line)


def log_mail(what: str, trace: Trace, *, status: int | None = None, code: str = "") -> None:
    """Note what became of an own mail: alerts watch this line.

    Args:
        what: ``sent``, ``refused``, ``unfit``, ``throttled``, ``lost``, and of one that was lost
            ``found``, ``notFound``, ``inDoubt``.
        trace: of the invocation.
        status: HTTP's, where it was no success.
        code: Graph's, likewise.
    """
    line = {
        "requestId": trace.request_id,
        "userId": trace.user_id,
        "mail": what,
        "httpStatus": status,
        "code": code,
        "correlationId": trace.correlation_id,
        "graphRequestIds": trace.graph_request_ids,
    }
    level = logging.INFO if what in {"sent", "found"} else logging.WARNING
    _log(level, "mail", line)


def log_care(restarted: int, deleted: int) -> None:
    """Note what a sweep did for the ledger, where it did anything."""
    if restarted or deleted:
        line = {"restarted": restarted, "deleted": deleted}
        level = logging.WARNING if restarted else logging.INFO
        _log(level, "ledgerSweep", line)


def _write(level: int, line: dict[str, Any], trace: Trace, attempt: int | None) -> None:
    whole = {
        "requestId": trace.request_id,
        "userId": trace.user_id,
        **line,
        **({"event": True} if trace.event else {}),
        "attempt": attempt,
        "correlationId": trace.correlation_id,
        "graphRequestIds": trace.graph_request_ids,
        "milliseconds": trace.milliseconds,
    }
    _log(level, "conversion", whole)


def _log(level: int, word: str, line: Mapping[str, Any]) -> None:
    """Write a line: the word that queries find it by, and JSON."""
    logger.log(level, "%s %s", word, json.dumps(line, separators=(",", ":")))
