"""One row for a candidate: what the service would say, and what a person wants to see. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from converters.model.facts import HomeTenant
from converters.policy.eligibility import RULES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from cli.assess.candidates import Where
    from converters.model.facts import User
    from converters.model.outcome import Reason
    from converters.policy.eligibility import Verdict
    from converters.policy.rule import Case

Row = dict[str, Any]
# Every property of a row; the report shows each of them, and a test writes hostile text into each.
FIELDS = (
    "id",
    "userPrincipalName",
    "displayName",
    "status",
    "foundBy",
    "reasons",
    "warnings",
    "owners",
    "emailAddress",
    "domain",
    "homeTenant",
    "homeTenantId",
    "mail",
    "otherMails",
    "userType",
    "accountEnabled",
    "synced",
    "mailbox",
    "licences",
    "invitedAt",
    "pendingDays",
    "created",
    "companyName",
    "department",
    "employeeType",
    "groupsWithAddress",
)
# Beside these, where it was asked when users signed in.
SIGN_INS = ("signIn", "lastSignIn", "signInDays")
# What a table and csv have of it.
COLUMNS = (
    "userPrincipalName",
    "id",
    "status",
    "foundBy",
    "reasons",
    "owners",
    "emailAddress",
    "homeTenant",
    "synced",
    "mailbox",
    "licences",
    "pendingDays",
)
# The service's own rule for who has a mailbox.
_MAILBOX = next(rule for rule in RULES if rule.code == "mailboxAssigned")


def row_of(verdict: Verdict, item: Mapping[str, Any], found_by: list[str], now: datetime) -> Row:
    """Return the row of a user.

    Args:
        verdict: what the service's rules say.
        item: the user as Graph wrote it.
        found_by: the rules that found it.
        now: for how long an invitation has been waiting.
    """
    user, choice = verdict.case.user, verdict.case.facts.choice
    return {
        "id": user.id,
        "userPrincipalName": user.user_principal_name,
        "displayName": item.get("displayName"),
        "status": verdict.status.value,
        "foundBy": found_by,
        "reasons": [_written(reason) for reason in verdict.reasons],
        "warnings": [_written(reason) for reason in verdict.warnings],
        "owners": list(dict.fromkeys(reason.owner.value for reason in verdict.reasons)),
        "emailAddress": choice.address.checked if choice.address else None,
        "domain": choice.address.domain if choice.address else None,
        **_home(verdict.case),
        "mail": user.mail,
        "otherMails": list(user.other_mails),
        "userType": user.user_type,
        "accountEnabled": user.account_enabled,
        "synced": user.on_premises_synced,
        "mailbox": _MAILBOX.check(verdict.case) is not None,
        "licences": len(item.get("assignedLicenses") or ()),
        **_pending(user, now),
        "created": user.created.isoformat() if user.created else None,
        **{name: item.get(name) for name in ("companyName", "department", "employeeType")},
    }


def unreadable(item: Mapping[str, Any], reason: Reason) -> Row:
    """Return the row of a user whose properties make no sense."""
    empty: Row = dict.fromkeys(FIELDS)
    known = {name: _text(item.get(name)) for name in ("id", "userPrincipalName", "displayName")}
    return {
        **empty,
        **known,
        "status": "ineligible",
        "foundBy": ["unreadable"],
        "reasons": [_written(reason)],
        "warnings": [],
        "owners": [reason.owner.value],
    }


def with_more(row: Row, item: Mapping[str, Any], wheres: Iterable[Where], groups: list[str]) -> Row:
    """Add the groups that hold the address, and the properties that the caller asked about."""
    row["groupsWithAddress"] = groups
    for where in wheres:
        row.setdefault(where.property, item.get(where.property))
    return row


def shown(row: Mapping[str, Any]) -> Row:
    """Return what a table and csv show of a row: codes in place of sentences."""
    return {**row, "reasons": [reason["code"] for reason in row["reasons"]]}


def _written(reason: Reason) -> dict[str, Any]:
    return {
        "code": reason.code,
        "message": reason.message,
        "remediation": reason.remediation,
        "owner": reason.owner.value,
    }


def _home(case: Case) -> Row:
    home = case.facts.domain.home_tenant if case.facts.domain else None
    if not isinstance(home, HomeTenant):
        return {"homeTenant": None, "homeTenantId": None}
    return {"homeTenant": home.display_name or home.tenant_id, "homeTenantId": home.tenant_id}


def _pending(user: User, now: datetime) -> Row:
    since = user.external_user_state_changed
    if user.external_user_state != "PendingAcceptance" or since is None:
        return {"invitedAt": None, "pendingDays": None}
    days = (now - since).days if since.tzinfo else None
    return {"invitedAt": since.isoformat(), "pendingDays": days}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
