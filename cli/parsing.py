"""Read what somebody wrote to ask for a conversion, by the service's own parser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converters.model.errors import Fault, RequestInvalid
from converters.model.event import Notice
from converters.wire.requests import parse

if TYPE_CHECKING:
    from converters.model.request import ConversionRequest


def parse_request(body: bytes, message_id: str | None) -> ConversionRequest:
    """Read a request.

    Raises:
        RequestInvalid: naming every fault at once; or it is an event that asks for no conversion.
    """
    found = parse(body, message_id)
    if isinstance(found, Notice):
        fault = Fault("notARequest", "", "is an event that asks for no conversion")
        raise RequestInvalid([fault], found.request_id)
    return found
