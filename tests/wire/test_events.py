"""The directory's events on the wire: their kinds, in whatever spelling, and what they say."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from converters.model.errors import RequestInvalid
from converters.model.event import Lifecycle, Notice, Origin
from converters.wire import requests
from converters.wire.envelopes import deferred
from tests.directory import OTHER_ID, USER_ID
from tests.events import (
    OTHER_TENANT,
    STATE,
    SUBSCRIPTION_ID,
    TENANT_ID,
    Event,
    in_grids_schema,
    numbered,
    of_type,
    resource,
    user_event,
)
from tests.parsing import noticed, parse

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

GRAPH = "Microsoft.Graph."
SHUFFLES = st.randoms(use_true_random=False)
SCHEMAS: list[Callable[[Event], Event]] = [lambda event: event, in_grids_schema]
schemas = pytest.mark.parametrize("schema", SCHEMAS, ids=["cloudEvent", "eventGrid"])
LIFECYCLE_TYPES = {
    "SubscriptionReauthorizationRequired": Lifecycle.REAUTHORIZATION_REQUIRED,
    "ReauthorizationRequired": Lifecycle.REAUTHORIZATION_REQUIRED,
    "SubscriptionRemoved": Lifecycle.SUBSCRIPTION_REMOVED,
    "SubscriptionMissed": Lifecycle.MISSED,
    "Missed": Lifecycle.MISSED,
}


def body(event: Event) -> bytes:
    return json.dumps(event).encode()


def shuffled(text: str, chance: random.Random) -> str:
    """Return a text with the case of each letter left to chance."""
    return "".join(chance.choice([letter.lower(), letter.upper()]) for letter in text)


@schemas
@given(SHUFFLES)
def test_updated_user_is_a_request_in_any_case(
    schema: Callable[[Event], Event], chance: random.Random
) -> None:
    event = of_type(
        shuffled("Microsoft.Graph.UserUpdated", chance),
        changeType=shuffled(chance.choice(["created", "updated"]), chance),
        resource=shuffled(f"Users/{USER_ID}", chance),
    )
    found = parse(body(schema(event)), None)
    assert (found.user_id, found.request_id, found.from_event) == (USER_ID, "e-1", True)
    assert found.origin == Origin(STATE, frozenset({TENANT_ID}), SUBSCRIPTION_ID)


@schemas
@given(SHUFFLES, st.sampled_from(["UserDeleted", "UserUpdated"]))
def test_user_who_is_gone_for_good_is_a_notice_in_any_case(
    schema: Callable[[Event], Event], chance: random.Random, kind: str
) -> None:
    event = of_type(shuffled(GRAPH + kind, chance), changeType=shuffled("deleted", chance))
    found = noticed(body(schema(event)))
    assert (found.user_id, found.request_id, found.lifecycle) == (USER_ID, "e-1", None)


@pytest.mark.parametrize(
    "names",
    [
        {"resource": f"Users/{USER_ID}", "resourceData": {}, "subject": None},
        {"resource": None, "resourceData": {"id": USER_ID}, "subject": None},
        {"resource": None, "resourceData": None, "subject": f"Users/{USER_ID}"},
    ],
    ids=["by the resource", "by its data", "by the subject"],
)
def test_user_is_found_wherever_the_event_names_one(names: dict[str, Any]) -> None:
    data = {name: value for name, value in names.items() if name != "subject"}
    found = parse(body(user_event(**data) | {"subject": names["subject"]}), None)
    assert found.user_id == USER_ID


@pytest.mark.parametrize(
    ("event", "name"),
    [
        *((user_event(), name) for name in ("id", "source", "type")),
        (in_grids_schema(user_event()), "id"),
    ],
    ids=["id", "source", "type", "id in Event Grid's schema"],
)
def test_event_without_what_every_event_has_is_refused(event: Event, name: str) -> None:
    kept = {each: value for each, value in event.items() if each != name}
    with pytest.raises(RequestInvalid) as caught:
        parse(body(kept), "message-1")
    assert ("missingProperty", name) in [(f.code, f.where) for f in caught.value.faults]


def test_type_alone_says_that_a_user_is_gone() -> None:
    assert noticed(body(of_type("Microsoft.Graph.UserDeleted", changeType=None))).lifecycle is None


@schemas
@given(SHUFFLES, st.sampled_from(sorted(LIFECYCLE_TYPES)))
def test_lifecycle_is_told_by_the_type_in_any_case(
    schema: Callable[[Event], Event], chance: random.Random, kind: str
) -> None:
    event = of_type(shuffled(GRAPH + kind, chance))
    found = noticed(body(schema({**event, "data": {"subscriptionId": SUBSCRIPTION_ID.upper()}})))
    assert (found.lifecycle, found.user_id) == (LIFECYCLE_TYPES[kind], None)
    assert found.origin.subscription_id == SUBSCRIPTION_ID


@schemas
@given(SHUFFLES, st.sampled_from(Lifecycle), st.sampled_from([f"{GRAPH}Subscription", "t"]))
def test_lifecycle_is_told_by_the_data_whatever_the_type_is(
    schema: Callable[[Event], Event], chance: random.Random, lifecycle: Lifecycle, type_: str
) -> None:
    event = of_type(type_, lifecycleEvent=shuffled(lifecycle, chance))
    assert noticed(body(schema(event))).lifecycle is lifecycle


@schemas
@pytest.mark.parametrize(
    "type_", ["GroupUpdated", "UserCreatd", "UserUpdated2", "Subscription", "", "SubscriptionX"]
)
def test_other_types_of_graphs_are_refused_as_events(
    schema: Callable[[Event], Event], type_: str
) -> None:
    with pytest.raises(RequestInvalid) as caught:
        requests.parse(body(schema(of_type(GRAPH + type_))), None)
    assert next(fault.where for fault in caught.value.faults) in {"type", "eventType"}
    assert caught.value.from_event


@pytest.mark.parametrize(
    "event", [user_event(changeType="moved"), user_event(resource=7, resourceData=[])]
)
def test_fault_of_an_event_is_an_events(event: Event) -> None:
    with pytest.raises(RequestInvalid) as caught:
        requests.parse(body({**event, "subject": "x"}), None)
    assert caught.value.from_event


def test_fault_of_a_request_is_no_events() -> None:
    event = {"specversion": "1.0", "id": "1", "source": "/hr", "type": "t", "data": {"x": 1}}
    with pytest.raises(RequestInvalid) as caught:
        requests.parse(body(event), None)
    assert not caught.value.from_event


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (7, 7), ("7", 7), (638_999_999_999_999_999, 638_999_999_999_999_999), ("0007", 7),
        (10**29, 10**29), (10**31, None), ("", None), ("-1", None), (-1, None), (7.5, None),
        (True, None), (None, None), ("7 ", None), ("\u0667", None), ([7], None),
    ],
)  # fmt: skip
def test_sequence_number_is_taken_as_text_and_as_number(written: object, read: int | None) -> None:
    of_resource, of_data = numbered("e-1", written), user_event(sequenceNumber=written)
    for event in (of_resource, of_data):
        origin = parse(body(event), None).origin
        assert origin
        assert origin.sequence == read


@given(st.integers(0, 10**29))
def test_sequence_number_is_the_same_in_both_spellings(number: int) -> None:
    as_number, as_text = (parse(body(numbered("e", n)), None) for n in (number, str(number)))
    assert as_number.origin == as_text.origin


@pytest.mark.parametrize(
    ("event", "tenants"),
    [
        (user_event(), {TENANT_ID}),
        (user_event(tenantId=OTHER_TENANT.upper()), {TENANT_ID, OTHER_TENANT}),
        (user_event(resourceData=resource(organizationId=OTHER_TENANT)), {TENANT_ID, OTHER_TENANT}),
        (user_event() | {"source": f"/TENANTS/{OTHER_TENANT}"}, {TENANT_ID, OTHER_TENANT}),
        (user_event(tenantId=7), {TENANT_ID, ""}),
        (user_event(tenantId=None, resourceData=None) | {"source": "/x"}, set()),
    ],
)
def test_every_tenant_that_an_event_names_is_seen(event: Event, tenants: set[str]) -> None:
    origin = parse(body(event), None).origin
    assert origin
    assert origin.tenants == tenants


def test_client_state_is_shown_by_no_object_and_written_into_nothing() -> None:
    found, gone = parse(body(user_event()), None), noticed(body(of_type(f"{GRAPH}UserDeleted")))
    assert STATE not in repr(found) + repr(found.origin) + repr(gone)
    assert STATE.encode() not in deferred(found)
    assert parse(deferred(found), None) == found
    assert parse(deferred(found), None).origin is None


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from([USER_ID, OTHER_ID]),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*resource(), "x"]), inner),
)


@schemas
@given(
    st.sampled_from(["UserUpdated", "UserDeleted", *LIFECYCLE_TYPES, "GroupUpdated"]),
    st.dictionaries(st.sampled_from([*user_event()["data"], "lifecycleEvent"]), ANY) | ANY,
)
def test_any_content_is_a_request_a_notice_or_an_events_fault(
    schema: Callable[[Event], Event], kind: str, content: object
) -> None:
    message = schema({**of_type(GRAPH + kind), "data": content})
    assert is_events(base64.b64encode(body(message)))


def is_events(message: bytes) -> bool:
    try:
        found = requests.parse(message, None)
    except RequestInvalid as invalid:
        return invalid.from_event
    return isinstance(found, Notice) or found.from_event
