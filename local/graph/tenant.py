"""One tenant's directory: users, groups, roles, domains, policies, invitations.

How its description is written stands in ``local.graph.loading``.
"""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from local.graph import loading, loading_policies
from local.graph.errors import not_found
from local.graph.exchange import timestamp
from local.graph.faults import UserFaults
from local.graph.lag import Replica
from local.graph.mailboxes import Mailbox
from local.graph.memberships import Memberships
from local.graph.relations import Relations
from local.graph.subscriptions import Subscriptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from local.graph.schema import Json

INDEXED = frozenset({"id", "userPrincipalName", "mail", "otherMails", "proxyAddresses"})
_UNCONFIRMED = {
    "conversionNeedsReadWrite": False,
    "adminsOnlyRefusesApps": False,
    "mailHasToHoldTheAddress": False,
    "passwordNeedsRole": False,
}


class Tenant:
    """A directory and its policies; everything in it may be changed while it runs.

    Addresses and members of groups are indexed, so change those with ``change_user`` and
    ``memberships.add``; any other property of ``users`` may be set in place.

    Args:
        description: as ``local.graph.loading`` says.

    Raises:
        ValueError: naming what the description may not have.
    """

    p1 = p2 = True  # licences of Microsoft Entra ID

    def __init__(self, description: Json) -> None:
        entry = loading.known("the tenant", description, loading.KEYS)
        self.tenant_id: str = entry.get("tenantId", loading.TENANT_ID)
        self.display_name: str = entry.get("displayName", "Contoso")
        self.domains = loading.domains(entry.get("domains", []))
        self.replica = Replica()
        self.users: dict[str, Json] = {}
        self.user_faults: dict[str, UserFaults] = {}
        self._names: dict[str, str] = {}
        self._holders: dict[str, set[str]] = defaultdict(set)
        self.converted_back: set[str] = set()
        self.redeem_urls: dict[str, str] = {}
        self.invitations: list[Json] = []
        self.mails: list[Json] = []
        boxes = [Mailbox.read(each) for each in entry.get("mailboxes", [])]
        self.mailboxes = {box.address.lower(): box for box in boxes}
        # Whether mailboxes hold Exchange's limits.
        self.holds_limits = False
        self.now: Callable[[], datetime] = partial(datetime.now, UTC)
        self.subscriptions = Subscriptions()
        self.relations = Relations(entry)
        # Ids of users who were made or changed, in order.
        self.changed: list[str] = []
        self._load_policies(entry)
        for user in entry.get("users", []):
            self.add_user(user)
        self.memberships = Memberships(entry, self.users)
        self.groups, self.roles = self.memberships.groups, self.memberships.roles

    @classmethod
    def load(cls, path: Path) -> Tenant:
        """Read a tenant from a file."""
        return cls(json.loads(path.read_text(encoding="utf-8")))

    def _load_policies(self, entry: Json) -> None:
        self.contacts = {c["id"]: c for c in map(loading.contact, entry.get("contacts", []))}
        self.federations = [
            loading_policies.federation(each) for each in entry.get("federations", [])
        ]
        self.home_tenants = loading_policies.home_tenants(entry.get("homeTenants", {}))
        self.set_policies(
            {
                "allowInvitesFrom": "everyone",
                "crossTenantAccess": {},
                "b2bManagementPolicy": {},
                "permissions": None,
                "unconfirmed": {},
                **{name: entry[name] for name in POLICIES if name in entry},
            }
        )

    def set_policies(self, policies: Json) -> None:
        """Set some of ``POLICIES``, as the tenant's description writes them.

        Raises:
            ValueError: naming what they may not have.
        """
        loading.known("the policies", policies, POLICIES)
        if (allowed := policies.get("allowInvitesFrom")) is not None:
            values = loading_policies.ALLOW_INVITES_FROM
            self.allow_invites_from = loading.choice("allowInvitesFrom", allowed, values)
        if (access := policies.get("crossTenantAccess")) is not None:
            self.default_access, self.partners = loading_policies.cross_tenant_access(access)
        if (policy := policies.get("b2bManagementPolicy")) is not None:
            self.domain_lists = loading_policies.domain_lists(policy)
        if "permissions" in policies:
            granted = policies["permissions"]
            self.permissions = None if granted is None else frozenset(granted)
        self.p1 = bool(policies.get("p1", self.p1))
        self.p2 = bool(policies.get("p2", self.p2))
        if (switches := policies.get("unconfirmed")) is not None:
            self.unconfirmed = _UNCONFIRMED | loading.known("unconfirmed", switches, _UNCONFIRMED)

    @property
    def initial_domain(self) -> str:
        """The domain that ends in onmicrosoft.com, as a rule."""
        return str(next(domain["id"] for domain in self.domains if domain["isInitial"]))

    def granted(self, permissions: Iterable[str]) -> bool:
        """Return whether an application has all of some permissions."""
        return self.permissions is None or self.permissions.issuperset(permissions)

    def add_user(self, entry: Json) -> Json:
        """Add a user, with Graph's defaults for what is left out.

        Raises:
            ValueError: naming unknown properties, or the name or id that is taken.
        """
        user = loading.user(entry, self.initial_domain)
        user_id, name = user["id"], user["userPrincipalName"].lower()
        if user_id in self.users or name in self._names:
            raise ValueError(f"there is a user {user_id} or {name} already")
        if fault := entry.get("$fault"):
            self.user_faults[user_id] = UserFaults(fault)
        self.replica.write(user_id, None)
        self.users[user_id] = user
        self._note(user_id)
        self._names[name] = self._names[user_id.lower()] = user_id
        self._index(user)
        return user

    def change_user(self, user_id: str, **changes: object) -> None:
        """Change a user's properties; with replication lag, reads see it later."""
        user = self.users[user_id]
        self.replica.write(user_id, user)
        user.update(changes)
        self._note(user_id)
        self._index(user)

    def delete_user(self, user_id: str) -> None:
        """Delete a user, as an administrator does; reads see it at once, lag or not."""
        user = self.users.pop(user_id)
        for name in (user["userPrincipalName"], user_id):
            self._names.pop(name.lower(), None)
        for holders in self._holders.values():
            holders.discard(user_id)

    def _note(self, user_id: str) -> None:
        """Remember that a user was changed, and tell those who have subscribed to that."""
        self.changed.append(user_id)
        self.subscriptions.tell(user_id, self.tenant_id, self.now())

    def _index(self, user: Json) -> None:
        # What a user no longer has may stay: whoever asks compares again, and replicas lag.
        for text in (user["id"], *_addresses(user), *user["proxyAddresses"]):
            self._holders[text.lower()].add(user["id"])

    def ids_with(self, name: str, text: str) -> AbstractSet[str] | None:
        """Return the ids of users that may hold a text; ``None`` where no index knows."""
        return self._holders.get(text.lower(), frozenset()) if name in INDEXED else None

    def user(self, key: str) -> Json:
        """Return a user by id or principal name, as it is.

        Raises:
            GraphError: 404.
        """
        user_id = self._names.get(key.lower())
        if user_id is None:
            raise not_found(key)
        return self.users[user_id]

    def seen_user(self, key: str) -> Json:
        """Return a user as a replica shows it, or its own fault.

        Raises:
            GraphError: 404, or what the user's ``$fault`` orders for reads.
        """
        now = self.user(key)
        seen = self.replica.seen(now["id"], now)
        if seen is None:
            raise not_found(key)
        if fault := self.user_faults.get(now["id"]):
            fault.strike("read")
        return seen

    def seen_users(self, ids: Iterable[str] | None) -> Iterator[Json]:
        """Yield users, all where ``ids`` is ``None``, as a replica shows them."""
        for user_id in self.users if ids is None else sorted(ids):
            seen = self.replica.seen(user_id, self.users[user_id])
            if seen is not None:
                yield seen

    def holders(self, address: str) -> Iterator[Json]:
        """Yield the users that hold an address as a name, an address or a proxy address."""
        wanted = address.lower()
        for user_id in sorted(self._holders.get(wanted, ())):
            if wanted in {text.lower() for text in _addresses(self.users[user_id])}:
                yield self.users[user_id]

    def redeem(
        self, user_id: str, issuer: str = "ExternalAzureAD", assigned_id: str | None = None
    ) -> None:
        """Play the person who redeems a pending invitation.

        Args:
            user_id: whose.
            issuer: who signs the person in: ``ExternalAzureAD``, ``MicrosoftAccount``,
                ``google.com``, ``mail`` (one-time passcode) or a federation's issuer URI.
            assigned_id: the issuer's name for the person, an address for ``mail``.

        Raises:
            ValueError: the user has none.
        """
        user = self.users.get(user_id)
        if user is None or user["externalUserState"] != "PendingAcceptance":
            raise ValueError(f"the user {user_id} has no invitation to redeem")
        identity = {"signInType": "federated", "issuer": issuer, "issuerAssignedId": assigned_id}
        self.change_user(
            user_id,
            externalUserState="Accepted",
            externalUserStateChangeDateTime=timestamp(),
            identities=[identity, *user["identities"]],
        )
        self.redeem_urls.pop(user_id, None)


POLICIES = (
    "allowInvitesFrom", "crossTenantAccess", "b2bManagementPolicy", "permissions", "p1", "p2",
    "unconfirmed",
)  # fmt: skip


def _addresses(user: Json) -> list[str]:
    proxies = [proxy.partition(":")[2] or proxy for proxy in user["proxyAddresses"]]
    texts = [user["userPrincipalName"], user["mail"], *user["otherMails"], *proxies]
    return [text for text in texts if text]
