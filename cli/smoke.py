"""Sends one check to a deployed function and waits for its outcome; nobody is invited.

Outcomes are only peeked at, so that every one, this one's too, is left to whoever takes them.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from cli.ending import Code
from converters.model.outcome import Owner, Status
from converters.storage.queues import Queue, QueueReader

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

    from converters.settings.settings import Settings

# Nobody's: an id that no directory gives.
NOBODY = "00000000-0000-0000-0000-000000000000"
# The first request after an idle spell can wait two minutes for an instance.
SECONDS = 600
_LOOK_SECONDS = 2
_MOST_PEEKED = 32
# The function could not do its work, or not yet.
_ILL = {Status.DEFERRED, Status.FAILED, Status.REJECTED}


class Finding(NamedTuple):
    """How it went, in one line."""

    code: Code
    line: str


async def smoke(
    settings: Settings, held: AsyncTokenCredential | None, user_id: str, seconds: float
) -> Finding:
    """Send a check for a user and wait so long for what it ends in.

    Raises:
        QueueUnavailable: it cannot be sent, or outcomes cannot be read.
    """
    request_id = f"smoke-{uuid.uuid4()}"
    request = {"requestId": request_id, "mode": "check", "invitedUser": {"id": user_id}}
    requests = Queue(settings.storage, settings.requests_queue, held)
    results = QueueReader(Queue(settings.storage, settings.results_queue, held))
    try:
        await requests.send_text(json.dumps(request))
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                return _judged(await _outcome(results, request_id))
        crowd = len(await results.peek()) == _MOST_PEEKED
    finally:
        await requests.close()
        await results.queue.close()
    hint = "32 older ones stand before it: take those first" if crowd else "read the function's log"
    return Finding(Code.UNAVAILABLE, f"{request_id}: no outcome in {seconds:g} seconds; {hint}.")


async def _outcome(results: QueueReader, request_id: str) -> dict[str, Any]:
    """Return the request's outcome once it shows."""
    while True:
        for message in await results.peek():
            # The id is no part of another: whatever else stands there is somebody else's.
            if request_id in message.text:
                outcome: dict[str, Any] = json.loads(message.text)["data"]
                return outcome
        await asyncio.sleep(_LOOK_SECONDS)


def _judged(outcome: dict[str, Any]) -> Finding:
    reasons = outcome["reasons"]
    codes = ", ".join(reason["code"] for reason in reasons)
    # A no by the rules is an answer; what the operator has to mend before there is one is not.
    is_ill = outcome["status"] in _ILL or any(
        each["owner"] == Owner.OPERATOR and each["retriable"] for each in reasons
    )
    code = Code.FINDINGS if is_ill else Code.WELL
    return Finding(code, f"{outcome['requestId']}: {outcome['status']} ({codes or 'no reasons'})")
