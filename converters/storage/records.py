"""What the ledger keeps of how a request ended. Pure.

Never a redeem URL, an address, a name or a text: those come from the message itself when it is
delivered again, or are gone. A redeem URL that is gone is asked for anew.
"""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from converters.model.outcome import (
    GraphTrace,
    Invitation,
    NextStep,
    Outcome,
    Owner,
    Reason,
    Status,
    UserSummary,
)
from converters.storage.reasons import read_reasons

if TYPE_CHECKING:
    from converters.model.request import ConversionRequest

_GRAPH = ("requestId", "status", "code")
URL_NOT_KEPT = Reason(
    "redeemUrlNotKept",
    "This is the outcome told again, without its redeem URL, which nobody keeps.",
    "Use the URL of the first delivery of this outcome (it has the same id).",
    Owner.REQUESTER,
)


def written(outcome: Outcome) -> str:
    """Write an outcome down as JSON, without what must not be kept."""
    user, invitation, graph = outcome.user, outcome.invitation, outcome.graph
    kept: dict[str, Any] = {
        "status": outcome.status,
        "step": outcome.step,
        "reasons": [asdict(reason) for reason in outcome.reasons],
        "warnings": [asdict(warning) for warning in outcome.warnings],
        "nextSteps": [asdict(step) for step in outcome.next_steps],
        "user": [user.id, user.user_type, user.on_premises_synced] if user else None,
        "invitation": [invitation.id, invitation.status, invitation.invited_user_id]
        if invitation
        else None,
        "graph": [graph.request_id, graph.status, graph.code] if graph else None,
    }
    return json.dumps(kept, separators=(",", ":"))


def replayed(request: ConversionRequest, record: str, redirect_url: str) -> Outcome:
    """Return the outcome that a request ended in, for another delivery of it.

    Args:
        request: the same request.
        record: as ``written``.
        redirect_url: where the person lands unless the request says.
    """
    kept = json.loads(record)
    silent = kept["invitation"] and not request.send_invitation_message
    graph = kept["graph"]
    return Outcome(
        request_id=request.request_id,
        status=Status(kept["status"]),
        step=kept["step"],
        user=_user(kept["user"], request) if kept["user"] else None,
        user_id=request.user_id,
        email_address=request.email_address,
        reasons=read_reasons(kept["reasons"]),
        warnings=read_reasons(kept["warnings"]) + ((URL_NOT_KEPT,) if silent else ()),
        next_steps=tuple(
            NextStep(step["code"], step["message"], Owner(step["owner"]))
            for step in kept["nextSteps"]
        ),
        invitation=_invitation(kept["invitation"], request.redirect_url or redirect_url),
        mail_sent=request.send_invitation_message,
        graph=GraphTrace(request.correlation_id, *graph) if graph else None,
        requested_by=request.requested_by,
        source=request.source,
    )


def told(record: str) -> dict[str, Any]:
    """Return an outcome as far as it was kept, with the names of the wire."""
    kept = json.loads(record)
    user, graph = kept["user"], kept["graph"]
    return {
        "status": kept["status"],
        **({"user": {"id": user[0]}} if user else {}),
        **{name: kept[name] for name in ("reasons", "warnings", "nextSteps")},
        **({"graph": dict(zip(_GRAPH, graph, strict=True))} if graph else {}),
    }


def is_settled(record: str) -> bool:
    """Tell whether the same request could only end the same again."""
    return not any(reason["retriable"] for reason in json.loads(record)["reasons"])


def status_of(record: str) -> Status:
    """Return how the request ended."""
    return Status(json.loads(record)["status"])


def with_step(outcome: Outcome, record: str | None, number: int) -> Outcome:
    """Give an outcome the step that it is: the earlier one's where it says the same.

    Whoever reads outcomes drops what has an id that they know: a request that was tried again and
    ended otherwise must have another.

    Args:
        outcome: the new one.
        record: the earlier outcome, as ``written``.
        number: how many there were.
    """
    if record is None:
        return outcome
    kept = json.loads(record)
    codes = [reason["code"] for reason in kept["reasons"]]
    same = (kept["status"], codes) == (outcome.status, [reason.code for reason in outcome.reasons])
    return replace(outcome, step=kept["step"] if same else f"{outcome.step} {number + 1}")


def _user(kept: list[Any], request: ConversionRequest) -> UserSummary:
    user_id, user_type, synced = kept
    return UserSummary(user_id, request.user_principal_name, user_type, synced)


def _invitation(kept: list[str] | None, redirect_url: str) -> Invitation | None:
    if kept is None:
        return None
    number, status, user_id = kept
    return Invitation(number, status, user_id, "", redirect_url, None)
