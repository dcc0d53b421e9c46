"""What a tenant holds beside its users, read in bulk; and from it the facts about one user."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from cli.assess import reads
from converters.graph import tenant_reads
from converters.model.facts import (
    AddressFacts,
    DirectoryRole,
    DomainFacts,
    Facts,
    Groups,
    Holder,
    HomeTenant,
    InvitationDomains,
    PrivilegeFacts,
    TenantFacts,
    Unread,
)
from converters.policy.external_address import choose_address

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cli.assess.reader import Reader
    from converters.model.facts import User
    from converters.model.request import ConversionRequest
    from converters.settings.settings import Settings

T = TypeVar("T")
ByUser = dict[str, list[T]]


@dataclass(slots=True)
class Directory:
    """All that is read once for everybody; what could not be read is ``Unread`` for everybody.

    Attributes:
        roles: the active built-in roles by user, through groups too.
        assigned, eligible, activatable: role assignments, roles and groups to activate, by user.
        groups: the groups that a rule looks at, by user.
        role_assignable: which of these can hold roles.
        contacts, group_addresses: who holds an address, by the address.
        user_holders: likewise; only addresses outside the tenant's own domains.
        domains: what holds for external domains.
    """

    tenant: TenantFacts
    roles: ByUser[DirectoryRole] | Unread
    assigned: ByUser[str] | Unread
    eligible: ByUser[str] | Unread
    activatable: ByUser[str] | Unread
    groups: ByUser[str] | Unread
    role_assignable: frozenset[str]
    contacts: dict[str, list[str]] | Unread
    group_addresses: dict[str, list[str]] | Unread
    user_holders: ByUser[str] | Unread = field(default_factory=dict)
    domains: dict[str, DomainFacts] = field(default_factory=dict)

    def facts(self, user: User, request: ConversionRequest, settings: Settings) -> Facts:
        """Return what the service would have read of a user, for one request."""
        choice = choose_address(request, user, self.tenant.verified_domains, settings)
        address = choice.address
        held, domain = None, None
        if address:
            held = AddressFacts(
                self._holding(self.user_holders, "user", address.key),
                self._holding(self.contacts, "contact", address.key),
            )
            domain = self.domains.get(address.domain)
        privileges = self._privileges(user.id.lower())
        return Facts(self.tenant, (user.id,), user, privileges, choice, held, domain)

    def _privileges(self, user_id: str) -> PrivilegeFacts:
        groups = _of(self.groups, user_id)
        return PrivilegeFacts(
            active_roles=_of(self.roles, user_id),
            role_assignments=_of(self.assigned, user_id),
            eligible_roles=_of(self.eligible, user_id),
            groups=groups
            if isinstance(groups, Unread)
            else Groups(
                frozenset(one.lower() for one in groups),
                tuple(one for one in groups if one in self.role_assignable),
            ),
            eligible_groups=_of(self.activatable, user_id),
        )

    @staticmethod
    def _holding(
        holders: Mapping[str, list[str]] | Unread, kind: str, address: str
    ) -> tuple[Holder, ...] | Unread:
        if isinstance(holders, Unread):
            return holders
        return tuple(Holder(kind, id_) for id_ in holders.get(address, ()))


async def read_directory(reader: Reader, settings: Settings) -> Directory:
    """Read everything that is no user.

    Raises:
        GraphUnavailable: Graph does not answer.
    """
    groups = await reader.listed(reads.groups())
    assigned = await reader.listed(reads.role_assignments())
    names = await reader.listed(reads.role_definitions())
    eligible = await reader.listed(reads.eligible_roles())
    contacts = await reader.listed(reads.contacts())
    assignable = () if isinstance(groups, Unread) else groups.role_assignable
    looked_at = {*assignable, *settings.protected_ids, settings.convertible_group_id or ""} - {""}
    members = groups if isinstance(groups, Unread) else await _members(reader, looked_at)
    return Directory(
        tenant=await _tenant(reader, settings),
        roles=_active(assigned, names, members),
        assigned=_by_user(assigned),
        eligible=_by_user(eligible),
        activatable=await _activatable(reader, groups),
        groups=members if isinstance(members, Unread) else _turned(members),
        role_assignable=frozenset(assignable),
        contacts=contacts,
        group_addresses=groups if isinstance(groups, Unread) else groups.holders,
    )


async def read_domains(reader: Reader, domains: Iterable[str]) -> dict[str, DomainFacts]:
    """Read what holds for external domains: one look-up each, the rest for all at once.

    Raises:
        GraphUnavailable: Graph does not answer.
    """
    wanted = sorted(set(domains))
    federated = await reader.listed(reads.federated_domains())
    partners = await reader.listed(reads.partners())
    default = tenant_reads.default_inbound()
    by_default = (await reader.batch([default]))[default.name]
    asked = {domain: reads.renamed(tenant_reads.home_tenant(domain), domain) for domain in wanted}
    homes = await reader.batch(list(asked.values()))
    return {
        domain: DomainFacts(
            federated if isinstance(federated, Unread) else domain in federated,
            homes[read.name],
            _blocked(homes[read.name], partners, by_default),
        )
        for domain, read in asked.items()
    }


def _blocked(
    home: HomeTenant | Unread | None,
    partners: Mapping[str, bool | None] | Unread,
    by_default: bool | Unread,  # noqa: FBT001 - a fact, no switch
) -> bool | Unread:
    """Tell whether a home tenant's people are kept out, as the service does for one."""
    if not isinstance(home, HomeTenant):
        return home or False
    if isinstance(partners, Unread):
        return partners
    special = partners.get(home.tenant_id.lower())
    return by_default if special is None else special


