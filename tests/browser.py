"""Drives a headless Chromium by the DevTools protocol."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import re
import shutil
import tempfile
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import aiohttp

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
WHY_SKIPPED = "there is no chromium here (Debian: apt-get install chromium)"
_OPTIONS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-extensions",
    "--disable-background-networking",
    "--remote-debugging-port=0",
)


@dataclass
class Browser:
    """One page of a browser.

    Attributes:
        events: what the page reported: exceptions, the console, requests.
    """

    socket: aiohttp.ClientWebSocketResponse
    session: str = ""
    events: list[dict[str, Any]] = field(default_factory=list)
    _ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    async def send(self, method: str, **parameters: Any) -> dict[str, Any]:  # noqa: ANN401
        """Call a method of the protocol."""
        number = next(self._ids)
        call = {"id": number, "method": method, "params": parameters}
        await self.socket.send_json({**call, "sessionId": self.session} if self.session else call)
        while True:
            message = await self.socket.receive_json()
            if message.get("id") == number:
                assert "error" not in message, (method, message)
                return dict(message["result"])
            self.events.append(message)

    async def open(self, url: str) -> None:
        """Load a page and wait until it has drawn itself."""
        await self.send("Page.navigate", url=url)
        await self.run(
            "new Promise((done) => { const look = () => document.documentElement?.dataset.drawn"
            " ? done(true) : setTimeout(look, 5); look(); })"
        )

    async def load(self, url: str) -> None:
        """Load a page that has no script, and wait until all of it is there."""
        await self.send("Page.navigate", url=url)
        await self.run(
            "new Promise((done) => { const look = () => document.readyState === 'complete'"
            f" && location.href === {literal(url)} ? done(true) : setTimeout(look, 5); look(); }})"
        )

    async def run(self, expression: str) -> Any:  # noqa: ANN401
        """Evaluate an expression; a promise is waited for."""
        answer = await self.send(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def faults(self) -> list[dict[str, Any]]:
        """Return the exceptions and what the console was told."""
        names = {"Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled"}
        return [event for event in self.events if event.get("method") in names]

    def requested(self) -> list[str]:
        """Return what the page loaded."""
        sent = [one for one in self.events if one.get("method") == "Network.requestWillBeSent"]
        return [event["params"]["request"]["url"] for event in sent]


@asynccontextmanager
async def browser(width: int = 1280, height: int = 900) -> AsyncIterator[Browser]:
    """Start a browser with an empty page."""
    assert CHROMIUM
    profile = tempfile.mkdtemp()
    process = await asyncio.create_subprocess_exec(
        CHROMIUM,
        *_OPTIONS,
        f"--user-data-dir={profile}",
        f"--window-size={width},{height}",
        "about:blank",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stderr
        found = None
        while found is None:
            line = (await process.stderr.readline()).decode(errors="replace")
            assert line, "the browser ended"
            found = re.search(r"ws://\S+", line)
        async with (
            aiohttp.ClientSession() as client,
            client.ws_connect(found[0], max_msg_size=0) as socket,
        ):
            yield await _page(Browser(socket), width, height)
            await Browser(socket).send("Browser.close")
        await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        shutil.rmtree(profile, ignore_errors=True)


async def _page(one: Browser, width: int, height: int) -> Browser:
    target = await one.send("Target.createTarget", url="about:blank")
    attached = await one.send("Target.attachToTarget", targetId=target["targetId"], flatten=True)
    one.session = attached["sessionId"]
    for domain in ("Page", "Runtime", "Log", "Network"):
        await one.send(f"{domain}.enable")
    await resize(one, width, height)
    return one


async def scheme(one: Browser, name: str) -> None:
    """Let the page be seen by somebody who likes ``light`` or ``dark``."""
    features = [{"name": "prefers-color-scheme", "value": name}]
    await one.send("Emulation.setEmulatedMedia", features=features)


async def resize(one: Browser, width: int, height: int = 900) -> None:
    """Make the page another size."""
    await one.send(
        "Emulation.setDeviceMetricsOverride",
        width=width,
        height=height,
        deviceScaleFactor=1,
        mobile=False,
    )


async def picture(one: Browser) -> bytes:
    """Return what the window shows as PNG."""
    shot = await one.send("Page.captureScreenshot")
    return base64.b64decode(shot["data"])


def address(path: Path, fragment: str = "") -> str:
    """Return a file's address."""
    return path.resolve().as_uri() + (f"#{fragment}" if fragment else "")


def literal(text: str) -> str:
    """Write a text for JavaScript."""
    return json.dumps(text)
