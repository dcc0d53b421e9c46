"""Read a message that is known to be a request, whoever asks for it."""

from __future__ import annotations

from converters.model.event import Notice
from converters.model.request import ConversionRequest
from converters.wire import requests


def parse(body: bytes, message_id: str | None) -> ConversionRequest:
    """Read a request; an event that asks for none fails the test."""
    found = requests.parse(body, message_id)
    assert isinstance(found, ConversionRequest)
    return found


def noticed(body: bytes, message_id: str | None = None) -> Notice:
    """Read an event that asks for no conversion."""
    found = requests.parse(body, message_id)
    assert isinstance(found, Notice)
    return found
