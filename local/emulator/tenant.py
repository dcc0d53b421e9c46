"""A tenant's state: users, groups, roles, domains, policies, invitations.

Loaded from JSON; every key is optional::

    {"tenantId": "…", "domains": [{"id": "contoso.example", "isVerified": true}],
     "users": [{…Graph's properties…}], "contacts": [{"id": "…", "mail": "…"}],
     "groups": [{"id": "…", "isAssignableToRole": false, "members": ["id of a user or group"]}],
     "directoryRoles": [{"id": "…", "displayName": "…", "members": ["id"]}],
     "roleEligibility": [{"principalId": "…", "roleDefinitionId": "…"}], "p2": true,
     "federations": [{"displayName": "…", "issuerUri": "…", "domains": ["adatum.example"]}],
     "homeTenants": {"partner.example": {"tenantId": "…", "displayName": "…"}},
     "allowInvitesFrom": "everyone",
     "crossTenantAccess": {"default": {…}, "partners": [{"tenantId": "…", …}]},
     "invitationDomains": {"AllowedDomains": [], "BlockedDomains": []},
     "permissions": ["application permissions granted; absent: all"]}

A user's ``$fault`` disturbs that user alone: ``{"read": {"status", "code", "message"}}`` for reads,
``{"invite": {…}}`` for the invitation.
"""

from __future__ import annotations

import json
import time
import uuid
from collections import defaultdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

Json = dict[str, Any]

KEYS = frozenset(
    {
        "tenantId", "domains", "users", "contacts", "groups", "directoryRoles", "roleEligibility",
        "p2", "federations", "homeTenants", "allowInvitesFrom", "crossTenantAccess",
        "invitationDomains", "permissions",
    }
)  # fmt: skip
USER_DEFAULTS: Json = {
    "displayName": None,
    "accountEnabled": True,
    "userType": "Member",
    "creationType": None,
    "externalUserState": None,
    "externalUserStateChangeDateTime": None,
    "mail": None,
    "otherMails": [],
    "proxyAddresses": [],
    "onPremisesSyncEnabled": None,
    "onPremisesImmutableId": None,
    "onPremisesUserPrincipalName": None,
    "assignedLicenses": [],
    "assignedPlans": [],
    "isManagementRestricted": None,
    "createdDateTime": "2020-01-01T00:00:00Z",
}
ALLOWED: Json = {"accessType": "allowed", "targets": [{"target": "AllUsers", "targetType": "user"}]}


