"""host.json holds the one retry policy, within the host's limits and for the reasons in README."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

from tests.samples import settings

HOST = json.loads((Path(__file__).parent.parent / "host.json").read_text())
QUEUES = HOST["extensions"]["queues"]


def span(text: str) -> timedelta:
    hours, minutes, seconds = (int(part) for part in text.split(":"))
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)


def test_messages_reach_the_function_as_they_are() -> None:
    assert QUEUES["messageEncoding"] == "none"


def test_tries_do_not_burn_at_once_and_outlast_the_lag_of_replicas() -> None:
    waiting = span(QUEUES["visibilityTimeout"]) * (QUEUES["maxDequeueCount"] - 1)
    assert waiting >= timedelta(minutes=5)


def test_numbers_are_within_the_hosts_limits() -> None:
    assert 1 <= QUEUES["batchSize"] <= 32
    assert 0 < QUEUES["newBatchThreshold"] <= QUEUES["batchSize"]
    assert span(QUEUES["maxPollingInterval"]) >= timedelta(milliseconds=100)


def test_invocation_ends_by_its_own_limit_long_before_the_worker_is_restarted() -> None:
    limit = timedelta(seconds=settings().invocation_seconds)
    assert limit * 2 < span(HOST["functionTimeout"])


def test_bundle_and_telemetry_are_the_ones_documented() -> None:
    assert HOST["extensionBundle"]["version"] == "[4.*, 5.0.0)"
    assert HOST["telemetryMode"] == "OpenTelemetry"
