"""A message of the queue ``redemption-checks``: which invitation to look after. Pure.

It says all that a look needs, so that a ledger that lost its row can have it again. Whoever can
write to the queue can forge one, and gains the outcome of an invitation that was never made. What
is read here is bounded, since it goes to Graph and into outcomes.
"""

from __future__ import annotations

import json
import re
import uuid
from typing import Any

from converters.model.follow_up import Check, FollowUp
from converters.settings.reader import GUID
from converters.wire.completions import read_completion, written_completion
from converters.wire.ticket import REQUEST_ID

_KEY = re.compile(r"[0-9a-f]{32}")
_MOST = 10_000_000_000
_SOURCE = re.compile(r"[^\s\x00-\x1f\x7f]{1,512}")
_DOMAIN = re.compile(r"[a-z0-9._-]{1,253}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


def written_check(check: Check) -> bytes:
    """Write the message."""
    each = check.follow_up
    body = {
        "key": each.key,
        "requestId": each.request_id,
        "source": each.source,
        "correlationId": each.correlation_id,
        "userId": each.user_id,
        "invited": each.invited,
        "domain": each.domain,
        "mailed": each.mailed,
        "language": each.language,
        "completion": written_completion(each.completion),
        "look": check.look,
        "attempts": check.attempts,
    }
    return json.dumps(body, separators=(",", ":")).encode("ascii")


def read_check(body: bytes) -> Check | None:
    """Read the message; ``None`` where it makes no sense."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    match value:
        case {
            "key": str(key),
            "requestId": str(request_id),
            "source": str() | None as source,
            "correlationId": str(correlation_id),
            "userId": str(user_id),
            "invited": int() | float() as invited,
            "domain": str() | None as domain,
            "mailed": bool(mailed),
            "language": str() | None as language,
            "look": int(look),
            "attempts": int(attempts),
        } if _fits(key, request_id, user_id) and _numbers(invited, look, attempts):
            follow_up = FollowUp(
                key=key,
                request_id=request_id,
                source=_known(_SOURCE, source),
                correlation_id=_guid(correlation_id),
                user_id=user_id.lower(),
                invited=invited,
                domain=_known(_DOMAIN, domain),
                mailed=mailed,
                language=_known(_LANGUAGE, language),
                # Messages of before have none.
                completion=read_completion(value.get("completion")),
            )
            return Check(follow_up, look, attempts)
    return None


def _fits(key: str, request_id: str, user_id: str) -> bool:
    return bool(
        _KEY.fullmatch(key) and REQUEST_ID.fullmatch(request_id) and GUID.fullmatch(user_id)
    )


def _numbers(*numbers: Any) -> bool:  # noqa: ANN401 - of any JSON number
    return all(0 <= number <= _MOST for number in numbers)


def _known(pattern: re.Pattern[str], text: str | None) -> str | None:
    return text if text is not None and pattern.fullmatch(text) else None


def _guid(text: str) -> str:
    return text if GUID.fullmatch(text) else str(uuid.UUID(int=0))
