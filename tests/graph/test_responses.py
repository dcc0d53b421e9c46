"""What is read in the headers of an answer, whatever they say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from converters.graph.responses import Response, json_object, responses_by_id


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
        ("1.5", 1.5),
        ("0.249", 0.249),
        (0.249, 0.249),
        ("12.", None),
        (".5", None),
        ("1.5.1", None),
        ("\u00b2", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_seconds_up_to_a_day_or_nothing(told: object, seconds: float | None) -> None:
    item = {"id": "a", "status": 429, "headers": {"Retry-After": told}}
    assert responses_by_id({"responses": [item]}, ["a"])["a"].retry_after == seconds


@pytest.mark.parametrize(
    ("date", "after", "seconds"),
    [
        ("Wed, 21 Oct 2026 07:27:00 GMT", "Wed, 21 Oct 2026 07:28:30 GMT", 90),
        ("Wed, 21 Oct 2026 07:28:00 GMT", "Wed, 21 Oct 2026 07:27:00 GMT", 0),
        ("Wed, 21 Oct 2026 07:28:00 GMT", "Wed, 28 Oct 2026 07:28:00 GMT", 86_400),
        ("nonsense", "Wed, 28 Oct 2026 07:28:00 GMT", None),
    ],
)
def test_f14_retry_after_can_be_a_date_by_the_servers_own_clock(
    date: str, after: str, seconds: float | None
) -> None:
    answer = Response(503, {"date": date, "retry-after": after}, {})
    assert answer.retry_after == seconds


def test_f14_date_counts_from_now_where_the_server_does_not_say_its_own() -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    waited = Response(429, {"retry-after": later}, {}).retry_after
    assert waited is not None
    assert 90 < waited <= 100


def test_item_without_headers_or_body_is_an_answer() -> None:
    answer = responses_by_id({"responses": [{"id": "a", "status": 204}]}, ["a"])["a"]
    assert (answer.retry_after, answer.request_id, answer.body) == (None, None, {})


def test_body_of_an_item_that_is_no_object_is_empty() -> None:
    item = {"id": "a", "status": 200, "body": ["text"]}
    assert responses_by_id({"responses": [item]}, ["a"])["a"].body == {}


A: dict[str, object] = {"id": "a", "status": 200}
B: dict[str, object] = {"id": "b", "status": 200}


@pytest.mark.parametrize(
    "responses",
    [
        None,
        {},
        ["a"],
        [],
        [A],
        [A, B, {"id": "c", "status": 200}],
        [A, A],
        [A, B, B],
        [A, {"status": 200}],
        [A, {"id": "b"}],
        [A, B | {"status": "200"}],
        [A, B | {"status": True}],
        [A, B | {"headers": ["Retry-After"]}],
    ],
)
def test_batch_without_exactly_one_answer_to_each_item_makes_no_sense(responses: object) -> None:
    assert set(responses_by_id({"responses": [B, A]}, ["a", "b"])) == {"a", "b"}
    with pytest.raises(ValueError, match=r"answer|status"):
        responses_by_id({"responses": responses}, ["a", "b"])


@pytest.mark.parametrize(
    "content", [b"", b"<html>", b"[1]", b"null", b"\xff", b"[" * 100_000, b'{"a":' * 100_000]
)
def test_bytes_that_hold_no_object_are_an_empty_body(content: bytes) -> None:
    assert json_object(content) == {}


ROOT = "https://graph.example/v1.0"


@pytest.mark.parametrize(
    ("link", "path"),
    [
        (f"{ROOT}/users?$skiptoken=x", "/users?$skiptoken=x"),
        ("https://evil.example/v1.0/users", None),
        (f"{ROOT}.evil.example/users", None),
        ("https://graph.example/beta/users", None),
        ("/users?$skiptoken=x", None),
        (7, None),
        (None, None),
    ],
)
def test_next_page_is_below_the_same_graph_or_none(link: object, path: str | None) -> None:
    assert Response(200, {}, {"value": [], "@odata.nextLink": link}).next_path(ROOT) == path
    assert Response(200, {}, {"@odata.nextLink": link}).next_path(ROOT) is None


def test_pages_are_joined_in_their_order_and_the_first_ones_count_stays() -> None:
    first = Response(200, {}, {"value": [1], "@odata.count": 3, "@odata.nextLink": "x"})
    second = Response(200, {}, {"value": [2], "@odata.nextLink": "y"})
    joined = first.joined(second).joined(Response(200, {}, {"value": [3]}))
    assert joined.body == {"value": [1, 2, 3], "@odata.count": 3}


@pytest.mark.parametrize(
    "page",
    [
        Response(404, {}, {"error": {"code": "AadPremiumLicenseRequired"}}),
        Response(403, {}, {"value": [2]}),
        Response(200, {}, {}),
        Response(200, {}, {"value": {}}),
    ],
)
def test_page_that_is_missing_leaves_nothing_to_believe(page: Response) -> None:
    first = Response(200, {}, {"value": [1], "@odata.nextLink": "x"})
    assert (first.joined(page).status, first.joined(page).body) == (page.status, {})


@pytest.mark.parametrize(
    ("told", "used"),
    [("0.83", 0.83), ("1.2", 1.2), ("0", 0.0), ("inf", None), ("nan", None), ("much", None)],
)
def test_used_part_of_the_limit_is_read(told: str, used: float | None) -> None:
    assert Response(201, {"x-ms-throttle-limit-percentage": told}, {}).limit_used == used
    assert Response(201, {}, {}).limit_used is None


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"error": {"code": "a", "message": "b"}}, ("a", "b")),
        ({"error": {"code": None}}, ("", "")),
        ({"error": "text"}, ("", "")),
        ({}, ("", "")),
    ],
)
def test_error_is_read_as_far_as_it_goes(body: dict[str, object], error: tuple[str, str]) -> None:
    assert Response(400, {}, body).error() == error


def test_answer_that_concludes_nothing_keeps_what_graph_said() -> None:
    body = {"error": {"code": "a", "message": "b"}}
    answer = Response(503, {"request-id": "r", "retry-after": "7"}, body)
    error = answer.unavailable("reading")
    assert (error.what, error.status, error.retry_after) == ("reading", 503, 7)
    assert (error.request_id, error.code, error.text) == ("r", "a", "b")
