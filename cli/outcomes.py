"""Outcomes as a person reads them: a row for each reason, with its remedy and its owner."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cli.ending import Code
from cli.printing import Format
from converters.model.outcome import Status
from converters.storage import judgements, records

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cli.printing import Console
    from converters.storage.history import FollowUpStory, Story

Data = dict[str, Any]

# Nothing is left to do for whoever asked.
WELL: frozenset[str] = frozenset(
    {Status.INVITED, Status.ALREADY_INVITED, Status.ALREADY_EXTERNAL, Status.ELIGIBLE}
)
BAD: frozenset[str] = frozenset({Status.INELIGIBLE, Status.REJECTED, Status.FAILED})
IN_PROGRESS, PENDING = "inProgress", "pending"
COLUMNS = ("status", "kind", "code", "message", "remedy", "owner")
SUMMARY = ("time", "requestId", "status", "user", "reasons", "owner")
# As many as ``history`` and ``status`` show.
FOLLOWED = (*SUMMARY[:3], "followUp", "since", *SUMMARY[3:])
# With what somebody has to mend, of follow-ups too; one that was cancelled has nothing to mend.
_FINDINGS: frozenset[str] = BAD | {Status.STALE}
_TOLD = ("reasons", "warnings", "redemption", "completion")
_KINDS = {"reasons": "reason", "warnings": "warning", "nextSteps": "next step"}


def code_of(outcomes: Iterable[Data]) -> Code:
    """Return the exit code: whether there is something that somebody has to mend."""
    ends = (end for one in outcomes for end in (one, one.get("followUp", {})))
    return Code.FINDINGS if any(map(_is_finding, ends)) else Code.WELL


def _is_finding(end: Data) -> bool:
    status = end.get("status")
    # A completion is told however its steps ended: reasons are those of the refused ones.
    return status in _FINDINGS or (status == Status.COMPLETED and bool(end.get("reasons")))


def of_story(story: Story, request_id: str) -> Data:
    """Return what the ledger tells of a request, with the names of an outcome."""
    told = records.told(story.record) if story.record else {"status": IN_PROGRESS}
    time = story.ended or story.begun
    return {"requestId": request_id, **told, "time": time.isoformat(), "seenIn": "ledger"}


def of_follow_up(story: FollowUpStory) -> Data:
    """Return how a follow-up stands: pending, reminded, or as it ended."""
    open_ = Status.REMINDED.value if story.reminders else PENDING
    told = judgements.told(story.record) if story.record else {"status": open_}
    told |= _completion(story)
    times = {
        "invitedAt": story.invited,
        "remindedAt": story.reminded if story.reminders else None,
        "nextLookAt": None if story.record else story.next_look,
        "endedAt": story.ended,
    }
    return {
        **told,
        "requestId": story.request_id,
        "reminders": story.reminders,
        **{name: time.isoformat() for name, time in times.items() if time},
    }


def _completion(story: FollowUpStory) -> Data:
    """Return how the steps of a completion ended, as far as they have."""
    if story.completing is None:
        return {}
    results = story.completing.results
    reasons = dict.fromkeys(reason for result in results for reason in result.reasons)
    done = {"status": Status.COMPLETED.value} if story.ended else {}
    return {
        **done,
        "reasons": [asdict(reason) for reason in reasons],
        "completion": [{"step": each.step.value, "result": each.state.value} for each in results],
    }


def invited(story: FollowUpStory) -> Data:
    """Return the outcome that a follow-up began with, where its own row is gone."""
    told = {"requestId": story.request_id, "status": Status.INVITED.value}
    about = {"user": {"id": story.user_id}, "time": story.invited.isoformat()}
    return {**told, **about, "seenIn": "ledger"}


def ended(story: FollowUpStory) -> Data:
    """Return the end of a follow-up as an outcome of its own, as the results queue has it."""
    told = of_follow_up(story)
    return {
        "requestId": story.request_id,
        "status": told["status"],
        "user": {"id": story.user_id},
        **{name: told[name] for name in _TOLD if name in told},
        "time": told.get("endedAt"),
        "seenIn": "ledger",
    }


def of_event(event: Data) -> Data:
    """Return an outcome of the results queue, without what is a credential."""
    data = dict(event["data"])
    if "invitation" in data:
        data["invitation"] = {
            name: value for name, value in data["invitation"].items() if name != "inviteRedeemUrl"
        }
    return {**data, "time": event.get("time"), "seenIn": "results queue"}


def findings(data: Data) -> list[dict[str, Any]]:
    """Return a row for each reason, warning and next step, and for the follow-up; at least one."""
    rows = _findings(data, data["status"])
    if followed := data.get("followUp"):
        about = {"kind": "follow-up", "code": followed["status"], "message": _sentence(data)}
        rows += [{"status": data["status"], **about}, *_findings(followed, data["status"])]
    return rows or [{"status": data["status"]}]


def _findings(data: Data, status: str) -> list[dict[str, Any]]:
    return [
        {
            "status": status,
            "kind": kind,
            "code": each["code"],
            "message": each["message"],
            "remedy": each.get("remediation"),
            "owner": each["owner"],
        }
        for name, kind in _KINDS.items()
        for each in data.get(name, ())
    ]


def _sentence(data: Data) -> str:
    """Say how the follow-up of an outcome stands."""
    followed = data["followUp"]
    times = {name: _second(followed[name]) for name in followed if name.endswith("At")}
    parts = [f"invited {times['invitedAt']}"]
    if followed["requestId"] != data["requestId"]:
        parts[0] = f"{parts[0]}, followed up for request {followed['requestId']}"
    if followed["reminders"]:
        parts.append(f"reminders: {followed['reminders']}, the last {times.get('remindedAt')}")
    if redemption := followed.get("redemption"):
        when = _second(redemption["redeemedDateTime"]) or "at a time that the directory hides"
        parts.append(f"redeemed {when} by {redemption['identityProvider']}")
    parts += [f"{each['step']} {each['result']}" for each in followed.get("completion", ())]
    if "endedAt" in times:
        parts.append(f"ended {times['endedAt']}")
    if "nextLookAt" in times:
        parts.append(f"next look {times['nextLookAt']}")
    return "; ".join(parts)


def lines(data: Data) -> list[str]:
    """Write an outcome for a terminal of any width."""
    written = [str(data["status"])]
    for row in findings(data):
        if "code" in row:
            written.append(f"  {row['kind']} {row['code']}: {row['message']}")
        if row.get("owner"):
            remedy = f"{row['remedy']} " if row["remedy"] else ""
            written.append(f"    {remedy}({row['owner']})")
    return written


def followed(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return one row for an outcome and its follow-up."""
    told = data.get("followUp", {})
    redemption = told.get("redemption", {})
    since = redemption.get("redeemedDateTime") or told.get("endedAt")
    how = f" by {redemption['identityProvider']}" if redemption else ""
    return {
        **summary(data),
        "followUp": f"{told['status']}{how}" if told else None,
        "since": _second(since or told.get("remindedAt") or told.get("invitedAt")),
    }


def summary(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return one row for an outcome."""
    reasons = data.get("reasons", ())
    return {
        "time": _second(data.get("time")),
        "requestId": data["requestId"],
        "status": data["status"],
        "user": data.get("user", {}).get("id"),
        "reasons": [reason["code"] for reason in reasons],
        "owner": list(dict.fromkeys(reason["owner"] for reason in reasons)),
    }


def _second(time: str | None) -> str | None:
    """Leave out what no person reads of a time."""
    try:
        when = datetime.fromisoformat(time or "").astimezone(UTC)
    except ValueError:
        return time
    return f"{when:%Y-%m-%dT%H:%M:%SZ}"


def show(console: Console, data: Data) -> None:
    """Write one outcome in whatever format is wanted."""
    match console.output:
        case Format.TABLE:
            console.text(lines(data))
        case Format.CSV:
            console.rows(findings(data), COLUMNS)
        case _:
            console.record(data)
