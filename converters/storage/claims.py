"""What a user's row in the ledger holds: the claim, and how far its own mail is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from converters.storage.table import Row

# Of a mail that this service sends itself: it was not tried yet.
MAIL_DUE = 0.0


@dataclass(frozen=True, slots=True)
class Claim:
    """A user's row: which request is about to invite the user, or has.

    Attributes:
        user_id: which row.
        key: the request's.
        request_id: the same, readable.
        number: of the request's entry when it was claimed.
        since: when, in seconds since 1970, by the storage service's clock.
        address: digest of the address that is invited; ``None`` in rows of before it was kept.
        mail: of this service's own mail: ``MAIL_DUE``, or when sending it was begun, in seconds
            since 1970; ``None`` where it mails nothing.
        etag: of the row as it was read.
        fresh: it was made just now, so the POST may follow.
    """

    user_id: str
    key: str
    request_id: str
    number: int
    since: float
    address: str | None
    mail: float | None
    etag: str
    fresh: bool


def claim_of(row: Row, *, fresh: bool) -> Claim:
    """Return the claim that a row holds."""
    values = row.values
    return Claim(
        user_id=values["PartitionKey"],
        key=values["Key"],
        request_id=values["RequestId"],
        number=values["Number"],
        since=values["Since"].timestamp(),
        address=values.get("Address") or None,
        mail=read_mail(values.get("Mail")),
        etag=row.etag,
        fresh=fresh,
    )


def written_mail(mail: float | None) -> str:
    """Write down how far an own mail is; a row's column is there or not, but never null."""
    return "" if mail is None else repr(mail)


def read_mail(text: str | None) -> float | None:
    """Read what ``written_mail`` wrote."""
    return float(text) if text else None
