"""How far this service has come with its subscription to events, and with what it reads of changes.

Rows of one partition of the ledger's table. One of them is the *standing* of the subscription: who
looks after it right now, what Graph has asked for, and since when changes were missed. Each of the
others is a *track*: the link at which to read on. Both change by ETag, and only by whoever holds
the claim; what Graph has asked for is noted down by anybody, and taken back only as it was seen.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from converters.model.errors import LedgerUnavailable

if TYPE_CHECKING:
    from converters.storage.clock import ServiceClock
    from converters.storage.table import Row, Rows, Values

_PARTITION, _STANDING = "subscription", "standing"
# What anybody may note down.
_ASKED = ("Renew", "Gap")
_TRIES = 5


@dataclass(frozen=True, slots=True)
class Standing:
    """The subscription's row; times are in seconds since 1970, 0 for never.

    Attributes:
        id: the subscription's; empty before there is one.
        state: digest of the word that it was made with.
        unfit: ids of earlier ones that must not be taken for it.
        trying: since when one may have been made whose answer did not come.
        made: when it was made, or first seen.
        ends: when it ends.
        renew: when Graph asked for a renewal that has not been made.
        gap: since when the changes that were missed have to be looked for.
        checked: when it was last seen alive.
        busy: until when somebody looks after it, and ``holder`` says who.
        etag: of the row as it was read.
    """

    id: str
    state: str
    unfit: frozenset[str]
    trying: float
    made: float
    ends: float
    renew: float
    gap: float
    checked: float
    busy: float
    holder: str
    etag: str


@dataclass(frozen=True, slots=True)
class Track:
    """Where to read on.

    Attributes:
        name: which row.
        link: the path; empty where there is nothing to read.
        quiet: nobody is asked for yet: this is what was there before.
        spare: a later link, to begin with once nothing of the time before it can be missing.
        since: when that one was had.
        etag: of the row as it was read.
    """

    name: str
    link: str
    quiet: bool
    spare: str
    since: float
    etag: str


@dataclass(frozen=True, slots=True)
class Standings:
    """The rows; raises as the ledger does."""

    rows: Rows
    clock: ServiceClock

    async def read(self) -> Standing:
        """Return the standing; it is made where there is none."""
        row = await self.rows.get(_PARTITION, _STANDING)
        if row is None:
            etag, found = await self.rows.insert(_named(_STANDING))
            return _standing(found.values if found else {}, found.etag if found else etag)
        return _standing(row.values, row.etag)

    async def seen(self) -> Standing | None:
        """Return the standing; ``None`` where there is none, and none is made."""
        row = await self.rows.get(_PARTITION, _STANDING)
        return _standing(row.values, row.etag) if row else None

    async def claim(self, seconds: float) -> Standing | None:
        """Take the standing into one's hands for a while; ``None``: it is in somebody else's."""
        found, holder = await self.read(), uuid.uuid4().hex
        for _ in range(_TRIES):
            now = self.clock.now()
            if found.busy > now:
                return None
            values = _named(_STANDING) | {"Busy": now + seconds, "Holder": holder}
            await self.rows.merge(values, found.etag)
            found = await self.read()
            if found.holder == holder:
                return found
        return None

    async def write(self, seen: Standing, **changes: Any) -> Standing:  # noqa: ANN401
        """Change the standing that one holds; what was asked for since it was seen stays.

        Raises:
            LedgerUnavailable: it is not written, or somebody else holds it by now.
        """
        now = seen
        for _ in range(_TRIES):
            kept = {
                name: value
                for name, value in changes.items()
                if name not in _ASKED or _asked(now, name) == _asked(seen, name)
            }
            if await self.rows.merge(_named(_STANDING) | kept, now.etag):
                return await self.read()
            now = await self.read()
            if now.holder != seen.holder:
                break
        raise LedgerUnavailable("somebody else looks after the subscription")

    async def ask(self, *, renew: bool = False, gap: bool = False) -> None:
        """Note down that Graph asks for a renewal, or that changes were missed."""
        for _ in range(_TRIES):
            found, now = await self.read(), self.clock.now()
            wanted = {"Renew": renew and now, "Gap": gap and now}
            values = {name: value for name, value in wanted.items() if value}
            if await self.rows.merge(_named(_STANDING) | values, found.etag):
                return
        raise LedgerUnavailable("the subscription's row keeps changing")

    async def track(self, name: str) -> Track | None:
        """Return a track; ``None`` where it was never begun."""
        row = await self.rows.get(_PARTITION, name)
        return _track(name, row) if row else None

    async def begin(self, name: str, **values: Any) -> Track:  # noqa: ANN401
        """Begin a track, unless somebody has."""
        etag, found = await self.rows.insert(_named(name) | values)
        return _track(name, found) if found else _read_track(name, values, etag)

    async def move(self, track: Track, **changes: Any) -> Track:  # noqa: ANN401
        """Change a track.

        Raises:
            LedgerUnavailable: it is not written, or somebody else has moved it.
        """
        if await self.rows.merge(_named(track.name) | changes, track.etag):
            moved = await self.track(track.name)
            if moved:
                return moved
        raise LedgerUnavailable("somebody else reads the changes")


def _named(row: str) -> Values:
    return {"PartitionKey": _PARTITION, "RowKey": row}


def _asked(standing: Standing, name: str) -> float:
    return standing.renew if name == "Renew" else standing.gap


def _standing(values: Values, etag: str) -> Standing:
    return Standing(
        id=values.get("Id", ""),
        state=values.get("State", ""),
        unfit=frozenset(values.get("Unfit", "").split(",")) - {""},
        trying=values.get("Trying", 0.0),
        made=values.get("Made", 0.0),
        ends=values.get("Ends", 0.0),
        renew=values.get("Renew", 0.0),
        gap=values.get("Gap", 0.0),
        checked=values.get("Checked", 0.0),
        busy=values.get("Busy", 0.0),
        holder=values.get("Holder", ""),
        etag=etag,
    )


def _track(name: str, row: Row) -> Track:
    return _read_track(name, row.values, row.etag)


def _read_track(name: str, values: Values, etag: str) -> Track:
    return Track(
        name=name,
        link=values.get("Link", ""),
        quiet=values.get("Quiet", False),
        spare=values.get("Spare", ""),
        since=values.get("Since", 0.0),
        etag=etag,
    )
