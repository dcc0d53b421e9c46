"""A gate before storage: shut, nobody gets a connection; busy, everybody gets a 503."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

_BUSY = b"HTTP/1.1 503 Server Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_ADDRESS = re.compile(r"127\.0\.0\.1:(\d+)")


class Gate:
    """Passes bytes on to Azurite: ``async with Gate(connection_string) as gate``.

    Attributes:
        connection_string: leads through the gate.
    """

    def __init__(self, connection_string: str) -> None:
        self._direct = connection_string
        self._ports: dict[int, int] = {}
        self._servers: list[asyncio.Server] = []
        self._open: set[asyncio.StreamWriter] = set()
        self._is_busy = False
        self.connection_string = ""

    async def __aenter__(self) -> Self:
        self._ports = dict.fromkeys(map(int, _ADDRESS.findall(self._direct)), 0)
        await self.open()

        def gate(match: re.Match[str]) -> str:
            return f"127.0.0.1:{self._ports[int(match[1])]}"

        self.connection_string = _ADDRESS.sub(gate, self._direct)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.shut()

    async def open(self) -> None:
        """Listen, on the same ports each time."""
        for inner, outer in self._ports.items():
            passing = partial(self._pass, inner)
            server = await asyncio.start_server(passing, "127.0.0.1", outer)
            self._ports[inner] = server.sockets[0].getsockname()[1]
            self._servers.append(server)

    def busy(self) -> None:
        """Answer every request so from now on, and cut the connections that there are."""
        self._is_busy = True
        for writer in self._open:
            writer.transport.abort()

    def ready(self) -> None:
        """Pass requests on again."""
        self._is_busy = False

    async def shut(self) -> None:
        """Refuse connections, and cut those that there are."""
        servers, self._servers = self._servers, []
        for server in servers:
            server.close()
        for writer in self._open:
            writer.transport.abort()
        for server in servers:
            await server.wait_closed()

    async def _pass(
        self, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        # Azurite may be gone by then, as the other side may be at any time.
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            if self._is_busy:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(_BUSY)
                await writer.drain()
                writer.close()
                return
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
            # It may have been shut meanwhile, and waits for every connection to end.
            if not self._servers:
                inner_writer.transport.abort()
                writer.transport.abort()
                return
            both = {writer, inner_writer}
            self._open |= both
            await asyncio.gather(
                _copy(reader, inner_writer), _copy(inner_reader, writer), return_exceptions=True
            )
            self._open -= both
        writer.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(2**16):
        writer.write(data)
        await writer.drain()
    writer.close()
