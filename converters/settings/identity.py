"""The identity that storage and Microsoft Graph are reached with, where either needs one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

    from converters.settings.settings import Settings


def credential(settings: Settings) -> AsyncTokenCredential | None:
    """Make the credential, inside the running loop; ``None`` where nothing needs one."""
    if not settings.graph_needs_credential and settings.storage.connection_string:
        return None
    # Imported only where there is a token to get: it costs a third of a second.
    from azure.identity.aio import DefaultAzureCredential  # noqa: PLC0415

    # AZURE_CLIENT_ID names the identity otherwise, and AZURE_TOKEN_CREDENTIALS the kinds to try.
    client_id = settings.storage.client_id
    named = {"managed_identity_client_id": client_id} if client_id else {}
    return DefaultAzureCredential(**named)