class Tenant:
    """One tenant's directory and policies; everything in it may be changed while it runs.

    Raises:
        ValueError: naming unknown keys, or unknown properties of a user.
    """

    def __init__(self, description: Json) -> None:
        if unknown := set(description) - KEYS:
            raise ValueError(f"unknown keys in the tenant: {', '.join(sorted(unknown))}")
        self.tenant_id = description.get("tenantId", str(uuid.uuid4()))
        self.domains = [_domain(entry) for entry in description.get("domains", [])]
        self.groups = {entry["id"]: entry for entry in description.get("groups", [])}
        self.roles = {entry["id"]: entry for entry in description.get("directoryRoles", [])}
        self.eligibility: list[Json] = description.get("roleEligibility", [])
        self.p2 = description.get("p2", True)
        self.federations: list[Json] = description.get("federations", [])
        self.home_tenants: Json = description.get("homeTenants", {})
        self.allow_invites_from = description.get("allowInvitesFrom", "everyone")
        self.cross_tenant_access: Json = description.get("crossTenantAccess", {})
        self.invitation_domains: Json | None = description.get("invitationDomains")
        granted = description.get("permissions")
        self.permissions: frozenset[str] | None = None if granted is None else frozenset(granted)
        self.contacts: list[Json] = [_contact(entry) for entry in description.get("contacts", [])]
        self.users: dict[str, Json] = {}
        self.faults: dict[str, Json] = {}
        self._by_name: dict[str, str] = {}
        self._by_address: dict[str, set[str]] = defaultdict(set)
        self.converted_back: set[str] = set()
        self.redeem_urls: dict[str, str] = {}
        self.lag_seconds = 0.0
        self.clock = time.monotonic
        self._stale: dict[str, tuple[float, Json | None]] = {}
        for entry in description.get("users", []):
            self.add_user(entry)

    @classmethod
    def load(cls, path: Path) -> Tenant:
        """Read a tenant from a file."""
        return cls(json.loads(path.read_text(encoding="utf-8")))

    def add_user(self, entry: Json) -> Json:
        """Add a user, with Graph's defaults for what is left out."""
        name = entry["userPrincipalName"]
        initial = next((d["id"] for d in self.domains if d["isInitial"]), "contoso.onmicrosoft.com")
        identity = {
            "signInType": "userPrincipalName", "issuer": initial, "issuerAssignedId": name,
        }  # fmt: skip
        defaults = {"id": str(uuid.uuid5(uuid.NAMESPACE_URL, name)), "identities": [identity]}
        user = {**USER_DEFAULTS, **defaults, **entry}
        fault = user.pop("$fault", None)
        if fault:
            self.faults[user["id"]] = fault
        known = {*USER_DEFAULTS, *defaults, "userPrincipalName"}
        if unknown := set(user) - known:
            raise ValueError(f"unknown properties of a user: {', '.join(sorted(unknown))}")
        self.before_write(user["id"])
        self.users[user["id"]] = user
        self._by_name[name.lower()] = user["id"]
        self.index(user)
        return user

    def index(self, user: Json) -> None:
        """Make a user findable by the addresses it holds."""
        for address in held_addresses(user):
            self._by_address[address].add(user["id"])

    def before_write(self, user_id: str) -> None:
        """Keep what reads show of a user until its next write is seen everywhere."""
        if self.lag_seconds:
            user = self.users.get(user_id)
            self._stale[user_id] = (self.clock() + self.lag_seconds, dict(user) if user else None)

    def visible(self, user: Json) -> Json | None:
        """Return a user as a lagging replica shows it; ``None`` where it is too new."""
        until, before = self._stale.get(user["id"], (0.0, None))
        return before if self.clock() < until else user

    def user(self, key: str) -> Json | None:
        """Return the user with an object id or a UPN."""
        return self.users.get(key) or self.users.get(self._by_name.get(key.lower(), ""))

    def users_with(self, texts: set[str]) -> list[Json]:
        """Return the users that hold one of the texts as an address, a name or a proxy address."""
        found: set[str] = set()
        for text in texts:
            found |= self._by_address.get(text.removeprefix("smtp:"), set())
        return [self.users[user_id] for user_id in sorted(found)]

    def groups_of(self, object_id: str) -> list[Json]:
        """Return the groups of a user or group, through groups too."""
        found: dict[str, Json] = {}
        waiting = [object_id]
        while waiting:
            member = waiting.pop()
            for group_id, group in self.groups.items():
                if member in group.get("members", ()) and group_id not in found:
                    found[group_id] = group
                    waiting.append(group_id)
        return list(found.values())

    def roles_of(self, user_id: str) -> list[Json]:
        """Return the active directory roles of a user, through groups too."""
        holders = {user_id, *(group["id"] for group in self.groups_of(user_id))}
        return [role for role in self.roles.values() if holders & set(role.get("members", ()))]

    def redeem(self, user_id: str, issuer: str = "ExternalAzureAD") -> None:
        """Play the person who redeems a pending invitation."""
        user = self.users[user_id]
        user["externalUserState"] = "Accepted"
        user["externalUserStateChangeDateTime"] = timestamp()
        user["identities"] = [
            {"signInType": "federated", "issuer": issuer, "issuerAssignedId": None}
        ]


def held_addresses(user: Json) -> set[str]:
    """Return every address or name a user can be found by, lower case."""
    proxies = [proxy.partition(":")[2] or proxy for proxy in user["proxyAddresses"]]
    texts = [user["mail"], *user["otherMails"], *proxies, user["userPrincipalName"]]
    return {text.lower() for text in texts if text}


def timestamp() -> str:
    """Return now as Graph writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def _domain(entry: Json) -> Json:
    defaults = {"authenticationType": "Managed", "isDefault": False, "isInitial": False}
    return {"isVerified": True, **defaults, **entry}


def _contact(entry: Json) -> Json:
    return {"displayName": None, "mail": None, "proxyAddresses": [], **entry}
