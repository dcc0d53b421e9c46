"""Puts many messages into a queue at a fifth of the library's CPU, and by the library where not.

A message is one POST ("Put Message"): what makes the library's own slow is what it does beside, for
retries, logs and models, with every one. So here is no retry: what is not known to be stored is
sent again by the library, as it would have done itself; a second one of a request changes nothing.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Self
from xml.sax.saxutils import escape

import aiohttp
from azure.core.exceptions import AzureError
from azure.storage.queue import QueueSasPermissions, generate_queue_sas
from yarl import URL

from converters.settings.storage_account import CALL_SECONDS

if TYPE_CHECKING:
    from types import TracebackType

    from azure.core.credentials import AccessToken
    from azure.core.credentials_async import AsyncTokenCredential
    from azure.storage.queue.aio import QueueClient

    from converters.storage.queues import Queue

_SCOPE = "https://storage.azure.com/.default"
_CREATED = 201
# A token is asked for anew so many seconds before it ends; a signature holds for a day of sending.
_BEFORE_END, _SIGNED_HOURS = 300, 24


class Courier:
    """Sends to one queue; ``async with``, inside the running loop.

    Args:
        queue: where to, and what sends instead.
        credential: for a queue that is reached by an identity.
    """

    def __init__(self, queue: Queue, credential: AsyncTokenCredential | None) -> None:
        self._queue, self._credential = queue, credential
        self._url, self._headers = URL(), dict[str, str]()
        self._token: AccessToken | None = None
        self._asking = asyncio.Lock()

    async def __aenter__(self) -> Self:
        async with self._queue.calling() as client:
            self._url = URL(_address(client), encoded=True)
            self._headers = {
                "x-ms-version": client.api_version,
                "Content-Type": "application/xml",
            }
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(CALL_SECONDS))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._session.close()

    async def send(self, message: bytes) -> None:
        """Store a message, plain ASCII, for ever.

        Raises:
            QueueUnavailable: it is not known to be stored.
        """
        if not await self._is_sent(message):
            await self._queue.send(message)

    async def _is_sent(self, message: bytes) -> bool:
        text = escape(message.decode("ascii"))
        body = f"<QueueMessage><MessageText>{text}</MessageText></QueueMessage>"
        try:
            headers = await self._signed()
            async with self._session.post(self._url, data=body.encode(), headers=headers) as answer:
                await answer.read()
                return answer.status == _CREATED
        except (aiohttp.ClientError, TimeoutError, AzureError):
            return False

    async def _signed(self) -> dict[str, str]:
        """Return the headers, with a token where an identity sends."""
        if self._credential is None:
            return self._headers
        async with self._asking:
            if self._token is None or self._token.expires_on - _BEFORE_END < time.time():
                self._token = await self._credential.get_token(_SCOPE)
        return {**self._headers, "Authorization": f"Bearer {self._token.token}"}


def _address(client: QueueClient) -> str:
    """Return where messages are put, with a signature where an account's key stands for one."""
    url, _, signature = client.url.partition("?")
    key = getattr(client.credential, "account_key", None)
    if key:
        signature = generate_queue_sas(
            client.credential.account_name,
            client.queue_name,
            key,
            permission=QueueSasPermissions(add=True),
            expiry=datetime.now(UTC) + timedelta(hours=_SIGNED_HOURS),
        )
    return f"{url}/messages?messagettl=-1" + (f"&{signature}" if signature else "")
