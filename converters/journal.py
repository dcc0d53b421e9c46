"""The one line that each invocation leaves in the log: ids, codes, durations, nothing personal."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from converters.model import Deferral

if TYPE_CHECKING:
    from converters.model import Outcome
    from converters.trace import Trace

logger = logging.getLogger("b2b_conversion")


def ended(result: Outcome | Deferral, trace: Trace, attempt: int | None) -> None:
    """Note how a request ended, or that it waits."""
    if isinstance(result, Deferral):
        reasons = [result.reason.code] if result.reason else []
        line = {"status": "deferred", "reasons": reasons, "deferrals": result.request.deferrals}
    else:
        trace.user_id = result.user.id if result.user else trace.user_id
        line = {
            "status": result.status,
            "reasons": [reason.code for reason in result.reasons],
            "warnings": [warning.code for warning in result.warnings],
        }
    _write(logging.INFO, line, trace, attempt)


def undone(error: Exception, trace: Trace, attempt: int | None) -> None:
    """Note that nothing was concluded; the host tries again."""
    line = {"status": "undone", "error": type(error).__name__, "why": str(error)}
    _write(logging.WARNING, line, trace, attempt)


def _write(level: int, line: dict[str, Any], trace: Trace, attempt: int | None) -> None:
    whole = {
        "requestId": trace.request_id,
        "userId": trace.user_id,
        **line,
        "attempt": attempt,
        "correlationId": trace.correlation_id,
        "graphRequestIds": trace.graph_request_ids,
        "milliseconds": trace.milliseconds,
    }
    logger.log(level, "conversion %s", json.dumps(whole, separators=(",", ":")))
