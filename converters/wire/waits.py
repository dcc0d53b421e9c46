"""What a request that has waited carries along, as it stands on the wire. Pure."""

from __future__ import annotations

import re
from typing import Any

from converters.model.request import GraphFailure, Waits

# Far beyond any count, and any second of this century.
_MOST = 10_000_000_000
_CODE = re.compile(r"[A-Za-z]{1,64}")
# An outcome has to have room for it.
MOST_TEXT = 1000


def written_waits(waits: Waits) -> dict[str, Any]:
    """Write down what a request carries along."""
    failure = waits.failure
    return {
        "times": waits.times,
        "attempts": waits.attempts,
        "since": waits.since,
        "announced": list(waits.announced),
        "failure": failure
        and {
            "times": failure.times,
            "status": failure.status,
            "code": failure.code[:MOST_TEXT],
            "text": failure.text[:MOST_TEXT],
            "requestId": failure.request_id,
        },
    }


def read_waits(value: object) -> Waits | None:
    """Read what a request carries along; ``None`` where it makes no sense."""
    match value:
        case {
            "times": int(times),
            "attempts": int(attempts),
            "since": int() | None as since,
            "announced": list(announced),
        }:
            numbers = (times, attempts, since or 0)
            codes = all(isinstance(code, str) and _CODE.fullmatch(code) for code in announced)
            if all(0 <= number <= _MOST for number in numbers) and codes:
                failure = _failure(value.get("failure")) if isinstance(value, dict) else None
                return Waits(times, attempts, since, tuple(announced), failure)
    return None


def _failure(value: object) -> GraphFailure | None:
    """Read a failure; one that makes no sense is forgotten, and counted anew."""
    match value:
        case {
            "times": int(times),
            "status": int(status),
            "code": str(code),
            "text": str(text),
            "requestId": str() | None as request_id,
        } if 0 <= times <= _MOST and 0 <= status <= _MOST:
            short = request_id and request_id[:MOST_TEXT]
            return GraphFailure(times, status, code[:MOST_TEXT], text[:MOST_TEXT], short)
    return None