async def _tenant(reader: Reader, settings: Settings) -> TenantFacts:
    domains = await reader.listed(tenant_reads.verified_domains())
    invites = tenant_reads.allow_invites_from()
    listed: InvitationDomains | Unread = InvitationDomains()
    if settings.read_invitation_domains:
        listed = await reader.beta(tenant_reads.invitation_domains())
    return TenantFacts(domains, (await reader.batch([invites]))[invites.name], listed)


async def _members(reader: Reader, groups: Iterable[str]) -> dict[str, frozenset[str]] | Unread:
    asked = {group: reads.members(group) for group in sorted(groups)}
    found = await reader.batch(list(asked.values()))
    members: dict[str, frozenset[str]] = {}
    for group, read in asked.items():
        fact = found[read.name]
        if isinstance(fact, Unread):
            return fact
        members[group] = fact
    return members


async def _activatable(reader: Reader, groups: reads.AllGroups | Unread) -> ByUser[str] | Unread:
    """Return who can activate which group; one call for 20 of the groups."""
    if isinstance(groups, Unread):
        return groups
    given: ByUser[str] = defaultdict(list)
    found = await reader.batch([reads.eligible_for(group) for group in groups.activatable])
    for fact in found.values():
        if isinstance(fact, Unread):
            return fact
        for one in fact:
            given[one.principal].append(one.given)
    return given


def _active(
    assigned: tuple[reads.Assignment, ...] | Unread,
    names: Mapping[str, str] | Unread,
    members: Mapping[str, frozenset[str]] | Unread,
) -> ByUser[DirectoryRole] | Unread:
    """Return the built-in roles that hold in the whole tenant, through groups too."""
    if isinstance(assigned, Unread) or isinstance(names, Unread) or isinstance(members, Unread):
        return next(one for one in (assigned, names, members) if isinstance(one, Unread))
    held: ByUser[DirectoryRole] = defaultdict(list)
    in_group = {group.lower(): users for group, users in members.items()}
    for one in assigned:
        name = names.get(one.given)
        if name is None or not one.everywhere:
            continue
        for user in in_group.get(one.principal, {one.principal}):
            held[user].append(DirectoryRole(name, one.given))
    return held


def _by_user(given: Iterable[reads.Assignment] | Unread) -> ByUser[str] | Unread:
    if isinstance(given, Unread):
        return given
    found: ByUser[str] = defaultdict(list)
    for one in given:
        found[one.principal].append(one.given)
    return found


def _turned(members: Mapping[str, frozenset[str]]) -> ByUser[str]:
    found: ByUser[str] = defaultdict(list)
    for group, users in members.items():
        for user in users:
            found[user].append(group)
    return found


def _of(by_user: Mapping[str, list[T]] | Unread, user_id: str) -> tuple[T, ...] | Unread:
    return by_user if isinstance(by_user, Unread) else tuple(by_user.get(user_id, ()))
