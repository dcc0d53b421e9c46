"""A request's properties, listed once: to be written down, and to tell two apart. Pure."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from converters.model.completion import Step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from converters.model.completion import Completion
    from converters.model.request import ConversionRequest, Recipient

REQUEST_ID, CC = "requestId", "invitedUserMessageInfo.ccRecipients"
GUEST = "guest"


def properties(request: ConversionRequest) -> dict[str, Any]:
    """Return what a request asks for, by the path of the property on the wire.

    The order is a part of the digest, by which the ledger knows a request again: what is new comes
    last, and only where it is not at its default.
    """
    info = request.message_info
    return {
        REQUEST_ID: request.request_id,
        "mode": request.mode,
        "invitedUser.id": request.user_id,
        "invitedUser.userPrincipalName": request.user_principal_name,
        "invitedUserEmailAddress": request.email_address,
        "sendInvitationMessage": request.send_invitation_message,
        "invitedUserMessageInfo.messageLanguage": info.language,
        CC: _copies(info.cc),
        "invitedUserMessageInfo.customizedMessageBody": info.text,
        "inviteRedirectUrl": request.redirect_url,
        "requestedBy": request.requested_by,
        **(_asked(request.completion) if request.completion else {}),
    }


def content_digest(request: ConversionRequest) -> str:
    """Return what tells a request's content from any other's; hexadecimal."""
    content = [*properties(request).values(), request.from_event]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def written(request: ConversionRequest) -> dict[str, Any]:
    """Write a request as a sender would, without what is left out, and without its id.

    Whether the id is the request's own or an event's is for what it is wrapped in to say.
    """
    body: dict[str, Any] = {}
    for path, value in properties(request).items():
        if value is None or path == REQUEST_ID:
            continue
        *outer, name = path.split(".")
        inner = body
        for step in outer:
            inner = inner.setdefault(step, {})
        inner[name] = _recipients(request.message_info.cc) if path == CC else value
    return body


def _asked(completion: Completion) -> dict[str, Any]:
    """Return each step in its own place, so that no two completions look alike."""
    values = dict.fromkeys(completion.steps, True)
    named = {
        Step.USER_TYPE: GUEST,
        Step.SPONSOR: completion.sponsor,
        Step.MANAGER: completion.manager,
    }
    return {f"completion.{step}": values.get(step) and named.get(step, True) for step in Step}


def _copies(cc: Sequence[Recipient]) -> list[Any] | None:
    """Return who reads a copy; one alone is written as it was when there was one at most."""
    pairs = [[each.address, each.name] for each in cc]
    return pairs[0] if len(pairs) == 1 else pairs or None


def _recipients(cc: Sequence[Recipient]) -> list[dict[str, Any]]:
    return [
        {"emailAddress": {"address": each.address, **({"name": each.name} if each.name else {})}}
        for each in cc
    ]
