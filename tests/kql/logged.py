"""Lines of the log, written by the code that writes them in production."""

from __future__ import annotations

import json
import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from converters.model.errors import QueueUnavailable
from converters.model.outcome import Deferral, Outcome, Owner, Reason, Status
from converters.model.trace import Trace
from converters.steps.logging import (
    log_ended,
    log_follow_up,
    log_mail,
    log_subscription,
    log_swept,
    log_undone,
    log_unfinished,
    logger,
)
from tests.samples import USER_ID, request

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Kept(logging.Handler):
    def __init__(self, lines: list[str]) -> None:
        super().__init__()
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(record.getMessage())


@contextmanager
def caught() -> Iterator[list[str]]:
    """Return a list that fills with what is logged inside, as the host is given it."""
    lines: list[str] = []
    handler, level = _Kept(lines), logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield lines
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


def ended(status: Status, *codes: str, request_id: str = "R-1", milliseconds: int = 20) -> str:
    """Return the line of a request that ended, for these reasons."""
    with caught() as lines:
        outcome = Outcome(request_id, status, reasons=_reasons(codes))
        log_ended(outcome, _trace(request_id, milliseconds), 1)
    return lines[0]


def deferred(*codes: str, request_id: str = "R-1") -> str:
    """Return the line of a request that waits, for these reasons."""
    with caught() as lines:
        waiting = Deferral(request(), 300, "Graph", _reasons(codes))
        log_ended(waiting, _trace(request_id), 1)
    return lines[0]


def undone() -> str:
    """Return the line of a request of which nothing could be stored."""
    with caught() as lines:
        log_undone(QueueUnavailable("requests", "QueueNotFound"), _trace("R-1"), 2)
    return lines[0]


def unfinished() -> str:
    """Return the line of a request that ended without the ledger knowing."""
    with caught() as lines:
        log_unfinished(
            QueueUnavailable("requests", "QueueNotFound"), Outcome("R-1", Status.INVITED)
        )
    return lines[0]


def swept(waiting: int = 0, oldest: int = 0, poison: int = 0, dead: int = 0) -> str:
    """Return the line of a sweep that found so much."""
    with caught() as lines:
        log_swept(waiting, oldest, poison, dead)
    return lines[0]


def followed(status: str = "reminded") -> str:
    """Return the line of a look at an invited user."""
    with caught() as lines:
        log_follow_up(status, None)
    return lines[0]


def mailed(what: str = "sent", status: int | None = None, code: str = "") -> str:
    """Return the line of an own mail."""
    with caught() as lines:
        log_mail(what, _trace("R-1"), status=status, code=code)
    return lines[0]


def subscribed(state: str = "standing", days: float | None = 27.5) -> str:
    """Return the line of a run that keeps the subscription to events."""
    line = {
        "state": state,
        "subscriptionId": USER_ID,
        "ageDays": 1.5,
        "daysLeft": days,
        "gap": False,
        "enqueued": 0,
        "graphRequestIds": [],
    }
    with caught() as lines:
        log_subscription(line, warn=state == "failed")
    return lines[0]


def samples() -> dict[str, dict[str, Any]]:
    """Return all that a line may have, by the word that it begins with."""
    found: dict[str, dict[str, Any]] = {}
    of_requests = (ended(Status.FAILED, "x"), deferred("x"), undone(), unfinished())
    every = (*of_requests, swept(), followed(), mailed(), subscribed())
    for line in every:
        word, _, text = line.partition(" ")
        found[word] = found.get(word, {}) | json.loads(text)
    return found


def _trace(request_id: str, milliseconds: int = 20) -> Trace:
    return Trace(
        "00000000-0000-4000-8000-000000000000",
        request_id=request_id,
        user_id=USER_ID,
        milliseconds={"all": milliseconds},
    )


def _reasons(codes: tuple[str, ...]) -> tuple[Reason, ...]:
    return tuple(Reason(code, "What is so.", "What to do.", Owner.OPERATOR) for code in codes)
