"""The ledger: who is being converted, by which request, how far.

Three kinds of rows. A *request's* holds a digest of its content and, once it has ended, the
outcome; a *user's* holds the claim: which request is about to invite, and since when; another one
(``converters.storage.looks``) says when the user was last looked at for an event. Beside them stand
those about the subscription to events (``converters.storage.standings``).

The claim is written before the POST, so that whoever comes after a crash knows that there may have
been one. Writes go by ETag: of two that want the same row, one wins and the other looks again. A
row that is gone is survived, as the directory is asked too.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from converters.model.completion import NOTHING, Completion
from converters.storage.claims import claim_of, written_mail
from converters.storage.completions import written_asked
from converters.storage.looks import Looks
from converters.storage.standings import Standings
from converters.storage.table import Row, Rows
from converters.wire.requests import NAMESPACE

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

    from converters.model.request import ConversionRequest
    from converters.settings.storage_account import Storage
    from converters.storage.claims import Claim
    from converters.storage.clock import ServiceClock
    from converters.storage.table import Values

REQUEST, USER = "request", "user"


@dataclass(frozen=True, slots=True)
class Entry:
    """A request's row.

    Attributes:
        key: which row.
        digest: of the content that it was first seen with.
        record: the outcome it ended in (``converters.storage.records``), ``None`` while it has not.
        number: how often it has ended; a request with a retriable reason can end again.
        etag: of the row as it was read.
        fresh: it was made just now, so nobody has begun with this request before.
        without_source: it was made when an event's id alone was the key.
    """

    key: str
    digest: str
    record: str | None
    number: int
    etag: str
    fresh: bool = False
    without_source: bool = False


class Ledger:
    """The table; one per worker, made inside the running loop.

    Every method raises LedgerUnavailable where it cannot tell, or does not know that it is written.

    Args:
        storage: where the table is.
        table: its name; the table must exist.
        credential: used with ``storage.table_service_uri``.
        clock: told the time by every answer; what is written is dated by it.
    """

    def __init__(
        self,
        storage: Storage,
        table: str,
        credential: AsyncTokenCredential | None,
        clock: ServiceClock,
    ) -> None:
        self._rows, self._clock = Rows(storage, table, credential, clock), clock
        self.looks = Looks(self._rows, clock)
        self.standings = Standings(self._rows, clock)

    @property
    def rows(self) -> Rows:
        """The table itself, for what else is kept in it."""
        return self._rows

    async def close(self) -> None:
        """Close the connections."""
        await self._rows.close()

    async def enter(self, request: ConversionRequest, digest: str) -> Entry:
        """Write a request down before anything is done for it; return what stands there already."""
        older = await self._entered_without_source(request, digest)
        if older:
            return older
        key = ledger_key(request.idempotency_key)
        values = {
            "PartitionKey": key,
            "RowKey": REQUEST,
            "RequestId": request.request_id,
            "Digest": digest,
            "Begun": self._clock.utc(),
        }
        etag, found = await self._rows.insert(values)
        return _entry(found) if found else Entry(key, digest, None, 0, etag, fresh=True)

    async def entry(self, key: str) -> Entry | None:
        """Return a request's row."""
        row = await self._rows.get(key, REQUEST)
        return _entry(row) if row else None

    async def find(self, request: ConversionRequest, digest: str) -> Entry | None:
        """Return a request's row, if it was entered with this content."""
        older = await self._entered_without_source(request, digest)
        entry = older or await self.entry(ledger_key(request.idempotency_key))
        return entry if entry and entry.digest == digest else None

    async def _entered_without_source(
        self, request: ConversionRequest, digest: str
    ) -> Entry | None:
        """Return the row of an event that was entered when its id alone was the key."""
        if request.source is None:
            return None
        entry = await self.entry(ledger_key(request.request_id))
        if entry is None or entry.digest != digest:
            return None
        return replace(entry, without_source=True)

    async def finish(self, entry: Entry, record: str, completion: Completion = NOTHING) -> None:
        """Write down how a request ended, unless another delivery of it has done so meanwhile.

        Args:
            entry: the request's row.
            record: the outcome (``converters.storage.records``).
            completion: what it asked for, which vouches for the follow-up's messages.
        """
        row = {
            "PartitionKey": entry.key,
            "RowKey": REQUEST,
            "Record": record,
            "Number": entry.number + 1,
            "Ended": self._clock.utc(),
            **({"Completion": written_asked(completion)} if completion else {}),
        }
        await self._rows.merge(row, entry.etag)

    async def claim(
        self, user_id: str, request_id: str, entry: Entry, address: str, mail: float | None = None
    ) -> Claim:
        """Claim a user for a request; return whose claim stands there, ``fresh`` if this one's."""
        values = self._claim_values(user_id, request_id, entry, address, mail)
        etag, found = await self._rows.insert(values)
        row, fresh = (found, False) if found else (Row(values, etag), True)
        return claim_of(row, fresh=fresh)

    async def held(self, user_id: str) -> Claim | None:
        """Return the claim on a user."""
        row = await self._rows.get(user_id.lower(), USER)
        return claim_of(row, fresh=False) if row else None

    async def take_over(
        self,
        claim: Claim,
        request_id: str,
        entry: Entry,
        address: str | None,
        mail: float | None = None,
    ) -> Claim | None:
        """Put a request in the place of a claim that no longer counts; ``None``: somebody did."""
        values = self._claim_values(claim.user_id, request_id, entry, address, mail)
        etag = await self._rows.merge(values, claim.etag)
        return claim_of(Row(values, etag), fresh=True) if etag else None

    async def give_back(self, claim: Claim, earlier: Claim | None) -> None:
        """Put back the claim that was taken over: it is certain that nothing was done."""
        if earlier is None:
            await self.release(claim)
            return
        entry = Entry(earlier.key, "", None, earlier.number, "")
        await self.take_over(claim, earlier.request_id, entry, earlier.address, earlier.mail)

    async def note_mail(self, claim: Claim, mail: float) -> Claim | None:
        """Note how far the claim's own mail is; ``None``: the claim is another's by now."""
        row = {"PartitionKey": claim.user_id, "RowKey": USER, "Mail": written_mail(mail)}
        etag = await self._rows.merge(row, claim.etag)
        return replace(claim, mail=mail, etag=etag) if etag else None

    async def release(self, claim: Claim) -> None:
        """Take a claim back: it is certain that nothing was done."""
        await self._rows.delete(claim.user_id, USER, claim.etag)

    def _claim_values(
        self, user_id: str, request_id: str, entry: Entry, address: str | None, mail: float | None
    ) -> Values:
        return {
            "PartitionKey": user_id.lower(),
            "RowKey": USER,
            "Key": entry.key,
            "RequestId": request_id,
            "Number": entry.number,
            "Since": self._clock.utc(),
            "Address": address or "",
            "Mail": written_mail(mail),
        }


def ledger_key(idempotency_key: str) -> str:
    """Return the key of a request's row."""
    # Keys may not hold a slash, and request ids may.
    return uuid.uuid5(NAMESPACE, f"ledger {idempotency_key}").hex


def _entry(row: Row) -> Entry:
    values = row.values
    number = int(values.get("Number", 0))
    return Entry(values["PartitionKey"], values["Digest"], values.get("Record"), number, row.etag)
