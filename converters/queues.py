"""The only place that sends queue messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure.core.exceptions import AzureError
from azure.storage.queue.aio import QueueClient

from converters.errors import ResultsUnavailable

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

    from converters.settings import Storage

# Outcomes wait until somebody reads them; the service's default would drop them after seven days.
_FOR_EVER = -1
# The message goes back to the host soon enough; a long patience here would only hold a slot.
_RETRIES = 2


class Results:
    """The results queue; one per worker, made inside the running loop.

    Args:
        storage: where the queue is.
        queue: its name; the queue must exist.
        credential: used with ``storage.queue_service_uri``.
    """

    def __init__(
        self, storage: Storage, queue: str, credential: AsyncTokenCredential | None
    ) -> None:
        self._queue = queue
        self._client = (
            QueueClient.from_connection_string(
                storage.connection_string, queue, retry_total=_RETRIES
            )
            if storage.connection_string
            else QueueClient(
                storage.queue_service_uri or "", queue, credential=credential, retry_total=_RETRIES
            )
        )

    async def send(self, message: bytes) -> None:
        """Store a message, plain text.

        Raises:
            ResultsUnavailable: it is not known to be stored.
        """
        try:
            await self._client.send_message(message.decode("ascii"), time_to_live=_FOR_EVER)
        except AzureError as error:
            # The chain would carry the request's URL, which can hold a shared access signature.
            code = getattr(error, "error_code", None) or type(error).__name__
            raise ResultsUnavailable(self._queue, str(getattr(code, "value", code))) from None

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()
