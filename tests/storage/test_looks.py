"""Which events a look at a user has covered."""

from __future__ import annotations

from dataclasses import replace

import pytest

from converters.model.event import Origin
from converters.storage.looks import Look

NOW = 1_700_000_000.0
LOOK = Look("user", "key", NOW, None, 7, "subscription", "etag", fresh=False)


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
