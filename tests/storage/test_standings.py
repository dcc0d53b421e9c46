"""The subscription's rows: one holder, nothing asked for is forgotten, links move one by one."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from converters.model.errors import LedgerUnavailable
from converters.storage.table import Rows
from tests.service import service

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from converters.storage.standings import Standings


@asynccontextmanager
async def standings(azurite: str, queue_names: Iterator[str]) -> AsyncIterator[Standings]:
    """Return the rows of a service."""
    async with service(azurite, queue_names) as running:
        yield running.converter.ledger.standings


async def test_row_is_looked_at_without_being_made_and_begins_with_never(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with standings(azurite, queue_names) as rows:
        assert await rows.seen() is None
        made = await rows.read()
        assert (made.id, made.state, made.unfit, made.holder) == ("", "", frozenset(), "")
        times = (made.trying, made.made, made.ends, made.renew, made.gap, made.checked, made.busy)
        assert times == (0.0,) * 7
        assert await rows.seen() == made == await rows.read()
        track = await rows.begin("users")
        assert (track.name, track.link, track.spare) == ("users", "", "")
        assert (track.quiet, track.since) == (False, 0.0)


async def test_claim_is_one_holders_until_it_ends(azurite: str, queue_names: Iterator[str]) -> None:
    async with standings(azurite, queue_names) as rows:
        first = await rows.claim(100)
        assert first
        assert await rows.claim(100) is None
        written = await rows.write(first, Busy=0.0, Unfit="a,b")
        assert written.unfit == {"a", "b"}
        second = await rows.claim(0)
        assert second
        third = await rows.claim(100)
        assert third
        with pytest.raises(LedgerUnavailable, match="somebody else"):
            await rows.write(second, Id="mine")
        assert (await rows.read()).id == ""


async def test_what_is_asked_for_meanwhile_is_not_taken_back(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with standings(azurite, queue_names) as rows:
        await rows.ask(renew=True)
        held = await rows.claim(100)
        assert held
        assert (held.renew > 0, held.gap) == (True, 0)
        await rows.ask(gap=True)
        written = await rows.write(held, Renew=0.0, Gap=0.0, Id="x")
        assert (written.renew, written.gap > 0, written.id) == (0, True, "x")
        assert (await rows.write(written, Gap=0.0)).gap == 0


async def test_track_is_begun_once_and_moved_by_whoever_saw_it_last(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with standings(azurite, queue_names) as rows:
        assert await rows.track("users") is None
        begun = await rows.begin("users", Link="/a")
        again = await rows.begin("users", Link="/b")
        assert (begun.link, again.link) == ("/a", "/a")
        moved = await rows.move(begun, Link="/c")
        assert moved.link == "/c"
        with pytest.raises(LedgerUnavailable, match="somebody else"):
            await rows.move(begun, Link="/d")


async def test_row_that_keeps_changing_is_given_up_and_not_taken_for_written(
    azurite: str, queue_names: Iterator[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refused(*_: object) -> None:
        """Be always too late."""

    async with standings(azurite, queue_names) as rows:
        held = await rows.claim(100)
        assert held
        await rows.write(held, Busy=0.0)
        monkeypatch.setattr(Rows, "merge", refused)
        with pytest.raises(LedgerUnavailable):
            await rows.write(held, Id="x")
        with pytest.raises(LedgerUnavailable, match="keeps changing"):
            await rows.ask(gap=True)
        assert await rows.claim(100) is None
