"""Drives a headless Chromium by the DevTools protocol."""

from __future__ import annotations

import base64
import itertools
import json
import re
import shutil
import subprocess
import tempfile
import threading
from collections import deque
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import aiohttp

from local import bootstrap

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

CHROMIUM = next(filter(None, map(shutil.which, bootstrap.CHROMIUM)), None)
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


@contextmanager
def chromium() -> Iterator[str]:
    """Run a browser; give the address at which it is driven."""
    assert CHROMIUM
    profile = tempfile.mkdtemp()
    process = subprocess.Popen(
        [CHROMIUM, *_OPTIONS, f"--user-data-dir={profile}", "about:blank"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )
    try:
        assert process.stderr
        found = None
        while found is None:
            line = process.stderr.readline()
            assert line, "the browser ended"
            found = re.search(r"ws://\S+", line)
        # Keeps the pipe empty, or the browser would stop at a full one.
        reader = threading.Thread(target=deque, args=(process.stderr, 0), daemon=True)
        reader.start()
        yield found[0]
        process.terminate()
        process.wait()
        reader.join()
    finally:
        process.kill()
        process.wait()
        if process.stderr:
            process.stderr.close()
        shutil.rmtree(profile, ignore_errors=True)


@asynccontextmanager
async def page(driven_at: str, width: int = 1280, height: int = 900) -> AsyncIterator[Browser]:
    """Open an empty page of a browser; it shares nothing with any other."""
    async with (
        aiohttp.ClientSession() as client,
        client.ws_connect(driven_at, max_msg_size=0) as socket,
    ):
        one = Browser(socket)
        apart = (await one.send("Target.createBrowserContext"))["browserContextId"]
        made = await one.send("Target.createTarget", url="about:blank", browserContextId=apart)
        attached = await one.send("Target.attachToTarget", targetId=made["targetId"], flatten=True)
        one.session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            await one.send(f"{domain}.enable")
        await resize(one, width, height)
        yield one
        one.session = ""
        await one.send("Target.disposeBrowserContext", browserContextId=apart)


@asynccontextmanager
async def browser(width: int = 1280, height: int = 900) -> AsyncIterator[Browser]:
    """Run a browser of one's own; give its page."""
    with chromium() as driven_at:
        async with page(driven_at, width, height) as one:
            yield one


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
