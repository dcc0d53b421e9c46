"""Tenants to assess, and the assessing of them in this process."""

from __future__ import annotations

import uuid
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cli.assess.candidates import Where
from cli.assess.pace import Pace
from cli.assess.reader import Reader
from cli.assess.scan import scanned
from cli.assess.store import Store
from cli.assess.summary import Summary
from converters.model.trace import Trace
from converters.settings.settings import Settings
from tests.directory import GROUP_ID, HOME_TENANT_ID, OTHER_ID, kim, tenant

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from local.graph import GraphEmulator

KEYS = {
    "CONVERSION_STORAGE": "UseDevelopmentStorage=true",
    "ALLOWED_EMAIL_DOMAINS": "partner.example,woodgrove.example",
}
NOW = datetime(2026, 6, 1, tzinfo=UTC)
MAILBOX = "efb87545-963c-4e0d-99df-69c6916d9eb0"
BLOCKED: dict[str, Any] = {
    "partners": [
        {
            "tenantId": OTHER_ID,
            "b2bCollaborationInbound": {
                "usersAndGroups": {
                    "accessType": "blocked",
                    "targets": [{"target": "AllUsers", "targetType": "user"}],
                }
            },
        }
    ]
}
IDS = {name: str(uuid.UUID(int=100 + number)) for number, name in enumerate("abcdef")}
INNER, HOLDS = str(uuid.UUID(int=900)), str(uuid.UUID(int=901))


@dataclass(frozen=True, slots=True)
class Assessed:
    """What an assessment found: rows by user principal name, and the summary."""

    rows: dict[str, dict[str, Any]]
    told: dict[str, Any]

    def codes(self, name: str) -> list[str]:
        """Return the reasons against a user, by code."""
        return [reason["code"] for reason in self.rows[name]["reasons"]]


class Rest:
    """A clock that goes on only where something waits."""

    def __init__(self) -> None:
        self.now, self.waits = 0.0, list[float]()

    def __call__(self) -> float:
        """Return the time."""
        return self.now

    async def rest(self, seconds: float) -> None:
        """Let time pass."""
        self.waits.append(seconds)
        self.now += seconds


def user(number: int, **changes: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return one of many users: internal, with an address at the partner."""
    return {
        "id": str(uuid.UUID(int=number)),
        "userPrincipalName": f"u{number}@contoso.example",
        "displayName": f"User {number}",
        "otherMails": [f"u{number}@partner.example"],
        **changes,
    }


def _varied_users() -> list[dict[str, Any]]:
    plan = {"servicePlanId": MAILBOX, "capabilityStatus": "Enabled"}
    return [
        kim(mail="kim@partner.example"),
        user(100, displayName="holds a role"),
        user(101, displayName="in a group that holds a role"),
        user(102, displayName="holds a custom role"),
        user(103, displayName="is eligible for a role"),
        user(104, displayName="is eligible for a group"),
        user(105, displayName="is protected through two groups"),
        user(106, otherMails=["other@nowhere.example"]),
        user(107, otherMails=["other@blocked.example"], assignedPlans=[plan]),
        user(108, otherMails=["shared@partner.example"]),
        user(109, proxyAddresses=["SMTP:Shared@Partner.example"], otherMails=[]),
        user(110, otherMails=["contact@partner.example"]),
        user(111, otherMails=["u111@federated.example"], accountEnabled=False),
        user(112, otherMails=["a@partner.example", "b@partner.example"], userType="Guest"),
        user(113, otherMails=["plus+x@partner.example"], mail="u113@contoso.example"),
        user(114, onPremisesSyncEnabled=True, mail="u114@partner.example"),
        user(
            115,
            externalUserState="PendingAcceptance",
            externalUserStateChangeDateTime="2026-03-01T00:00:00Z",
        ),
        user(116, otherMails=[], userType="Guest", identities=[]),
    ]


def _varied_groups() -> list[dict[str, Any]]:
    return [
        {"id": GROUP_ID, "displayName": "Protected", "members": [INNER]},
        {"id": INNER, "displayName": "Inner", "members": [IDS["f"]]},
        {
            "id": HOLDS,
            "displayName": "Admins",
            "isAssignableToRole": True,
            "members": [IDS["b"]],
        },
    ]


def varied() -> dict[str, Any]:
    """Return a tenant in which every rule has somebody to find."""
    return tenant(
        *_varied_users(),
        groups=_varied_groups(),
        directoryRoles=[{"displayName": "Reader", "members": [IDS["a"], HOLDS]}],
        roleAssignments=[
            {
                "principalId": IDS["c"],
                "roleDefinitionId": OTHER_ID,
                "directoryScopeId": "/administrativeUnits/x",
            }
        ],
        roleEligibility=[{"principalId": IDS["d"], "roleDefinitionId": OTHER_ID}],
        groupEligibility=[{"principalId": IDS["e"], "groupId": INNER, "accessId": "member"}],
        contacts=[{"mail": "Contact@partner.example"}],
        federations=[{"displayName": "F", "issuerUri": "urn:f", "domains": ["federated.example"]}],
        homeTenants={
            "partner.example": {"tenantId": HOME_TENANT_ID, "displayName": "Partner"},
            "blocked.example": {"tenantId": OTHER_ID, "displayName": "Blocked"},
        },
        crossTenantAccess=BLOCKED,
    )


@asynccontextmanager
async def reading(
    graph: GraphEmulator,
    folder: Path,
    clock: Rest | None = None,
    keys: Mapping[str, str] | None = None,
) -> AsyncIterator[tuple[Reader, Settings]]:
    """Give what reads a tenant."""
    settings = Settings.from_mapping({**KEYS, "GRAPH_BASE_URL": graph.url, **(keys or {})})
    clock = clock or Rest()
    reader = Reader(
        settings,
        None,
        Store(folder, "plan"),
        Trace(str(uuid.uuid4())),
        lambda *_: None,
        pace=Pace(clock, clock.rest),
    )
    try:
        yield reader, settings
    finally:
        await reader.close()


async def assessed(  # noqa: PLR0913 - what an operator can say
    graph: GraphEmulator,
    folder: Path,
    *,
    wheres: tuple[str, ...] = (),
    group: str | None = None,
    clock: Rest | None = None,
    keys: Mapping[str, str] | None = None,
    sign_ins: bool = False,
) -> Assessed:
    """Assess a tenant."""
    async with reading(graph, folder, clock, keys) as (reader, settings):
        scan = await scanned(
            reader, settings, tuple(map(Where.parse, wheres)), group, sign_ins=sign_ins
        )
        summary = Summary()
        rows = {row["userPrincipalName"]: summary.add(row) for row in scan.rows(NOW)}
        return Assessed(rows, summary.told(scan, reader, reader.store.began, NOW))
