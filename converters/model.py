"""The things this product speaks of: frozen, and without any I/O.

Names are Microsoft's own, snake-cased. "Internal" and "external" say who authenticates the user;
``user_type`` (Member, Guest) says something else and never decides which of the two a user is.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from converters.addresses import EmailAddress


class Status(StrEnum):
    """How a request ended."""

    INVITED = "invited"
    """The invitation was made; the person has yet to redeem it."""
    ALREADY_INVITED = "alreadyInvited"
    """An invitation is pending; no second one was made."""
    ALREADY_EXTERNAL = "alreadyExternal"
    """The user already signs in with an identity from outside; nothing to convert."""
    ELIGIBLE = "eligible"
    """A check found no reason against; nobody was invited."""
    INELIGIBLE = "ineligible"
    """The rules say no; every reason is given."""
    REJECTED = "rejected"
    """The message is no valid request; every fault is given."""
    FAILED = "failed"
    """Graph refused the invitation."""


class Owner(StrEnum):
    """Who can remove a reason."""

    REQUESTER = "requester"
    IDENTITY_ADMIN = "identityAdmin"
    PARTNER_ADMIN = "partnerAdmin"
    OPERATOR = "operator"


class Mode(StrEnum):
    """Whether to invite, or only to say whether one could."""

    CONVERT = "convert"
    CHECK = "check"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a request did not go through, or a warning beside one that did.

    Attributes:
        code: stable, for machines.
        message: one sentence of what is so.
        remediation: one sentence of what to do.
        owner: who can do it.
        retriable: whether the same request, sent again unchanged, may later end differently.
    """

    code: str
    message: str
    remediation: str
    owner: Owner
    retriable: bool = False


@dataclass(frozen=True, slots=True)
class NextStep:
    """Something that remains to be done by somebody after the invitation."""

    code: str
    message: str
    owner: Owner


@dataclass(frozen=True, slots=True)
class Recipient:
    """A copy of the invitation mail goes here."""

    address: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class MessageInfo:
    """How the invitation mail is written: Graph's ``invitedUserMessageInfo``."""

    language: str | None = None
    cc: Recipient | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class ConversionRequest:
    """A request as the queue delivered it, valid in form.

    Attributes:
        request_id: idempotency key and correlation.
        correlation_id: a GUID for Graph's ``client-request-id``, from the trace where there is one.
        user_id, user_principal_name: whom to convert; neither means the holder of the address.
        email_address: the external address, where the request names one.
    """

    request_id: str
    correlation_id: str
    mode: Mode = Mode.CONVERT
    user_id: str | None = None
    user_principal_name: str | None = None
    email_address: str | None = None
    send_invitation_message: bool = True
    message_info: MessageInfo = MessageInfo()
    redirect_url: str | None = None
    requested_by: str | None = None


@dataclass(frozen=True, slots=True)
class Unread:
    """A fact that could not be read. Unknown means no: it blocks every rule that needs it.

    Attributes:
        what: what could not be read.
        permission: the application permission the read needs.
        status: the HTTP status that Graph answered with.
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
    assigned_plans: tuple[ServicePlan, ...]


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
class HomeTenant:
    """The Entra tenant in which a domain is verified."""

    tenant_id: str
    display_name: str


@dataclass(frozen=True, slots=True)
class DomainFacts:
    """What holds for one external domain; the same for minutes, so it may be kept that long."""

    directly_federated: bool | Unread
    home_tenant: HomeTenant | Unread | None


@dataclass(frozen=True, slots=True)
class TenantFacts:
    """What holds for this tenant; the same for minutes, so it may be kept that long."""

    verified_domains: frozenset[str] | Unread
    allow_invites_from: str | Unread


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
class Facts:
    """All that was read before deciding, for one request.

    Attributes:
        tenant: what holds for this tenant.
        matches: the users that the request may mean, by object id.
        user: the user meant, ``None`` where there is none, no single one, or no reading it.
        choice: the address that would be used.
        address: what the directory knows of that address, ``None`` without a usable one.
        domain: what holds for its domain, likewise.
    """

    tenant: TenantFacts
    matches: tuple[str, ...] | Unread
    user: User | None = None
    choice: AddressChoice = AddressChoice()
    address: AddressFacts | None = None
    domain: DomainFacts | None = None


@dataclass(frozen=True, slots=True)
class Invitation:
    """What Graph answered to ``POST /invitations``. The redeem URL is a credential."""

    id: str
    status: str
    invited_user_id: str
    redeem_url: str
    redirect_url: str
    request_id: str | None


@dataclass(frozen=True, slots=True)
class GraphTrace:
    """What Microsoft's support needs to find a call again."""

    correlation_id: str
    request_id: str | None = None
    status: int | None = None
    code: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one request ended, whole."""

    request_id: str
    status: Status
    user: User | None = None
    user_id: str | None = None
    email_address: str | None = None
    reasons: tuple[Reason, ...] = ()
    warnings: tuple[Reason, ...] = ()
    next_steps: tuple[NextStep, ...] = ()
    invitation: Invitation | None = None
    mail_sent: bool = True
    graph: GraphTrace | None = None
    requested_by: str | None = None
