"""Ask for users whom no event told of: changed while none came, or put into the group.

Each goes into the requests queue as an event would, and first of all: only then is the link of the
next page stored. A host that dies in between asks for a page's users twice, and an event that comes
twice leads to one conversion.
"""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from converters.graph.delta import (
    USERS_FROM_NOW,
    Source,
    group_from_start,
    members_of,
    read_page,
)
from converters.model.errors import GraphUnavailable
from converters.model.request import ConversionRequest
from converters.wire.envelopes import deferred

if TYPE_CHECKING:
    from converters.graph.client import Graph
    from converters.graph.delta import Page
    from converters.model.trace import Trace
    from converters.storage.clock import ServiceClock
    from converters.storage.queues import Queue
    from converters.storage.standings import Standings, Track

# The source of such requests, beside which their ids are read.
SOURCE = "urn:b2b-conversion/changes"
USERS, GROUP, MEMBERS = "users", "group", "members"
# Event Grid delivers for a day; a link of Graph's lasts for seven.
_ROLL_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class CatchingUp:
    """Reads what has changed; only whoever holds the subscription's standing may."""

    graph: Graph
    standings: Standings
    requests: Queue
    clock: ServiceClock
    group_id: str

    @property
    def _group(self) -> str:
        """The row of the group: of another group, another one."""
        return f"{GROUP} {self.group_id}"

    async def begin(self, trace: Trace) -> None:
        """Remember from where on changes count, before anything can be missed.

        Who is in the group by then was there before this service looked, and is left alone.
        """
        if await self.standings.track(USERS) is None:
            link, now = await self._from_now(trace), self.clock.now()
            await self.standings.begin(USERS, Link=link, Spare=link, Since=now)
        if await self.standings.track(self._group) is None:
            start = group_from_start(self.group_id)
            await self.standings.begin(self._group, Link=start, Quiet=True)

    async def catch_up(self, trace: Trace, ends: float, *, gap: bool) -> tuple[int, bool]:
        """Ask for those who were changed, where there is a gap, and for those who came in.

        Args:
            trace: of the invocation.
            ends: when to leave off, by the monotonic clock; the next run goes on.
            gap: whether users may have changed without an event.

        Returns:
            How many were asked for, and whether nothing is left to read.
        """
        asked, whole = 0, True
        for name, source in ((USERS, Source.USERS), (self._group, Source.GROUP)):
            if name == USERS and not gap:
                await self._roll(trace)
                continue
            more, done = await self._read_on(name, source, trace, ends)
            asked, whole = asked + more, whole and done
        # Last: the two before may have found that everybody in the group has to be looked at.
        more, done = await self._read_on(MEMBERS, Source.MEMBERS, trace, ends)
        return asked + more, whole and done

    async def _read_on(
        self, name: str, source: Source, trace: Trace, ends: float
    ) -> tuple[int, bool]:
        track, asked = await self.standings.track(name), 0
        while track and track.link:
            if time.monotonic() >= ends:
                return asked, False
            page = await read_page(self.graph, source, track.link, trace)
            if page is None:
                track = await self._anew(track, source, trace)
                continue
            asked += await self._take(track, page)
            quiet = track.quiet and not page.is_last
            track = await self.standings.move(track, Link=page.link, Quiet=quiet)
            if page.is_last:
                break
        return asked, True

    async def _take(self, track: Track, page: Page) -> int:
        """Put a page's users into the requests queue."""
        if track.quiet:
            return 0
        for user_id in page.users:
            id_ = str(uuid.uuid4())
            request = ConversionRequest(
                id_, id_, user_id=user_id.lower(), from_event=True, source=SOURCE
            )
            await self.requests.send(deferred(request))
        if page.groups:
            await self._ask_for_members()
        return len(page.users)

    async def _anew(self, track: Track, source: Source, trace: Trace) -> Track:
        """Begin a track anew whose link Graph no longer knows, and miss nobody by that.

        Of all users who were changed, only those in the group are looked for.
        """
        if source is Source.USERS:
            await self._ask_for_members()
            link, now = await self._from_now(trace), self.clock.now()
            return await self.standings.move(track, Link=link, Spare=link, Since=now)
        if source is Source.GROUP:
            return await self.standings.move(
                track, Link=group_from_start(self.group_id), Quiet=False
            )
        return await self.standings.move(track, Link=members_of(self.group_id))

    async def _ask_for_members(self) -> None:
        """Let everybody who is in the group be read, from the first page on."""
        link = members_of(self.group_id)
        track = await self.standings.begin(MEMBERS, Link=link)
        if track.link != link:
            await self.standings.move(track, Link=link)

    async def _roll(self, trace: Trace) -> None:
        """Keep the users' link young: it is read from only after a gap, and lasts for a week.

        The one before is kept for a day more: what an event of its time should have told may yet
        turn out to be missing.
        """
        track, now = await self.standings.track(USERS), self.clock.now()
        if track and now - track.since >= _ROLL_SECONDS:
            link = await self._from_now(trace)
            await self.standings.move(track, Link=track.spare, Spare=link, Since=now)

    async def _from_now(self, trace: Trace) -> str:
        page = await read_page(self.graph, Source.USERS, USERS_FROM_NOW, trace)
        if page is None or not page.is_last:
            raise GraphUnavailable(f"reading {Source.USERS}")
        return page.link
