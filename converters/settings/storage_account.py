"""How to reach the storage account that has the queues and the ledger's table."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from azure.core.utils import parse_connection_string

from converters.settings.reader import split_url

if TYPE_CHECKING:
    from converters.settings.reader import SettingsReader

# The longest that one call may take, tries included: storage that takes connections and then stays
# silent must not hold an invocation until the host ends the whole worker for it.
CALL_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Storage:
    """How to reach the storage account: a connection string, or two URIs and an identity."""

    connection_string: str | None = field(default=None, repr=False)
    queue_service_uri: str | None = None
    table_service_uri: str | None = None
    client_id: str | None = None


def read_storage(keys: SettingsReader) -> Storage:
    """Read ``CONVERSION_STORAGE``, or the keys that stand for it with an identity."""
    connection = keys.text("CONVERSION_STORAGE")
    queues = _service_uri(keys, "CONVERSION_STORAGE__queueServiceUri")
    tables = _service_uri(keys, "CONVERSION_STORAGE__tableServiceUri")
    if not connection and not (queues and tables):
        keys.problems.append(
            "CONVERSION_STORAGE (a connection string), or both CONVERSION_STORAGE__queueServiceUri"
            " and CONVERSION_STORAGE__tableServiceUri, is missing."
        )
    elif connection and not _is_connection_string(connection):
        keys.problems.append(
            "CONVERSION_STORAGE is not a storage connection string (AccountName with"
            " AccountKey, or QueueEndpoint and TableEndpoint with SharedAccessSignature)."
        )
    client_id = keys.guid("CONVERSION_STORAGE__clientId")
    # As at the host: the connection string wins where both are set.
    if connection:
        return Storage(connection)
    return Storage(None, queues or None, tables or None, client_id)


def _is_connection_string(text: str) -> bool:
    """Tell whether a text says where the queues and tables are, and how to be let in.

    Source: "Configure Azure Storage connection strings".
    """
    try:
        parts = parse_connection_string(text)
        key = base64.b64decode(parts.get("accountkey", ""), validate=True)
    except ValueError:
        return False
    if parts.get("usedevelopmentstorage", "").lower() == "true" or (
        key and parts.get("accountname")
    ):
        return True
    return {"sharedaccesssignature", "queueendpoint", "tableendpoint"} <= parts.keys()


def _service_uri(keys: SettingsReader, key: str) -> str:
    uri = keys.text(key).rstrip("/")
    parts = split_url(uri)
    # A token goes there.
    if uri and not (parts.hostname and parts.scheme == "https"):
        keys.problems.append(f"{key} must be an https URL.")
    return uri
