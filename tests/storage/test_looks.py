"""Which events a look at a user has covered, and which of several is the next."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from converters.model.event import Origin
from converters.storage.looks import Look
from tests.service import service

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = 1_700_000_000.0
LOOK = Look("user", "key", NOW, None, 7, "subscription", "etag")


@pytest.mark.parametrize(
    ("sequence", "subscription", "age", "covered"),
    [
        (6, "subscription", 0, True),
        (7, "subscription", 0, True),
        (8, "subscription", 0, False),
        (7, "another", 0, False),
        (7, "subscription", 86_399, True),
        (7, "subscription", 86_400, False),
        (None, "subscription", 0, False),
    ],
)
def test_look_covers_events_of_its_subscription_up_to_its_own_for_a_day(
    sequence: int | None,
    subscription: str,
    age: float,
    covered: bool,  # noqa: FBT001 - what is expected
) -> None:
    origin = Origin(sequence=sequence, subscription_id=subscription)
    assert LOOK.covers(origin, NOW + age) is covered
    assert LOOK.covers(None, NOW + age) is False
    assert replace(LOOK, sequence=None).covers(origin, NOW + age) is False


async def test_event_that_names_no_subscription_covers_others_like_it(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        looks, origin = running.converter.ledger.looks, Origin(sequence=7)
        await looks.begin("user", "a", origin)
        seen = await looks.begin("user", "b", None)
    assert (seen.sequence, seen.subscription_id) == (7, None)
    assert seen.covers(origin, seen.since)


async def test_one_event_looks_and_one_waits(azurite: str, queue_names: Iterator[str]) -> None:
    async with service(azurite, queue_names) as running:
        looks = running.converter.ledger.looks
        origin = Origin(sequence=7, subscription_id="s")
        first = await looks.begin("User", "a", origin)
        assert (first.user_id, first.key, first.waiting) == ("user", "a", None)
        assert (first.sequence, first.subscription_id) == (7, "s")
        second = await looks.begin("user", "b", None)
        assert second == first
        later = Origin(sequence=8, subscription_id="s")
        assert await looks.wait(second, "b", later)
        # The row is another one by now.
        assert not await looks.wait(second, "c", None)
        assert not await looks.take_over(second, "c", None)
        seen = await looks.begin("user", "c", None)
        assert (seen.key, seen.waiting, seen.sequence) == ("a", "b", 8)
        assert await looks.take_over(seen, "b", None)
        last = await looks.begin("user", "d", None)
        assert (last.key, last.waiting, last.sequence) == ("b", None, 8)
