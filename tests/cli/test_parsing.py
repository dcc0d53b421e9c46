"""What is no request is named as such, also where the service takes it."""

from __future__ import annotations

import json

import pytest

from cli.parsing import parse_request
from converters.model.errors import RequestInvalid
from tests.directory import USER_ID, request
from tests.events import of_type


def test_request_is_read_as_the_service_reads_it() -> None:
    assert parse_request(json.dumps(request()).encode(), None).user_id == USER_ID


def test_event_that_asks_for_nothing_is_no_request() -> None:
    event = of_type("Microsoft.Graph.UserDeleted")
    with pytest.raises(RequestInvalid) as caught:
        parse_request(json.dumps(event).encode(), None)
    (fault,) = caught.value.faults
    assert (fault.code, fault.problem) == ("notARequest", "is an event that asks for no conversion")
    assert caught.value.request_id == event["id"]
