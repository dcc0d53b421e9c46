"""Connections: from a trigger's ``connection`` to a client of the queue service.

Source: "Azure Queue storage trigger for Azure Functions" (Connections).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azure.storage.queue.aio import QueueServiceClient

from local.host.errors import StartError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure.core.credentials_async import AsyncTokenCredential


# The extension's own SDK waits 0.8 s, twice as long each time, six calls and 25 s in all. These add
# up to the same; the Python SDK's own first wait would be 15.
OPTIONS: dict[str, Any] = {
    # As the SDK counts, for connections and for what the service answers: five times again each.
    "retry_total": 6,
    "retry_connect": 4,
    "retry_read": 4,
    "initial_backoff": 0.8,
    "increment_base": 1.8,
    "random_jitter_range": 0,
    # Not looking for proxies and .netrc with every call saves a thread and its CPU each time.
    "use_env_settings": False,
}


def connect(name: str, environment: Mapping[str, str]) -> QueueServiceClient:
    """Return a client for a connection; the caller closes it.

    The setting NAME, a connection string, wins; else NAME__queueServiceUri with a credential.

    Raises:
        StartError: neither is set, or the connection string is malformed.
    """
    if connection_string := environment.get(name):
        try:
            return QueueServiceClient.from_connection_string(connection_string, **OPTIONS)
        except ValueError as error:
            raise StartError(f"The connection string in {name} is malformed: {error}") from error
    if uri := environment.get(f"{name}__queueServiceUri"):
        return QueueServiceClient(uri, credential=_credential(name, environment), **OPTIONS)
    raise StartError(f"Connection {name}: neither {name} nor {name}__queueServiceUri is set.")


def _credential(name: str, environment: Mapping[str, str]) -> AsyncTokenCredential:
    # Imported only here: it costs a third of a second, and this machine's storage needs none.
    from azure.identity.aio import (  # noqa: PLC0415
        DefaultAzureCredential,
        ManagedIdentityCredential,
    )

    kind = environment.get(f"{name}__credential", "")
    if not kind:
        return DefaultAzureCredential()
    if kind.casefold() != "managedidentity":
        raise StartError(f"{name}__credential must be managedidentity, not {kind!r}.")
    return ManagedIdentityCredential(client_id=environment.get(f"{name}__clientId"))
