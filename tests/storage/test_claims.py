"""A user's claim: one request's, with all that is known of it, until another takes it over."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from converters.storage.claims import MAIL_DUE
from converters.storage.ledger import Entry
from tests.service import service

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from converters.storage.ledger import Ledger

FIRST = Entry("first", "digest", None, 2, "")
SECOND = Entry("second", "digest", None, 0, "")


@asynccontextmanager
async def ledger_of(azurite: str, queue_names: Iterator[str]) -> AsyncIterator[Ledger]:
    """Yield the ledger of a service."""
    async with service(azurite, queue_names) as running:
        yield running.converter.ledger


async def test_claim_is_the_firsts_and_says_what_it_was_made_for(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with ledger_of(azurite, queue_names) as ledger:
        made = await ledger.claim("User", "R-1", FIRST, "address", MAIL_DUE)
        assert (made.user_id, made.key, made.request_id, made.number) == ("user", "first", "R-1", 2)
        assert (made.address, made.mail, made.fresh) == ("address", MAIL_DUE, True)
        rival = await ledger.claim("user", "R-2", SECOND, "another")
        assert rival == replace(made, fresh=False)
        assert await ledger.held("USER") == rival
        assert await ledger.held("nobody") is None


@pytest.mark.parametrize("mail", [None, MAIL_DUE, 1_700_000_000.0])
@pytest.mark.parametrize("address", [None, "address"])
async def test_claim_is_taken_over_once_and_given_back_as_it_was(
    azurite: str, queue_names: Iterator[str], address: str | None, mail: float | None
) -> None:
    async with ledger_of(azurite, queue_names) as ledger:
        earlier = await ledger.claim("user", "R-1", FIRST, "address")
        taken = await ledger.take_over(earlier, "R-2", SECOND, address, mail)
        assert taken
        assert (taken.key, taken.address, taken.mail, taken.fresh) == (
            *("second", address, mail), True,
        )  # fmt: skip
        assert await ledger.take_over(earlier, "R-3", SECOND, None) is None
        assert await ledger.held("user") == replace(taken, fresh=False)
        await ledger.give_back(taken, earlier)
        held = await ledger.held("user")
        assert held
        assert (held.key, held.request_id, held.number) == ("first", "R-1", 2)
        assert (held.address, held.mail) == ("address", None)
        await ledger.give_back(held, None)
        assert await ledger.held("user") is None


async def test_how_far_a_claims_mail_is_is_noted_by_whoever_holds_it(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with ledger_of(azurite, queue_names) as ledger:
        made = await ledger.claim("user", "R-1", FIRST, "address", MAIL_DUE)
        noted = await ledger.note_mail(made, 1_700_000_000.0)
        assert noted
        assert noted.mail == 1_700_000_000.0
        assert await ledger.held("user") == replace(noted, fresh=False)
        assert await ledger.note_mail(made, 1_800_000_000.0) is None
