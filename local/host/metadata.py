"""What the function gets: a QueueMessage, made as host and worker make it together.

The host adds the top-level properties of a JSON body to the trigger's metadata, ignoring case and
overwriting, and the worker reads the message's attributes from there. So the body decides what
``msg.id`` is, and an attribute of the wrong kind fails the invocation before the function runs.
Source: the host's ``Utility.ApplyBindingData`` and the library's own converter, which is used here.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from azure.functions.meta import Datum
from azure.functions.queue import QueueMessageInConverter

if TYPE_CHECKING:
    from collections.abc import Mapping

    import azure.functions as func
    from azure.storage.queue import QueueMessage

# The host's JSON library makes a date of such a text, and writes it back in its own format.
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?(Z|[+-]\d\d:\d\d)?")
DATE_FORMAT = "%m/%d/%Y %H:%M:%S"


def given(message: QueueMessage, body: str) -> dict[str, Any]:
    """Return what the host sends to the worker, as JSON: the body, each datum's value and type."""
    metadata = _own(message, body)
    canonical = {name.casefold(): name for name in metadata}
    for name, value in _top_level(body).items():
        datum = _datum(value)
        if datum is not None:
            metadata[canonical.get(name.casefold(), name)] = datum
    data = {name: [datum.value, datum.type] for name, datum in metadata.items()}
    return {"body": body, "metadata": data}


def trigger_message(message: Mapping[str, Any]) -> func.QueueMessage:
    """Return the message that the function sees, of what the host has given.

    Raises:
        ValueError: the body shadows an attribute with a value that the worker cannot read.
    """
    metadata = {name: Datum(value, kind) for name, (value, kind) in message["metadata"].items()}
    decoded: func.QueueMessage = QueueMessageInConverter.decode(
        Datum(message["body"], "string"), trigger_metadata=metadata
    )
    return decoded


def _own(message: QueueMessage, body: str) -> dict[str, Datum]:
    return {
        "QueueTrigger": Datum(body, "string"),
        "Id": Datum(message.id, "string"),
        "PopReceipt": Datum(message.pop_receipt, "string"),
        "DequeueCount": Datum(str(message.dequeue_count), "json"),
        "ExpirationTime": _time(message.expires_on),
        "InsertionTime": _time(message.inserted_on),
        "NextVisibleTime": _time(message.next_visible_on),
    }


def _time(moment: datetime | None) -> Datum:
    text = (moment or datetime.max.replace(microsecond=0, tzinfo=UTC)).isoformat()
    return Datum(json.dumps(text), "json")


def _top_level(body: str) -> dict[str, Any]:
    """Return a JSON object's properties; of anything else none, and none of it is an error."""
    if not body.lstrip().startswith("{"):
        return {}
    try:
        parsed: dict[str, Any] = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return parsed


def _datum(value: Any) -> Datum | None:  # noqa: ANN401 (any JSON value)
    """Return what the host sends to the worker: objects as JSON, all else as text, no lists."""
    match value:
        case None | list():
            return None
        case dict():
            return Datum(json.dumps(value), "json")
        case str() if DATE.fullmatch(value):
            return Datum(_date(value), "string")
        case _:
            return Datum(str(value), "string")


def _date(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        # It only looks like a date (a thirteenth month): left as it is.
        return text
    return (moment.astimezone(UTC) if moment.tzinfo else moment).strftime(DATE_FORMAT)
