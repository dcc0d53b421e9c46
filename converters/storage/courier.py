"""Puts messages into a queue at a fifth of the library's CPU, and by the library where not.

A message is one POST ("Put Message"): what makes the library's own slow is what it does beside, for
retries, logs and models, with every one. So here is no retry: what is not known to be stored is
sent again by the library, as it would have done itself. Whoever sends so must not mind a message
that comes twice: requests and checks are such.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

import aiohttp
from azure.core.exceptions import AzureError
from azure.storage.queue import QueueSasPermissions, generate_queue_sas
from yarl import URL

from converters.settings.storage_account import CALL_SECONDS

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken
    from azure.storage.queue.aio import QueueClient

    from converters.storage.queues import Queue

_SCOPE = "https://storage.azure.com/.default"
_CREATED = 201
# A token, and a signature, is made anew so many seconds before it ends.
_BEFORE_END = 300
_SIGNED = timedelta(hours=1)


class Courier:
    """Sends to one queue; one per worker. Whoever makes it closes it.

    Args:
        queue: where to, how it is reached, and what sends instead.
    """

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self._address, self._ends = "", 0.0
        self._token: AccessToken | None = None
        self._asking = asyncio.Lock()
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close the connections, those of the queue not."""
        if self._session:
            await self._session.close()

    async def send(self, message: bytes, delay: int = 0) -> None:
        """Store a message, plain ASCII, for ever; it shows after ``delay`` seconds.

        Raises:
            QueueUnavailable: it is not known to be stored.
        """
        if not await self._is_sent(message, delay):
            await self._queue.send(message, delay)

    async def _is_sent(self, message: bytes, delay: int) -> bool:
        text = escape(message.decode("ascii"))
        body = f"<QueueMessage><MessageText>{text}</MessageText></QueueMessage>"
        try:
            headers, url = await self._signed(), self._url(delay)
            async with self._opened().post(url, data=body.encode(), headers=headers) as answer:
                await answer.read()
                return answer.status == _CREATED
        except (aiohttp.ClientError, TimeoutError, AzureError):
            return False

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(CALL_SECONDS))
        return self._session

    def _url(self, delay: int) -> URL:
        if self._ends - _BEFORE_END < time.time():
            ends = datetime.now(UTC) + _SIGNED
            self._address, self._ends = _address(self._queue.client, ends), ends.timestamp()
        return URL(f"{self._address}&visibilitytimeout={delay}", encoded=True)

    async def _signed(self) -> dict[str, str]:
        """Return the headers, with a token where an identity sends."""
        headers = {
            "x-ms-version": self._queue.client.api_version,
            "Content-Type": "application/xml",
        }
        credential = self._queue.credential
        if credential is None:
            return headers
        async with self._asking:
            if self._token is None or self._token.expires_on - _BEFORE_END < time.time():
                self._token = await credential.get_token(_SCOPE)
        return {**headers, "Authorization": f"Bearer {self._token.token}"}


def _address(client: QueueClient, ends: datetime) -> str:
    """Return where messages are put, with a signature where an account's key stands for one."""
    url, _, signature = client.url.partition("?")
    key = getattr(client.credential, "account_key", None)
    if key:
        signature = generate_queue_sas(
            client.credential.account_name,
            client.queue_name,
            key,
            permission=QueueSasPermissions(add=True),
            expiry=ends,
        )
    return f"{url}/messages?messagettl=-1" + (f"&{signature}" if signature else "")
