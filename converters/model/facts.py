"""What was read of the directory, before anything is decided: frozen, and without any I/O.

"Internal" and "external" say who authenticates the user; ``user_type`` (Member, Guest) says
something else and never decides which of the two a user is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from converters.model.addresses import EmailAddress
    from converters.model.redemption import Standing


@dataclass(frozen=True, slots=True)
class Unread:
    """A fact that could not be read. Unknown means no: it blocks every rule that needs it.

    Attributes:
        what: what could not be read.
        permission: the application permission the read needs.
        status: the HTTP status that Graph answered with; 200 where the answer was not whole.
    """

    what: str
    permission: str
    status: int


@dataclass(frozen=True, slots=True)
class Identity:
    """One way the user signs in: an ``objectIdentity``."""

    sign_in_type: str
    issuer: str


@dataclass(frozen=True, slots=True)
class ServicePlan:
    """One of the user's ``assignedPlans``."""

    service_plan_id: str
    capability_status: str


@dataclass(frozen=True, slots=True)
class User:
    """A user of the directory, as far as the rules look at one."""

    id: str
    user_principal_name: str
    user_type: str | None
    account_enabled: bool
    external_user_state: str | None
    external_user_state_changed: datetime | None
    identities: tuple[Identity, ...] | None
    mail: str | None
    other_mails: tuple[str, ...]
    on_premises_synced: bool
    on_premises_user_principal_name: str | None
    management_restricted: bool
    assigned_plans: tuple[ServicePlan, ...]
    created: datetime | None = None


@dataclass(frozen=True, slots=True)
class Holder:
    """An object that holds an address: a ``user`` or a ``contact``."""

    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class AddressFacts:
    """What the directory knows of one address."""

    user_holders: tuple[Holder, ...] | Unread
    contact_holders: tuple[Holder, ...] | Unread


@dataclass(frozen=True, slots=True)
class Groups:
    """The groups a user is a member of, directly or through others.

    Attributes:
        ids: their object ids.
        role_assignable: those among them that can hold directory roles.
    """

    ids: frozenset[str]
    role_assignable: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DirectoryRole:
    """An active directory role; ``template_id`` is its definition's, empty if unknown."""

    name: str
    template_id: str = ""


@dataclass(frozen=True, slots=True)
class PrivilegeFacts:
    """What a user may do in the tenant.

    Attributes:
        active_roles: the built-in directory roles held now, through groups too.
        role_assignments: ids of the roles assigned to the user: custom ones, those scoped to an
            administrative unit, and those that no directoryRole object was ever made for.
        eligible_roles: ids of the roles the user can activate (Privileged Identity Management).
        groups: the user's groups.
        eligible_groups: ids of the groups whose membership or ownership the user can activate.
    """

    active_roles: tuple[DirectoryRole, ...] | Unread
    role_assignments: tuple[str, ...] | Unread
    eligible_roles: tuple[str, ...] | Unread
    groups: Groups | Unread
    eligible_groups: tuple[str, ...] | Unread


@dataclass(frozen=True, slots=True)
class HomeTenant:
    """The Entra tenant in which a domain is verified."""

    tenant_id: str
    display_name: str


@dataclass(frozen=True, slots=True)
class DomainFacts:
    """What holds for one external domain; the same for minutes, so it may be kept that long."""

    directly_federated: bool | Unread
    home_tenant: HomeTenant | Unread | None
    inbound_blocked: bool | Unread = False


@dataclass(frozen=True, slots=True)
class InvitationDomains:
    """The tenant's own list of domains for B2B invitations: one of the two, or neither.

    Attributes:
        allowed: only these may be invited from; ``None`` where no such list is set.
        blocked: these may not.
    """

    allowed: frozenset[str] | None = None
    blocked: frozenset[str] = frozenset()

    def admits(self, domain: str) -> bool:
        """Tell whether the tenant takes invitations to a domain."""
        return domain in self.allowed if self.allowed is not None else domain not in self.blocked


@dataclass(frozen=True, slots=True)
class TenantFacts:
    """What holds for this tenant; the same for minutes, so it may be kept that long."""

    verified_domains: frozenset[str] | Unread
    allow_invites_from: str | Unread
    invitation_domains: InvitationDomains | Unread = InvitationDomains()


@dataclass(frozen=True, slots=True)
class AddressChoice:
    """Which external address a conversion would use, and what stands in its way.

    Attributes:
        address: the address; the directory's spelling of it where the user holds it.
        malformed: why the address is none that B2B collaboration takes.
        missing: the user holds no external address where one has to stand.
        ambiguous: the user holds several, and the request names none of them.
        foreign: the request names an address that the user does not hold.
    """

    address: EmailAddress | None = None
    malformed: str | None = None
    missing: bool = False
    ambiguous: bool = False
    foreign: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom a completion names as sponsor or manager."""

    id: str
    account_enabled: bool
    user_type: str | None
    external_user_state: str | None


@dataclass(frozen=True, slots=True)
class Facts:
    """All that was read before deciding, for one request.

    Attributes:
        tenant: what holds for this tenant.
        matches: the users that the request may mean, by object id.
        user: the user meant, ``None`` where there is none, no single one, or no reading it.
        privileges: what that user may do.
        choice: the address that would be used.
        address: what the directory knows of that address, ``None`` without a usable one.
        domain: what holds for its domain, likewise.
        sponsor, manager: whom the completion names as such; ``None`` for nobody.
    """

    tenant: TenantFacts
    matches: tuple[str, ...] | Unread
    user: User | None = None
    privileges: PrivilegeFacts | None = None
    choice: AddressChoice = AddressChoice()
    address: AddressFacts | None = None
    domain: DomainFacts | None = None
    sponsor: Person | Unread | None = None
    manager: Person | Unread | None = None


@dataclass(frozen=True, slots=True)
class CompletionFacts:
    """All that was read before a step of a completion.

    Attributes:
        standing: how the user stands, ``None`` where there is no such user.
        user: likewise.
        privileges: what the user may do.
        sponsors: ids of the user's sponsors.
        current_manager: id of the user's manager, ``None`` for none.
        sponsor, manager: whom the completion names as such; ``None`` for nobody.
    """

    standing: Standing | Unread | None
    user: User | Unread | None
    privileges: PrivilegeFacts
    sponsors: tuple[str, ...] | Unread = ()
    current_manager: str | Unread | None = None
    sponsor: Person | Unread | None = None
    manager: Person | Unread | None = None
