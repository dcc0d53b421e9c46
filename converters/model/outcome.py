"""The invitation and the outcome: frozen, and without any I/O. Names are Microsoft's."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from converters.model.request import idempotency_key

if TYPE_CHECKING:
    from converters.model.completion import Step
    from converters.model.facts import User
    from converters.model.redemption import Redemption
    from converters.model.request import ConversionRequest


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
    """Graph refused the invitation, or tries ran out."""
    DEFERRED = "deferred"
    """The request waits, and ends by itself in one of the others later."""
    REDEEMED = "redeemed"
    """The follow-up: the person redeemed the invitation, and is converted."""
    REMINDED = "reminded"
    """The follow-up: the invitation was made again, as a reminder; the follow-up goes on."""
    STALE = "stale"
    """The follow-up: nobody redeemed the invitation in time."""
    CANCELLED = "cancelled"
    """The follow-up: the account was deleted, disabled or changed; nothing is to be redeemed."""
    COMPLETED = "completed"
    """After ``redeemed``: every step of the completion has ended, each in its own way."""


class Owner(StrEnum):
    """Who can remove a reason."""

    REQUESTER = "requester"
    IDENTITY_ADMIN = "identityAdmin"
    PARTNER_ADMIN = "partnerAdmin"
    OPERATOR = "operator"


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

    def filled(self, **details: object) -> Reason:
        """Return it with a message that names some details."""
        return replace(self, message=self.message.format_map(details))


@dataclass(frozen=True, slots=True)
class NextStep:
    """Something that remains to be done by somebody after the invitation."""

    code: str
    message: str
    owner: Owner


@dataclass(frozen=True, slots=True)
class Deferral:
    """A request that has to wait.

    Attributes:
        request: as it will come again.
        seconds: how long.
        why: one or two words for the log.
        reasons: to be told to whoever asked; none where there is nothing to tell.
    """

    request: ConversionRequest
    seconds: int
    why: str
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Invitation:
    """What Graph answered to ``POST /invitations``. The redeem URL is a credential."""

    id: str
    status: str
    invited_user_id: str
    redeem_url: str
    redirect_url: str
    request_id: str | None

    @property
    def is_made(self) -> bool:
        """Whether it was made: ``InProgress`` is none yet, ``Error`` none at all."""
        return self.status in {"PendingAcceptance", "Completed"}


@dataclass(frozen=True, slots=True)
class GraphTrace:
    """What Microsoft's support needs to find a call again."""

    correlation_id: str
    request_id: str | None = None
    status: int | None = None
    code: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class UserSummary:
    """What an outcome says of its user, where no more of the user is at hand."""

    id: str
    user_principal_name: str | None = None
    user_type: str | None = None
    on_premises_synced: bool | None = None


class StepState(StrEnum):
    """How a step of a completion ended."""

    DONE = "done"
    REFUSED = "refused"
    NOT_APPLICABLE = "notApplicable"


@dataclass(frozen=True, slots=True)
class StepResult:
    """How a step of a completion ended.

    Attributes:
        reasons: why it was refused, or does not apply.
        permission: the application permission that Graph seems to miss, where it refused for that.
    """

    step: Step
    state: StepState
    reasons: tuple[Reason, ...] = ()
    permission: str | None = None

    @property
    def may_change(self) -> bool:
        """Whether the step, tried again later, may end otherwise by itself."""
        return bool(self.reasons) and all(reason.retriable for reason in self.reasons)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one request ended, or where it stands; whole.

    Attributes:
        source: the request's, where it has one.
        step: the step of the request's story that this tells; each has one event id.
        redemption: how the person redeemed the invitation, where one did.
        completion: how each step ended that the request asked for, where they have.
    """

    request_id: str
    status: Status
    user: User | UserSummary | None = None
    user_id: str | None = None
    email_address: str | None = None
    reasons: tuple[Reason, ...] = ()
    warnings: tuple[Reason, ...] = ()
    next_steps: tuple[NextStep, ...] = ()
    invitation: Invitation | None = None
    mail_sent: bool = True
    graph: GraphTrace | None = None
    requested_by: str | None = None
    source: str | None = None
    step: str = "conversion"
    redemption: Redemption | None = None
    completion: tuple[StepResult, ...] = ()

    @property
    def idempotency_key(self) -> str:
        """The request's."""
        return idempotency_key(self.request_id, self.source)

    def warned(self, *warnings: Reason) -> Outcome:
        """Return it with more warnings."""
        return replace(self, warnings=(*self.warnings, *warnings))
