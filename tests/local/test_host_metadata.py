"""What the function sees of a message, once the body had its say."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from azure.storage.queue import QueueMessage

from local.host.metadata import given, trigger_message

INSERTED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
EXPIRES = datetime(2026, 1, 9, 3, 4, 5, tzinfo=UTC)
VISIBLE = datetime(2026, 1, 2, 3, 14, 5, tzinfo=UTC)


def seen(body: str) -> dict[str, Any]:
    message = QueueMessage(
        id="own-id",
        content=body,
        pop_receipt="own-receipt",
        dequeue_count=2,
        inserted_on=INSERTED,
        expires_on=EXPIRES,
        next_visible_on=VISIBLE,
    )
    # As it comes through the channel between host and worker.
    trigger = trigger_message(json.loads(json.dumps(given(message, body))))
    assert trigger.get_body() == body.encode()
    return {
        "id": trigger.id,
        "pop_receipt": trigger.pop_receipt,
        "dequeue_count": trigger.dequeue_count,
        "insertion_time": trigger.insertion_time,
        "expiration_time": trigger.expiration_time,
        "time_next_visible": trigger.time_next_visible,
    }


OWN = {
    "id": "own-id",
    "pop_receipt": "own-receipt",
    "dequeue_count": 2,
    "insertion_time": INSERTED,
    "expiration_time": EXPIRES,
    "time_next_visible": VISIBLE,
}


@pytest.mark.parametrize(
    "body",
    [
        "",
        "text",
        "{broken",
        '[{"id": "in a list"}]',
        '{"data": {"id": "further down"}}',
        '{"id": null}',
        '{"id": ["a list"]}',
        '{"a":' * 100_000,
    ],
    ids=["empty", "text", "broken", "list", "nested", "null", "list-value", "too-deep"],
)
def test_message_keeps_its_own_attributes(body: str) -> None:
    assert seen(body) == OWN


@pytest.mark.parametrize(
    ("body", "shadowed"),
    [
        ({"id": "event"}, {"id": "event"}),
        ({"ID": "event"}, {"id": "event"}),
        ({"id": 7}, {"id": "7"}),
        ({"id": True}, {"id": "True"}),
        ({"id": {"a": 1}}, {"id": "{'a': 1}"}),
        ({"id": "2026-01-01T10:00:00+02:00"}, {"id": "01/01/2026 08:00:00"}),
        ({"id": "2026-13-01T10:00:00"}, {"id": "2026-13-01T10:00:00"}),
        ({"popReceipt": "theirs"}, {"pop_receipt": "theirs"}),
        ({"dequeueCount": 9}, {"dequeue_count": 9}),
        ({"dequeuecount": "9"}, {"dequeue_count": 9}),
        ({"insertionTime": ""}, {"insertion_time": None}),
        (
            {"expirationTime": "01/01/2030 00:00:00Z"},
            {"expiration_time": datetime(2030, 1, 1, tzinfo=UTC)},
        ),
    ],
)
def test_body_shadows_what_it_names(body: dict[str, Any], shadowed: dict[str, Any]) -> None:
    assert seen(json.dumps(body)) == OWN | shadowed


@pytest.mark.parametrize(
    "body",
    [
        {"dequeueCount": "x"},
        {"dequeueCount": 1.5},
        {"dequeueCount": {}},
        {"nextVisibleTime": "soon"},
        # A proper date fails too: the host rewrites it in a format that the worker cannot read.
        {"insertionTime": "2026-01-01T00:00:00Z"},
    ],
)
def test_body_can_make_the_message_unreadable(body: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"cannot convert|does not match|time data"):
        seen(json.dumps(body))
