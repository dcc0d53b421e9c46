"""What is read in the headers of an answer, whatever they say."""

from __future__ import annotations

import pytest

from converters.answers import item_answer


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("7", 7),
        (7, 7),
        ("0", 0),
        # No promise is broken where nobody can mean it: a queue delays by seven days at most.
        ("99999999999", 86_400),
        ("9" * 5000, None),
        ("-1", None),
        ("1.5", None),
        ("\u00b2", None),
        ("Wed, 21 Oct 2026 07:28:00 GMT", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_seconds_up_to_a_day_or_nothing(told: object, seconds: float | None) -> None:
    assert item_answer({"status": 429, "headers": {"Retry-After": told}}).retry_after == seconds


def test_item_without_headers_or_body_is_an_answer() -> None:
    answer = item_answer({"status": 204})
    assert (answer.retry_after, answer.request_id, answer.body) == (None, None, {})
