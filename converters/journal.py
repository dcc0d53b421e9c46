"""The one line that each invocation leaves in the log: ids, codes, durations, nothing personal."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from converters.model import ConversionRequest, Deferral, Outcome
    from converters.trace import Trace

logger = logging.getLogger("b2b_conversion")


def ended(outcome: Outcome, trace: Trace, attempt: int | None) -> None:
    """Note that a request came to its outcome."""
    user_id = outcome.user.id if outcome.user else outcome.user_id
    reasons = [reason.code for reason in outcome.reasons]
    warnings = [warning.code for warning in outcome.warnings]
    line = _line(outcome.request_id, user_id, str(outcome.status), trace, attempt)
    _write(logging.INFO, line | {"reasons": reasons, "warnings": warnings})


def deferred(deferral: Deferral, trace: Trace, attempt: int | None) -> None:
    """Note that a request waits."""
    request = deferral.request
    line = _line(request.request_id, request.user_id, "deferred", trace, attempt)
    reasons = [deferral.reason.code] if deferral.reason else []
    _write(logging.INFO, line | {"reasons": reasons, "deferrals": request.deferrals})


def undone(
    error: Exception, request: ConversionRequest | None, trace: Trace, attempt: int | None
) -> None:
    """Note that nothing was concluded; the host tries again."""
    request_id, user_id = (request.request_id, request.user_id) if request else (None, None)
    line = _line(request_id, user_id, "undone", trace, attempt)
    _write(logging.WARNING, line | {"error": type(error).__name__, "why": str(error)})


def _line(
    request_id: str | None, user_id: str | None, status: str, trace: Trace, attempt: int | None
) -> dict[str, Any]:
    return {
        "requestId": request_id,
        "userId": user_id,
        "status": status,
        "attempt": attempt,
        "correlationId": trace.correlation_id,
        "graphRequestIds": trace.request_ids,
        "milliseconds": trace.milliseconds,
    }


def _write(level: int, line: dict[str, Any]) -> None:
    logger.log(level, "conversion %s", json.dumps(line, separators=(",", ":")))
