"""How to reach the storage account that has the queues and the ledger's table."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from azure.core.utils import parse_connection_string

from converters.keys import LOOPBACK, split_url

if TYPE_CHECKING:
    from converters.keys import Keys

# The longest that one call may take, tries included: storage that takes connections and then stays
# silent must not hold an invocation until the host ends the whole worker for it.
CALL_SECONDS = 20.0
# Everybody's: Azurite's account, as its documentation prints it.
EMULATED_ACCOUNT = "devstoreaccount1"
EMULATED_KEY = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)
_EMULATED = {
    "accountname": EMULATED_ACCOUNT,
    "accountkey": EMULATED_KEY,
    "tableendpoint": f"http://127.0.0.1:10002/{EMULATED_ACCOUNT}",
}


@dataclass(frozen=True, slots=True)
class Storage:
    """How to reach the storage account: a connection string, or two URIs and an identity."""

    connection_string: str | None = field(default=None, repr=False)
    queue_service_uri: str | None = None
    table_service_uri: str | None = None
    client_id: str | None = None


@dataclass(frozen=True, slots=True)
class TableAccess:
    """What a connection string says of tables: where, and either a key or a signature (SAS)."""

    endpoint: str
    account: str
    key: bytes = field(repr=False)
    signature: str = field(repr=False)


def table_access(connection_string: str) -> TableAccess:
    """Read a connection string ("Configure Azure Storage connection strings").

    Raises:
        ValueError: it does not say where the account is, or how to be let in.
    """
    parts = parse_connection_string(connection_string)
    if parts.get("usedevelopmentstorage", "").lower() == "true":
        parts = _EMULATED
    account = parts.get("accountname", "")
    protocol = parts.get("defaultendpointsprotocol", "https")
    suffix = parts.get("endpointsuffix", "core.windows.net")
    endpoint = parts.get("tableendpoint", f"{protocol}://{account}.table.{suffix}")
    key = base64.b64decode(parts.get("accountkey", ""), validate=True)
    signature = parts.get("sharedaccesssignature", "")
    if not (account and key) and not (signature and "tableendpoint" in parts):
        raise ValueError("An account's name and key, or endpoint and signature, are missing.")
    return TableAccess(endpoint, account, key, signature)


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
    elif connection:
        try:
            table_access(connection)
        except ValueError:
            # The error's own text may hold a part of the key.
            keys.problems.append(
                "CONVERSION_STORAGE is not a storage connection string (AccountName with"
                " AccountKey, or QueueEndpoint and TableEndpoint with SharedAccessSignature)."
            )
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
