"""How to reach the storage account that has the queues and the ledger's table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from converters.keys import LOOPBACK, split_url

if TYPE_CHECKING:
    from converters.keys import Keys


@dataclass(frozen=True, slots=True)
class Storage:
    """How to reach the storage account: a connection string, or two URIs and an identity."""

    connection_string: str | None = None
    queue_service_uri: str | None = None
    table_service_uri: str | None = None
    client_id: str | None = None


def read_storage(keys: Keys) -> Storage:
    """Read ``CONVERSION_STORAGE``, or the keys that stand for it with an identity."""
    connection = keys.text("CONVERSION_STORAGE")
    queues = _service_uri(keys, "CONVERSION_STORAGE__queueServiceUri")
    tables = _service_uri(keys, "CONVERSION_STORAGE__tableServiceUri")
    if not connection and not (queues and tables):
        keys.problems.append(
            "CONVERSION_STORAGE (a connection string), or both CONVERSION_STORAGE__queueServiceUri"
            " and CONVERSION_STORAGE__tableServiceUri, is missing."
        )
    elif connection and not {"accountname", "usedevelopmentstorage", "queueendpoint"} & {
        part.partition("=")[0].strip().lower() for part in connection.split(";")
    }:
        keys.problems.append("CONVERSION_STORAGE is not a storage connection string.")
    client_id = keys.guid("CONVERSION_STORAGE__clientId")
    # As at the host: the connection string wins where both are set.
    if connection:
        return Storage(connection)
    return Storage(None, queues or None, tables or None, client_id)


def _service_uri(keys: Keys, key: str) -> str:
    uri = keys.text(key).rstrip("/")
    parts = split_url(uri)
    on_loopback = parts.scheme == "http" and parts.hostname in LOOPBACK
    if uri and not (parts.hostname and (parts.scheme == "https" or on_loopback)):
        keys.problems.append(f"{key} must be an https URL (http on loopback alone).")
    return uri
