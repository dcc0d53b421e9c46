"""host.json and the variables that override it."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

import pytest

from local.host import HostSettings, StartError

OVERRIDE = "AzureFunctionsJobHost__extensions__queues__"


def read(queues: dict[str, Any], **environment: str) -> HostSettings:
    return HostSettings.read({"version": "2.0", "extensions": {"queues": queues}}, environment)


def test_defaults_are_the_real_hosts() -> None:
    settings = HostSettings.read({"version": "2.0"}, {})
    assert settings == HostSettings(
        batch_size=16,
        new_batch_threshold=None,
        max_polling_interval=timedelta(minutes=1),
        visibility_timeout=timedelta(0),
        max_dequeue_count=5,
        message_encoding="base64",
        function_timeout=timedelta(minutes=30),
        lease=timedelta(minutes=10),
        renewal=timedelta(minutes=5),
    )


def test_every_setting_is_read() -> None:
    document = {
        "version": "2.0",
        "functionTimeout": "00:05:00",
        "logging": {"logLevel": {"default": "Information"}},
        "extensions": {
            "http": {"routePrefix": ""},
            "queues": {
                "batchSize": 32,
                "newBatchThreshold": 0,
                "maxPollingInterval": "00:00:02.5",
                "visibilityTimeout": "1.02:03:04",
                "maxDequeueCount": 1,
                "messageEncoding": "None",
            },
        },
    }
    assert HostSettings.read(document, {}) == HostSettings(
        batch_size=32,
        new_batch_threshold=0,
        max_polling_interval=timedelta(seconds=2.5),
        visibility_timeout=timedelta(days=1, hours=2, minutes=3, seconds=4),
        max_dequeue_count=1,
        message_encoding="none",
        function_timeout=timedelta(minutes=5),
    )


def test_threshold_defaults_to_half_the_batch_for_each_processor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    assert HostSettings(batch_size=5).threshold == 8
    assert HostSettings(new_batch_threshold=3).threshold == 3


def test_variables_override_host_json_ignoring_case() -> None:
    environment = {
        f"{OVERRIDE}visibilityTimeout": "00:00:01",
        "AZUREFUNCTIONSJOBHOST__EXTENSIONS__QUEUES__BATCHSIZE": "1",
        "AzureFunctionsJobHost:functionTimeout": "-1",
        "AzureFunctionsJobHost__logging__logLevel__default": "Debug",
        "UNRELATED": "x",
    }
    settings = read({"visibilityTimeout": "00:02:00", "batchSize": 16}, **environment)
    assert settings.visibility_timeout == timedelta(seconds=1)
    assert settings.batch_size == 1
    assert settings.function_timeout is None


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("batchSize", 0, "from 1 to 32"),
        ("batchSize", 33, "from 1 to 32"),
        ("batchSize", "many", "from 1 to 32"),
        ("newBatchThreshold", -1, "at least 0"),
        ("maxPollingInterval", "00:00:00.05", "at least 0:00:00.100000"),
        ("maxPollingInterval", 2000, "a time span as hh:mm:ss"),
        ("visibilityTimeout", "8.00:00:00", "from 0:00:00 to 7 days, 0:00:00"),
        ("visibilityTimeout", "24:00:00", "a time span as hh:mm:ss"),
        ("maxDequeueCount", 0, "at least 1"),
        ("messageEncoding", "utf8", "base64 or none"),
    ],
)
def test_value_out_of_range_is_refused_by_name(name: str, value: object, complaint: str) -> None:
    with pytest.raises(StartError) as refusal:
        read({name: value})
    assert str(refusal.value) == (
        f"host.json (with its overrides): extensions.queues.{name} must be {complaint}, "
        f"not {value!r}."
    )


def test_unknown_names_are_refused_all_at_once() -> None:
    document = {"functionTimeOutt": "00:05:00", "extensions": {"queues": {"batchsize": 2}}}
    with pytest.raises(StartError) as refusal:
        HostSettings.read(document, {f"{OVERRIDE}visibility": "00:00:01"})
    assert str(refusal.value) == (
        "host.json (with its overrides): functionTimeOutt is unknown; "
        "extensions.queues.visibility is unknown."
    )
