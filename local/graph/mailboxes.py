"""Mailboxes, and the limits that Exchange Online and Outlook's API set them.

From "Exchange Online limits" and "Microsoft Graph service-specific throttling limits". Which status
Exchange's limit of a day comes with is not documented: 429 here.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from local.graph.camel import attributes
from local.graph.errors import GraphError

if TYPE_CHECKING:
    from local.graph.schema import Json

SEND, READ = "Mail.Send", "Mail.ReadBasic"
_MINUTE, _DAY = 60.0, 86_400.0


@dataclass(slots=True)
class Mailbox:
    """One mailbox.

    Attributes:
        address: its own.
        roles: what the application may do there by *RBAC for Applications*.
        per_minute: messages that it sends in a minute; ``per_day``: recipients in a day.
        shows_headers: whether a sent message shows its headers, which is in dispute.
        keeps_message_id: whether Exchange leaves a message's own id as it is.
        sent: what was sent, each with the moment from which it shows.
    """

    address: str
    roles: frozenset[str] = frozenset({SEND, READ})
    per_minute: int = 30
    per_day: int = 10_000
    shows_headers: bool = True
    keeps_message_id: bool = False
    sent: list[tuple[float, Json]] = field(default_factory=list)
    taken: deque[tuple[float, int]] = field(default_factory=deque)

    @classmethod
    def read(cls, entry: Json) -> Mailbox:
        """Return a mailbox from JSON, the attributes in camel case.

        Raises:
            ValueError: naming what it does not know.
        """
        given = attributes(cls, entry)
        if "roles" in given:
            given["roles"] = frozenset(given["roles"])
        return cls(**given)

    def count(self, recipients: int, now: float) -> None:
        """Hold Exchange's limits.

        Raises:
            GraphError: 429.
        """
        while self.taken and self.taken[0][0] <= now - _DAY:
            self.taken.popleft()
        last = [at for at, _ in self.taken if at > now - _MINUTE]
        if len(last) >= self.per_minute:
            after = max(1.0, last[0] + _MINUTE - now)
            raise _throttled("Application is over its rate limit.", round(after))
        if sum(count for _, count in self.taken) + recipients > self.per_day:
            raise GraphError(
                429, "ErrorExceededMessageLimit", "Cannot send mail. Message limit exceeded."
            )
        self.taken.append((now, recipients))


def crowded() -> GraphError:
    """Return the 429 for a fifth request at once at one mailbox."""
    return _throttled("Application is over its MailboxConcurrency limit.", 1)


def _throttled(message: str, after: float) -> GraphError:
    return GraphError(429, "ApplicationThrottled", message, after)
