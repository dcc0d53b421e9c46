"""What becomes of a message: its encoding, its tries, its poison queue."""

from __future__ import annotations

import asyncio
import base64
import logging
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import azure.functions as func

    from tests.local.conftest import Patience, Stage


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


async def succeed(_message: func.QueueMessage) -> None:
    """Do nothing."""


async def fail(message: func.QueueMessage) -> None:
    """Fail, with the body in the error's text."""
    raise LookupError(message.get_body().decode())


async def test_message_is_deleted_once_its_function_returned(
    stage: Stage, patience: type[Patience]
) -> None:
    await stage.send("hello")
    async with stage.host(succeed) as host:
        await patience.until(host, succeeded=1)
        assert await stage.left() == 0
    assert await stage.poisoned() == []


@pytest.mark.parametrize(
    ("encoding", "text", "body"),
    [
        ("none", "plain ü", "plain ü".encode()),
        ("none", "aGVsbG8=", b"aGVsbG8="),
        ("base64", "aGVsbG8=", b"hello"),
        ("base64", "aGVs\nbG8=", b"hello"),
        ("base64", encoded(b'{"a": 1}'), b'{"a": 1}'),
    ],
)
async def test_function_gets_the_body_that_the_encoding_says(
    stage: Stage, patience: type[Patience], encoding: str, text: str, body: bytes
) -> None:
    bodies = []

    async def receive(message: func.QueueMessage) -> None:
        bodies.append(message.get_body())

    await stage.send(text)
    async with stage.host(receive, message_encoding=encoding) as host:
        await patience.until(host, succeeded=1)
    assert bodies == [body]


async def test_text_that_is_not_base64_goes_to_poison_at_once(
    stage: Stage, patience: type[Patience]
) -> None:
    bodies = []

    async def receive(message: func.QueueMessage) -> None:
        bodies.append(message.get_body())

    await stage.send("not base64!", encoded(b"good"))
    async with stage.host(receive, message_encoding="base64") as host:
        await patience.until(host, succeeded=1, poisoned=1)
    assert bodies == [b"good"]
    assert await stage.poisoned() == ["not base64!"]
    assert await stage.left() == 0


async def test_bytes_that_are_not_utf8_fail_without_reaching_the_function(
    stage: Stage, patience: type[Patience]
) -> None:
    calls = []

    async def receive(message: func.QueueMessage) -> None:
        calls.append(message)

    await stage.send(encoded(b"\xff\xfe"))
    async with stage.host(receive, message_encoding="base64", max_dequeue_count=2) as host:
        await patience.until(host, failed=2)
    assert not calls
    assert await stage.poisoned() == [encoded(b"\xff\xfe")]


async def test_failing_message_is_copied_to_poison_at_its_last_try(
    stage: Stage, patience: type[Patience]
) -> None:
    counts = []

    async def receive(message: func.QueueMessage) -> None:
        counts.append(message.dequeue_count)
        raise ValueError

    await stage.send("bad")
    async with stage.host(receive, max_dequeue_count=3) as host:
        await patience.until(host, failed=3)
    assert counts == [1, 2, 3]
    assert await stage.poisoned() == ["bad"]
    assert await stage.left() == 0


async def test_body_survives_every_try(stage: Stage, patience: type[Patience]) -> None:
    bodies = []

    async def receive(message: func.QueueMessage) -> None:
        bodies.append(message.get_body())
        if len(bodies) < 3:
            raise ValueError

    await stage.send('{"body": "unchanged"}')
    async with stage.host(receive) as host:
        await patience.until(host, succeeded=1)
    assert bodies == [b'{"body": "unchanged"}'] * 3


async def test_count_above_the_maximum_goes_to_poison_without_a_call(
    stage: Stage, patience: type[Patience]
) -> None:
    calls = []

    async def receive(message: func.QueueMessage) -> None:
        calls.append(message)

    await stage.send("crashed the worker once")
    taken = await stage.queue.receive_message(visibility_timeout=60)
    assert taken
    await stage.queue.update_message(taken.id, taken.pop_receipt, visibility_timeout=0)
    async with stage.host(receive, max_dequeue_count=1) as host:
        await patience.until(host, poisoned=1)
        assert host.tally["failed"] == 0
    assert not calls
    assert await stage.poisoned() == ["crashed the worker once"]


async def test_failed_message_waits_for_the_visibility_timeout(
    stage: Stage, patience: type[Patience]
) -> None:
    times = []

    async def receive(message: func.QueueMessage) -> None:
        times.append(asyncio.get_running_loop().time())
        if message.dequeue_count == 1:
            raise ValueError

    await stage.send("later")
    async with stage.host(receive, visibility_timeout=timedelta(seconds=1)) as host:
        await patience.until(host, succeeded=1)
    assert [later - earlier >= 0.9 for earlier, later in pairwise(times)] == [True]


async def test_body_with_an_id_shadows_the_message_id(
    stage: Stage, patience: type[Patience]
) -> None:
    ids = []

    async def receive(message: func.QueueMessage) -> None:
        ids.append((message.id, message.dequeue_count))

    await stage.send('{"ID": "event-1", "dequeuecount": 41}')
    async with stage.host(receive) as host:
        await patience.until(host, succeeded=1)
    assert ids == [("event-1", 41)]


async def test_body_that_breaks_the_metadata_fails_the_invocation(
    stage: Stage, patience: type[Patience]
) -> None:
    calls = []

    async def receive(message: func.QueueMessage) -> None:
        calls.append(message)

    await stage.send('{"dequeueCount": "x"}')
    async with stage.host(receive, max_dequeue_count=2) as host:
        await patience.until(host, failed=2, poisoned=1)
    assert not calls


async def test_returned_value_without_a_binding_fails_the_invocation(
    stage: Stage, patience: type[Patience]
) -> None:
    async def receive(message: func.QueueMessage) -> str:
        return message.id or ""

    await stage.send("hello")
    async with stage.host(receive, max_dequeue_count=1) as host:
        await patience.until(host, failed=1)
    assert await stage.poisoned() == ["hello"]


async def test_logs_say_what_happened_but_never_the_body(
    stage: Stage, patience: type[Patience], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await stage.send("secret")
    async with stage.host(fail, max_dequeue_count=2) as host:
        await patience.until(host, failed=2)
    said = [record.getMessage() for record in caplog.records if "local.host" in record.name]
    assert [line.split(":")[0].split(" in ")[0].split(" message")[0] for line in said][:2] == [
        "fail started",
        "fail failed",
    ]
    assert "LookupError (test_host_messages.py, line " in said[1]
    assert "moved to" in " ".join(said)
    assert "secret" not in " ".join(said)


async def test_queue_that_vanishes_is_polled_until_it_is_back(
    stage: Stage, patience: type[Patience], caplog: pytest.LogCaptureFixture
) -> None:
    async with stage.host(succeed) as host:
        await stage.queue.delete_queue()
        async with asyncio.timeout(30):
            while "cannot be read" not in caplog.text:
                # Each turn is a round trip to the storage, while the host polls.
                await stage.poisoned()
        await stage.queue.create_queue()
        await stage.send("back")
        await patience.until(host, succeeded=1)
    assert await stage.left() == 0


async def test_message_that_somebody_else_deleted_is_theirs(
    stage: Stage, patience: type[Patience], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    async def receive(message: func.QueueMessage) -> None:
        await stage.queue.delete_message(message.id or "", message.pop_receipt)

    await stage.send("gone")
    async with stage.host(receive) as host:
        await patience.until(host, succeeded=1)
    assert "not ours any more" in caplog.text
