"""The back-off, computed without time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from local.host.polling import Backoff


def waits(maximum: float, jitter: float, count: int) -> list[float]:
    backoff = Backoff(timedelta(seconds=maximum), lambda: jitter)
    return [backoff.next() for _ in range(count)]


@pytest.mark.parametrize(
    ("maximum", "jitter", "expected"),
    [
        (60, 1.0, [0.1, 0.2, 0.3, 0.5, 0.9, 1.7, 3.3, 6.5, 12.9, 25.7, 51.3, 60, 60]),
        (60, 0.8, [0.1, 0.18, 0.26, 0.42, 0.74]),
        (60, 1.2, [0.1, 0.22, 0.34, 0.58, 1.06]),
        (0.4, 1.0, [0.1, 0.2, 0.3, 0.4, 0.4]),
        (0.1, 1.0, [0.1, 0.1, 0.1]),
    ],
)
def test_waits_grow_up_to_the_maximum(maximum: float, jitter: float, expected: list[float]) -> None:
    assert waits(maximum, jitter, len(expected)) == pytest.approx(expected)


def test_wait_is_the_minimum_again_after_a_message() -> None:
    backoff = Backoff(timedelta(seconds=1), lambda: 1.0)
    for _ in range(9):
        backoff.next()
    backoff.found()
    assert [backoff.next(), backoff.next()] == pytest.approx([0.1, 0.2])


def test_jitter_is_between_four_and_six_fifths() -> None:
    backoff = Backoff(timedelta(hours=1))
    for _ in range(50):
        backoff.found()
        backoff.next()
        assert 0.18 <= backoff.next() <= 0.22
