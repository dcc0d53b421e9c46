"""What can go wrong, as one tree.

::

    ConverterError
    ├── SettingsInvalid        the app must not start; names every missing or malformed setting
    ├── RequestInvalid         the message is no request; ends as a `rejected` outcome
    ├── LetterUnfit            no mail can be written of this letter, however often it is tried
    ├── GraphRefused           Graph said no for good; ends as a `failed` outcome
    └── Unavailable            nothing is concluded; the request waits and is tried again
        ├── GraphUnavailable   Graph was throttling, down or silent
        ├── LedgerUnavailable  the ledger's table could not be read or written
        └── QueueUnavailable   a queue did not take a message

No exception's text carries an address, a name, a message body or a redeem URL: texts end in logs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_THROTTLED, _OUTAGES = 429, frozenset({408, 502, 503, 504})
# Storage's codes for what no waiting mends. Source: "Status and error codes (REST API)".
_MISSING = frozenset({"TableNotFound", "QueueNotFound"})
_NOT_PERMITTED = frozenset(
    {
        "AuthorizationPermissionMismatch",
        "AuthorizationFailure",
        "AuthenticationFailed",
        "InsufficientAccountPermissions",
        "InvalidAuthenticationInfo",
        "NoAuthenticationInformation",
    }
)


class ConverterError(Exception):
    """The root of everything this package raises on purpose."""


class SettingsInvalid(ConverterError):  # noqa: N818 - reads as the sentence it is
    """Settings are missing or malformed; ``problems`` has one sentence for each."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("The settings are not valid: " + " ".join(self.problems))


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a message.

    Attributes:
        code: stable: ``notARequest``, ``unknownProperty``, ``missingProperty``, ``invalidValue``,
            ``moreFaults``.
        where: the JSON path of the property, ``""`` for the message as a whole.
        problem: what is so, as the end of a sentence that begins with the property.
    """

    code: str
    where: str
    problem: str


class RequestInvalid(ConverterError):  # noqa: N818
    """The message is not a valid request.

    Attributes:
        faults: every fault found, in the order of the properties.
        request_id: the best correlation that could be found, never empty.
        requested_by: who asked, where that much could be read.
        source: the event's, where the request's id is an event's.
        digest: of the message's bytes, hexadecimal.
        from_event: whether it is a directory's event, so that nobody waits to be told.
    """

    def __init__(
        self,
        faults: Sequence[Fault],
        request_id: str,
        requested_by: str | None = None,
        source: str | None = None,
        *,
        from_event: bool = False,
    ) -> None:
        self.digest, self.from_event = "", from_event
        self.faults = tuple(faults)
        self.request_id = request_id
        self.requested_by, self.source = requested_by, source
        super().__init__(f"The message is not a valid request ({len(self.faults)} faults).")


class LetterUnfit(ConverterError):  # noqa: N818
    """No mail can be written of a letter; the text says why, without anything personal."""


class GraphRefused(ConverterError):  # noqa: N818
    """Graph refused the invitation for good.

    Attributes:
        status: the HTTP status.
        code: Graph's own error code.
        text: Graph's own message; it can name addresses, so it goes to the outcome, never a log.
        request_id: Graph's ``request-id``, for Microsoft's support.
    """

    def __init__(self, status: int, code: str, text: str, request_id: str | None) -> None:
        self.status, self.code, self.text, self.request_id = status, code, text, request_id
        super().__init__(f"Graph refused with {status} {code} (request-id {request_id}).")


class NotRead(ConverterError):  # noqa: N818
    """Something could not be read that no decision goes without."""

    def __init__(self, what: str, permission: str, status: int | None) -> None:
        self.what, self.permission, self.status = what, permission, status
        super().__init__(f"Graph did not tell {what} (HTTP {status}; it needs {permission}).")


class Unavailable(ConverterError):  # noqa: N818
    """Something that is needed does not answer for now; ``retry_after`` as in GraphUnavailable.

    Attributes:
        retry_after: seconds that were asked to be waited, if any.
        not_set_up: what is missing or may not be used, as a sentence; empty for an outage.
    """

    retry_after: float | None = None
    not_set_up: str = ""


class GraphUnavailable(Unavailable):
    """Graph was throttling, down, silent or incomprehensible; the same call may work later.

    Attributes:
        what: what was being done.
        status: the HTTP status, ``None`` where there was no answer.
        retry_after: seconds that Graph asked to wait, ``None`` where it did not say.
        request_id: Graph's ``request-id``.
        code, text: Graph's own words, empty where it had none; for outcomes, never for a log.
        in_doubt: what was asked for may have been done all the same.
    """

    def __init__(  # noqa: PLR0913 - an answer, and what is to be said of it
        self,
        what: str,
        status: int | None = None,
        retry_after: float | None = None,
        request_id: str | None = None,
        *,
        code: str = "",
        text: str = "",
    ) -> None:
        self.what, self.status, self.in_doubt = what, status, False
        self.retry_after, self.request_id = retry_after, request_id
        self.code, self.text = code, text
        answer = f"HTTP {status}" if status else "no usable answer"
        super().__init__(f"Graph unavailable: {what}: {answer} (request-id {request_id}).")

    @property
    def without_effect(self) -> bool:
        """Whether it is certain that nothing was done: throttled, or not even sent."""
        return self.status == _THROTTLED or (self.status is None and self.retry_after is not None)

    @property
    def is_telling(self) -> bool:
        """Whether Graph said what is wrong, so that the same words again mean no outage.

        Gateways word their 502 to 504 alike all through an outage.
        """
        return self.status not in _OUTAGES and self.status != _THROTTLED and bool(self.text)


class LedgerUnavailable(Unavailable):
    """The ledger's table could not be read or written."""

    def __init__(self, why: str, table: str = "") -> None:
        self.why, self.not_set_up = why, _not_set_up("table", table, why)
        super().__init__(f"The ledger is not available: {why}.")


class QueueUnavailable(Unavailable):
    """A queue did not take a message; nothing may be acknowledged."""

    def __init__(self, queue: str, why: str) -> None:
        self.queue, self.why = queue, why
        self.not_set_up = _not_set_up("queue", queue, why)
        super().__init__(f"The queue {queue!r} is not available: {why}.")


def _not_set_up(kind: str, name: str, code: str) -> str:
    if code in _MISSING:
        return f"The {kind} {name} does not exist, and the function may not make it."
    if code in _NOT_PERMITTED:
        return f"The function may not use the {kind} {name} ({code})."
    return ""
