"""What a report says at its head: counts, the remedies that free most, what was not read. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from cli.assess.sign_ins import INACTIVE_DAYS

if TYPE_CHECKING:
    from datetime import datetime

    from cli.assess.reader import Reader
    from cli.assess.rows import Row
    from cli.assess.scan import Scan

# After so many days an invitation is called stale.
STALE_DAYS = 30
_AGES = (7, STALE_DAYS, 90)
_ELIGIBLE, _INELIGIBLE = "eligible", "ineligible"


@dataclass(slots=True)
class Remedy:
    """One thing to do, and whom it helps.

    Attributes:
        blocks: how many users it stands in the way of.
        frees: how many of them nothing else stands in the way of.
    """

    code: str
    owner: str
    remediation: str
    blocks: int = 0
    frees: int = 0


@dataclass(slots=True)
class Summary:
    """Counts over rows, as they pass."""

    rows: int = 0
    by_status: Counter[str] = field(default_factory=Counter)
    by_rule: Counter[str] = field(default_factory=Counter)
    by_reason: Counter[str] = field(default_factory=Counter)
    ages: Counter[str] = field(default_factory=Counter)
    by_domain: Counter[str] = field(default_factory=Counter)
    by_home: Counter[str] = field(default_factory=Counter)
    remaining: Counter[str] = field(default_factory=Counter)
    stale: int = 0
    sign_ins: Counter[str] | None = None
    remedies: dict[tuple[str, str], Remedy] = field(default_factory=dict)

    def add(self, row: Row) -> Row:
        """Count a row, and hand it on."""
        self.rows += 1
        self.by_status[row["status"]] += 1
        self.by_rule.update(row["foundBy"])
        if row["domain"]:
            self.by_domain[row["domain"]] += 1
        if row["homeTenant"]:
            self.by_home[row["homeTenant"]] += 1
        if row["status"] == _ELIGIBLE:
            self.remaining.update(name for name in ("synced", "mailbox", "licences") if row[name])
        if row["pendingDays"] is not None:
            self.stale += row["pendingDays"] > STALE_DAYS
            self.ages[_age(row["pendingDays"])] += 1
        if "signIn" in row:
            self.sign_ins = (self.sign_ins or Counter()) + Counter([row["signIn"] or "unknown"])
        if row["status"] == _INELIGIBLE:
            self.by_reason.update({reason["code"] for reason in row["reasons"]})
            self._note_remedies(row["reasons"])
        return row

    def _note_remedies(self, reasons: list[dict[str, str]]) -> None:
        keys = {(reason["code"], reason["remediation"]): reason["owner"] for reason in reasons}
        for (code, remediation), owner in keys.items():
            remedy = self.remedies.setdefault((code, remediation), Remedy(code, owner, remediation))
            remedy.blocks += 1
            remedy.frees += len(keys) == 1

    def told(self, scan: Scan, reader: Reader, began: datetime, ended: datetime) -> dict[str, Any]:
        """Write the summary down."""
        unread = [
            {"what": one.what, "permission": one.permission, "status": one.status}
            for one in reader.unread.values()
        ]
        return {
            "readFrom": began.isoformat(timespec="seconds"),
            "readUntil": ended.isoformat(timespec="seconds"),
            "complete": not unread,
            "unread": unread,
            "permissions": sorted(reader.permissions),
            "calls": reader.calls,
            "users": scan.users,
            "alreadyExternal": scan.external,
            "notLookedAt": scan.untouched,
            "candidates": self.rows,
            "byStatus": dict(self.by_status.most_common()),
            "byReason": dict(self.by_reason.most_common()),
            "byRule": dict(self.by_rule.most_common()),
            "byDomain": dict(self.by_domain.most_common()),
            "byHomeTenant": dict(self.by_home.most_common()),
            "remainsOfEligible": dict(self.remaining.most_common()),
            "pending": {
                "staleAfterDays": STALE_DAYS,
                "stale": self.stale,
                "byAge": dict(self.ages),
            },
            "signIns": self._sign_ins(),
            "remedies": self._by_effect(),
        }

    def _sign_ins(self) -> dict[str, Any] | None:
        """Write down how many rows have signed in, and lately; ``None`` where nobody asked."""
        if self.sign_ins is None:
            return None
        return {"inactiveAfterDays": INACTIVE_DAYS, "byState": dict(self.sign_ins.most_common())}

    def _by_effect(self) -> list[dict[str, Any]]:
        """Write the remedies down, the one that frees most first."""
        found = sorted(self.remedies.values(), key=lambda one: (-one.frees, -one.blocks, one.code))
        return [asdict(one) for one in found]


def _age(days: int) -> str:
    """Return how old an invitation is, roughly."""
    return next((f"up to {most} days" for most in _AGES if days <= most), "older")
