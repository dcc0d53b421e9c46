"""How an invited user stands, and how a person redeemed: frozen, and without any I/O."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class IdentityProvider(StrEnum):
    """Who signs the person in since the redemption."""

    ENTRA = "entra"
    MICROSOFT_ACCOUNT = "microsoftAccount"
    ONE_TIME_PASSCODE = "oneTimePasscode"
    FEDERATED = "federated"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ExternalIdentity:
    """A federated ``objectIdentity``: its issuer, and the issuer's own name for the person."""

    issuer: str
    assigned_id: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What one look finds of a user.

    Attributes:
        account_enabled: whether the account can sign in.
        external_user_state: Graph's word for where the invitation stands, ``None`` for none.
        changed: since when.
        identities: the federated ones; ``None`` where the directory does not list any kind.
    """

    account_enabled: bool
    external_user_state: str | None
    changed: datetime | None = None
    identities: tuple[ExternalIdentity, ...] | None = ()


@dataclass(frozen=True, slots=True)
class Redemption:
    """How the person redeemed the invitation.

    Attributes:
        redeemed: when; ``None`` where the directory does not say.
        identity_provider: by which kind of identity.
        domain_matches: whether the identity is of the invited domain; ``None``: it is not told.
    """

    redeemed: datetime | None
    identity_provider: IdentityProvider
    domain_matches: bool | None = None
