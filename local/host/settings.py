"""The host's settings: host.json and the environment variables that override it.

Sources: "host.json reference for Azure Functions 2.x and later", "Azure Queue storage trigger and
bindings for Azure Functions overview" (host.json settings), and "App settings reference for Azure
Functions" (AzureFunctionsJobHost__).
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from local.host.errors import StartError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

OVERRIDE = re.compile(r"AzureFunctionsJobHost(?:__|:)(.+)", re.IGNORECASE)
TIME_SPAN = re.compile(r"(?:(\d+)\.)?([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d(?:\.\d{1,7})?))?")
TOP_LEVEL = {
    name.casefold()
    for name in (
        *("version", "aggregator", "concurrency", "console", "customHandler", "extensionBundle"),
        *("extensions", "functions", "functionTimeout", "healthMonitor", "http", "logging"),
        *("managedDependency", "retry", "singleton", "telemetryMode", "watchDirectories"),
        *("watchFiles", "$schema"),
    )
}


@dataclass(frozen=True, slots=True)
class HostSettings:
    """How the host polls, retries and gives up, with the real host's defaults.

    Attributes:
        batch_size: messages fetched at once, 1 to 32.
        new_batch_threshold: it fetches again once no more than these are in flight;
            None is half the batch size times the processors.
        max_polling_interval: the longest wait between polls of an empty queue.
        visibility_timeout: how long a message waits after its function raised.
        max_dequeue_count: tries before a message goes to the poison queue.
        message_encoding: ``base64`` or ``none``.
        function_timeout: after it the whole worker is restarted; None is never. The default
            is the Flex Consumption plan's.
        lease: how long a message is taken for, fixed in the real host.
        renewal: how often a lease is renewed, fixed in the real host.
    """

    batch_size: int = 16
    new_batch_threshold: int | None = None
    max_polling_interval: timedelta = timedelta(minutes=1)
    visibility_timeout: timedelta = timedelta(0)
    max_dequeue_count: int = 5
    message_encoding: str = "base64"
    function_timeout: timedelta | None = timedelta(minutes=30)
    lease: timedelta = timedelta(minutes=10)
    renewal: timedelta = timedelta(minutes=5)

    @property
    def threshold(self) -> int:
        """The number in flight at or below which the next batch is fetched."""
        if self.new_batch_threshold is not None:
            return self.new_batch_threshold
        return self.batch_size // 2 * (os.cpu_count() or 1)

    @classmethod
    def read(cls, host_json: Mapping[str, Any], environment: Mapping[str, str]) -> Self:
        """Read host.json's content, overridden by ``AzureFunctionsJobHost__…`` variables.

        Names are compared ignoring case, as the real host does. Unlike it, which ignores what it
        does not know, this one refuses: a typo must not silently change how messages are retried.

        Raises:
            StartError: every unknown name and every value out of its range, each by its name.
        """
        entries = {_fold(path): (path, value) for path, value in _leaves(host_json)}
        for path, value in _overrides(environment):
            entries[_fold(path)] = (path, value)
        found: dict[str, Any] = {}
        errors = []
        for folded, (path, value) in entries.items():
            field = FIELDS.get(folded)
            if field:
                name, parse = field
                try:
                    found[name] = parse(str(value))
                except ValueError as error:
                    errors.append(f"{'.'.join(path)} {error}, not {value!r}")
            elif folded[0] not in TOP_LEVEL or folded[:2] == ("extensions", "queues"):
                errors.append(f"{'.'.join(path)} is unknown")
        if errors:
            raise StartError(f"host.json (with its overrides): {'; '.join(errors)}.")
        return cls(**found)


def _leaves(node: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:  # noqa: ANN401 (any JSON value)
    if isinstance(node, dict):
        for name, value in node.items():
            yield from _leaves(value, (*path, name))
    else:
        yield path, node


def _overrides(environment: Mapping[str, str]) -> Iterator[tuple[tuple[str, ...], str]]:
    for name, value in environment.items():
        if match := OVERRIDE.fullmatch(name):
            yield tuple(re.split("__|:", match[1])), value


def _fold(path: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name.casefold() for name in path)


def _whole(text: str, low: int, high: int | None = None) -> int:
    if not re.fullmatch(r"\d+", text) or int(text) < low or (high and int(text) > high):
        raise ValueError(f"must be {f'from {low} to {high}' if high else f'at least {low}'}")
    return int(text)


def _time_span(text: str, low: timedelta, high: timedelta | None = None) -> timedelta:
    match = TIME_SPAN.fullmatch(text)
    if not match:
        raise ValueError("must be a time span as hh:mm:ss")
    days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
    span = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    if span < low or (high and span > high):
        raise ValueError(f"must be {f'from {low} to {high}' if high else f'at least {low}'}")
    return span


def _timeout(text: str) -> timedelta | None:
    return None if text == "-1" else _time_span(text, timedelta(seconds=1))


def _encoding(text: str) -> str:
    if text.casefold() not in {"base64", "none"}:
        raise ValueError("must be base64 or none")
    return text.casefold()


QUEUES: dict[str, tuple[str, Callable[[str], Any]]] = {
    "batchSize": ("batch_size", partial(_whole, low=1, high=32)),
    "newBatchThreshold": ("new_batch_threshold", partial(_whole, low=0)),
    "maxPollingInterval": (
        "max_polling_interval",
        partial(_time_span, low=timedelta(milliseconds=100)),
    ),
    "visibilityTimeout": (
        "visibility_timeout",
        partial(_time_span, low=timedelta(0), high=timedelta(days=7)),
    ),
    "maxDequeueCount": ("max_dequeue_count", partial(_whole, low=1)),
    "messageEncoding": ("message_encoding", _encoding),
}
FIELDS: dict[tuple[str, ...], tuple[str, Callable[[str], Any]]] = {
    ("functiontimeout",): ("function_timeout", _timeout),
    **{("extensions", "queues", name.casefold()): field for name, field in QUEUES.items()},
}
