"""Lines of the log, written by the code that writes them in production."""

from __future__ import annotations

import json
import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from converters.model.completion import Step
from converters.model.errors import QueueUnavailable
from converters.model.event import Lifecycle, Notice, Origin
from converters.model.follow_up import FollowUp
from converters.model.outcome import (
    Deferral,
    Outcome,
    Owner,
    Reason,
    Status,
    StepResult,
    StepState,
)
from converters.model.trace import Trace
from converters.settings.telling import told
from converters.steps.logging import (
    log_care,
    log_ended,
    log_follow_up,
    log_mail,
    log_notice,
    log_step,
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


def ended(
    status: Status,
    *codes: str,
    request_id: str = "R-1",
    milliseconds: int = 20,
    event: bool = False,
) -> str:
    """Return the line of a request that ended, for these reasons."""
    with caught() as lines:
        outcome = Outcome(request_id, status, reasons=_reasons(codes))
        trace = _trace(request_id, milliseconds)
        trace.event = event
        log_ended(outcome, trace, 1)
    return lines[0]


def deferred(*codes: str, request_id: str = "R-1") -> str:
    """Return the line of a request that waits, for these reasons."""
    with caught() as lines:
        waiting = Deferral(request(), 300, "Graph", _reasons(codes))
        log_ended(waiting, _trace(request_id), 1)
    return lines[0]


def completed(*codes: str, waits: bool = False) -> str:
    """Return the line of a step of a completion: done, or refused for these reasons."""
    state = StepState.REFUSED if codes else StepState.DONE
    result = StepResult(Step.SPONSOR, state, _reasons(codes), "User.ReadWrite.All")
    follow_up = FollowUp("0" * 32, "R-1", None, USER_ID, USER_ID, 0.0)
    with caught() as lines:
        log_step(result, follow_up, _trace("R-1"), waits=waits)
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


def cared(restarted: int = 1, deleted: int = 0) -> str:
    """Return the line of a sweep that did something for the ledger."""
    with caught() as lines:
        log_care(restarted, deleted)
    return lines[0]


def mailed(what: str = "sent", status: int | None = None, code: str = "") -> str:
    """Return the line of an own mail."""
    with caught() as lines:
        log_mail(what, _trace("R-1"), status=status, code=code)
    return lines[0]


def subscribed(state: str = "standing", days: float | None = 27.5, *, gap: bool = False) -> str:
    """Return the line of a run that keeps the subscription to events."""
    line = {
        "state": state,
        "subscriptionId": USER_ID,
        "ageDays": 1.5,
        "daysLeft": days,
        "gap": gap,
        "enqueued": 0,
        "graphRequestIds": [],
    }
    with caught() as lines:
        log_subscription(line, warn=state == "failed")
    return lines[0]


def noticed() -> str:
    """Return the line of an event about the subscription."""
    with caught() as lines:
        log_notice(Notice("e-1", Origin(), lifecycle=Lifecycle.MISSED), handled=True)
    return lines[0]


def of_settings(*problems: str, warnings: tuple[str, ...] = ()) -> str:
    """Return the line that the function writes at its start."""
    return told(problems, warnings)


def samples() -> dict[str, dict[str, Any]]:
    """Return all that a line may have, by the word that it begins with."""
    found: dict[str, dict[str, Any]] = {}
    of_requests = (ended(Status.FAILED, "x", event=True), deferred("x"), undone(), unfinished())
    every = (
        *of_requests,
        swept(),
        followed(),
        cared(),
        mailed(),
        completed("x"),
        subscribed(),
        of_settings(),
    )
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
