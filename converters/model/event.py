"""What a directory's event says of itself, before any of it is believed: frozen, without I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Lifecycle(StrEnum):
    """What Graph says of the subscription itself; the values are Graph's own."""

    REAUTHORIZATION_REQUIRED = "reauthorizationRequired"
    SUBSCRIPTION_REMOVED = "subscriptionRemoved"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an event says that it comes from, and where it stands among others.

    Attributes:
        client_state: the word that whoever made the subscription gave it; a secret.
        tenants: every tenant that the event names, in lower case.
        subscription_id: Graph's subscription, in lower case.
        sequence: the event's place among those of its subscription.
    """

    client_state: str | None = field(default=None, repr=False)
    tenants: frozenset[str] = frozenset()
    subscription_id: str | None = None
    sequence: int | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """An event that asks for no conversion: a user is gone for good, or it is of the subscription.

    Attributes:
        request_id, source: the event's ``id`` and ``source``.
        user_id: who is gone, where the event says so.
        lifecycle: what is said of the subscription; ``None`` of a user who is gone.
    """

    request_id: str
    origin: Origin
    source: str | None = None
    user_id: str | None = None
    lifecycle: Lifecycle | None = None
