"""host.json holds the one retry policy, within the host's limits and for the reasons in README."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from converters.model.errors import SettingsInvalid
from converters.settings.storage_account import CALL_SECONDS
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


def test_every_key_is_one_that_the_host_reads() -> None:
    # The host passes over a misspelt key without a word, and its default holds.
    assert set(QUEUES) == {
        "batchSize", "maxDequeueCount", "maxPollingInterval", "messageEncoding",
        "newBatchThreshold", "visibilityTimeout",
    }  # fmt: skip
    assert set(HOST["extensions"]) == {"queues"}


def test_spans_are_within_what_a_queue_takes() -> None:
    assert timedelta(0) < span(QUEUES["visibilityTimeout"]) <= timedelta(days=7)
    assert span(QUEUES["maxPollingInterval"]) <= timedelta(minutes=1)
    assert QUEUES["maxDequeueCount"] >= 1


def test_longest_limit_that_can_be_set_ends_before_the_worker_is_restarted() -> None:
    limit = settings(INVOCATION_SECONDS="240").invocation_seconds
    # Reporting comes after it: to the results queue, and where that fails to the requests queue.
    assert timedelta(seconds=limit + 2 * CALL_SECONDS) < span(HOST["functionTimeout"])


def test_no_limit_can_be_set_that_outlasts_the_host() -> None:
    too_long = int(span(HOST["functionTimeout"]).total_seconds())
    with pytest.raises(SettingsInvalid, match="INVOCATION_SECONDS"):
        settings(INVOCATION_SECONDS=str(too_long))
