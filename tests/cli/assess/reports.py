"""Pages to look at: of any rows, and as many of them as wanted."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from cli.assess.report.columns import Columns
from cli.assess.report.page import page
from cli.assess.rows import FIELDS
from cli.assess.sign_ins import INACTIVE_DAYS
from cli.assess.summary import Summary

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from cli.assess.reader import Reader
    from cli.assess.rows import Row
    from cli.assess.scan import Scan

NOW = datetime(2026, 6, 1, tzinfo=UTC)
LONG = "It takes as many words as the real ones have, so that narrow pages are tried too."
REASONS = [
    {
        "code": code,
        "message": f"It is {code}.",
        "remediation": f"Mend {code} by ALLOWED_EMAIL_DOMAINS. {LONG}",
        "owner": owner,
    }
    for code, owner in {
        "mailboxAssigned": "identityAdmin",
        "accountDisabled": "identityAdmin",
        "domainNotAllowed": "operator",
        "addressMalformed": "requester",
    }.items()
]


@dataclass
class Report:
    """A page and what it was made of."""

    columns: dict[str, Any]
    told: dict[str, Any]
    text: str = field(repr=False)

    def saved(self, folder: Path) -> Path:
        """Save the page."""
        path = folder / "report.html"
        path.write_text(self.text, encoding="utf-8")
        return path


def report(rows: Iterable[Row]) -> Report:
    """Return the page of rows."""
    summary, columns = Summary(), Columns()
    for row in rows:
        columns.add(summary.add(row))
    scan = SimpleNamespace(users=summary.rows + 3, external=2, untouched=1)
    reader = SimpleNamespace(
        unread={}, permissions={"PrivilegedEligibilitySchedule.Read.AzureADGroup"}, calls=7
    )
    told = summary.told(cast("Scan", scan), cast("Reader", reader), NOW, NOW)
    written = columns.written()
    return Report(written, told, page(written, told))


def row(number: int, chance: random.Random) -> Row:
    """Return one row of many."""
    found: Row = dict.fromkeys(FIELDS)
    status = chance.choices(("eligible", "ineligible", "alreadyInvited"), (5, 4, 1))[0]
    reasons = chance.sample(REASONS, chance.randrange(1, 3)) if status == "ineligible" else []
    domain = f"partner{chance.randrange(60)}.example"
    pending = chance.randrange(200) if status == "alreadyInvited" else None
    days = chance.choice((None, *range(0, 400, 7)))
    return {
        **found,
        "signIn": "never" if days is None else "inactive" if days > INACTIVE_DAYS else "active",
        "lastSignIn": None if days is None else (NOW - timedelta(days=days)).isoformat(),
        "signInDays": days,
        "id": f"{number:08x}-0000-4000-8000-000000000000",
        "userPrincipalName": f"person{number}@contoso.example",
        "displayName": f"Person {chance.randrange(10**6)}",
        "status": status,
        "foundBy": ["pendingInvitation"] if pending is not None else ["externalMail"],
        "reasons": reasons,
        "warnings": [],
        "owners": sorted({reason["owner"] for reason in reasons}),
        "emailAddress": f"person{number}@{domain}",
        "domain": domain,
        "homeTenant": domain.split(".", maxsplit=1)[0].title(),
        "mail": f"person{number}@{domain}",
        "otherMails": [],
        "userType": "Member",
        "accountEnabled": True,
        "synced": chance.random() < 0.2,
        "mailbox": chance.random() < 0.2,
        "licences": chance.randrange(3),
        "pendingDays": pending,
        "companyName": f"Company {number % 300}",
        "groupsWithAddress": [],
    }


def many(count: int) -> list[Row]:
    """Return many rows, always the same ones."""
    chance = random.Random(1)  # noqa: S311 - rows, no secrets
    return [row(number, chance) for number in range(count)]
