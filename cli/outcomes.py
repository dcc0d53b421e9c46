"""Outcomes as a person reads them: a row for each reason, with its remedy and its owner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cli.ending import Code
from cli.printing import Format
from converters.model.outcome import Status
from converters.storage import records

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cli.printing import Console
    from converters.storage.stories import Story

Data = dict[str, Any]

# Nothing is left to do for whoever asked.
WELL: frozenset[str] = frozenset(
    {Status.INVITED, Status.ALREADY_INVITED, Status.ALREADY_EXTERNAL, Status.ELIGIBLE}
)
BAD: frozenset[str] = frozenset({Status.INELIGIBLE, Status.REJECTED, Status.FAILED})
IN_PROGRESS = "inProgress"
COLUMNS = ("status", "kind", "code", "message", "remedy", "owner")
SUMMARY = ("time", "requestId", "status", "user", "reasons", "owner")
_KINDS = {"reasons": "reason", "warnings": "warning", "nextSteps": "next step"}


def code_of(outcomes: Iterable[Data]) -> Code:
    """Return the exit code: whether there is something that somebody has to mend."""
    return Code.FINDINGS if any(one["status"] in BAD for one in outcomes) else Code.WELL


def of_story(story: Story, request_id: str) -> Data:
    """Return what the ledger tells of a request, with the names of an outcome."""
    told = records.told(story.record) if story.record else {"status": IN_PROGRESS}
    time = story.ended or story.begun
    return {"requestId": request_id, **told, "time": time.isoformat(), "seenIn": "ledger"}


def of_event(event: Data) -> Data:
    """Return an outcome of the results queue, without what is a credential."""
    data = dict(event["data"])
    if "invitation" in data:
        data["invitation"] = {
            name: value for name, value in data["invitation"].items() if name != "inviteRedeemUrl"
        }
    return {**data, "time": event.get("time"), "seenIn": "results queue"}


def findings(data: Data) -> list[dict[str, Any]]:
    """Return a row for each reason, warning and next step; one where there is none."""
    rows = [
        {
            "status": data["status"],
            "kind": kind,
            "code": each["code"],
            "message": each["message"],
            "remedy": each.get("remediation"),
            "owner": each["owner"],
        }
        for name, kind in _KINDS.items()
        for each in data.get(name, ())
    ]
    return rows or [{"status": data["status"]}]


def lines(data: Data) -> list[str]:
    """Write an outcome for a terminal of any width."""
    written = [str(data["status"])]
    for row in findings(data):
        if "code" in row:
            written.append(f"  {row['kind']} {row['code']}: {row['message']}")
            remedy = f"{row['remedy']} " if row["remedy"] else ""
            written.append(f"    {remedy}({row['owner']})")
    return written


def summary(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return one row for an outcome."""
    reasons = data.get("reasons", ())
    return {
        "time": data.get("time"),
        "requestId": data["requestId"],
        "status": data["status"],
        "user": data.get("user", {}).get("id"),
        "reasons": [reason["code"] for reason in reasons],
        "owner": list(dict.fromkeys(reason["owner"] for reason in reasons)),
    }


def show(console: Console, data: Data) -> None:
    """Write one outcome in whatever format is wanted."""
    match console.output:
        case Format.TABLE:
            console.text(lines(data))
        case Format.CSV:
            console.rows(findings(data), COLUMNS)
        case _:
            console.record(data)
