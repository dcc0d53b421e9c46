"""Pictures of the readiness report for docs/: desktop, phone, dark; of the sample tenant.

Usage: ``make pictures``, or ``pictures.py FOLDER`` to look at them elsewhere first, with the page
as it is printed (``printed.pdf``). Needs Chromium.
"""

from __future__ import annotations

import asyncio
import base64
import io
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from local.world import SAMPLE_TENANT, emulated_graph  # noqa: E402 - no installed package
from tests.browser import (  # noqa: E402
    CHROMIUM,
    WHY_SKIPPED,
    address,
    browser,
    resize,
)

# Few colours make small files, and the page has few.
COLOURS = 128
KEYS = {
    "CONVERSION_STORAGE": "UseDevelopmentStorage=true",
    "ALLOWED_EMAIL_DOMAINS": "fabrikam.example",
    "PYTHONPATH": str(ROOT),
}


@dataclass(frozen=True, slots=True)
class Picture:
    """What is taken: a part of the page from its top, as wide as the screen."""

    name: str
    width: int
    height: int
    scheme: str = "light"


PICTURES = (
    Picture("assess.png", 1280, 1500),
    Picture("assess-dark.png", 1280, 1500, scheme="dark"),
    Picture("assess-phone.png", 360, 1500),
)


def reported(folder: Path) -> Path:
    """Assess the sample tenant; return the page."""
    with emulated_graph(SAMPLE_TENANT) as graph:
        subprocess.run(
            [sys.executable, "-m", "cli", "assess", "--sign-ins", "--html", "readiness.html"],
            cwd=folder,
            env={**os.environ, **KEYS, "GRAPH_BASE_URL": graph},
            stdout=subprocess.DEVNULL,
            check=False,  # 1: somebody cannot be converted
        )
    return folder / "readiness.html"


async def taken(page: Path, one: Picture) -> bytes:
    """Take a picture; return it as a small PNG."""
    async with browser() as seen:
        features = [{"name": "prefers-color-scheme", "value": one.scheme}]
        await seen.send("Emulation.setEmulatedMedia", features=features)
        await seen.send("Emulation.setScrollbarsHidden", hidden=True)
        await resize(seen, one.width, one.height)
        await seen.open(address(page))
        shot = await seen.send("Page.captureScreenshot", format="png")
    image = Image.open(io.BytesIO(base64.b64decode(shot["data"]))).convert("RGB")
    written = io.BytesIO()
    few = image.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    few.save(written, "png", optimize=True)
    return written.getvalue()


async def printed(page: Path) -> bytes:
    """Print the page; return the PDF."""
    async with browser() as seen:
        await seen.open(address(page))
        made = await seen.send("Page.printToPDF", preferCSSPageSize=True)
    return base64.b64decode(made["data"])


async def main() -> None:
    """Write every picture, and print how large it is."""
    if CHROMIUM is None:
        sys.exit(f"no pictures: {WHY_SKIPPED}")
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs"
    with tempfile.TemporaryDirectory() as folder:
        page = reported(Path(folder))
        for one in PICTURES:
            made = await taken(page, one)
            (target / one.name).write_bytes(made)
            print(f"{one.name}: {one.width} x {one.height}, {len(made) / 1000:.0f} kB")
        if target != ROOT / "docs":
            (target / "printed.pdf").write_bytes(await printed(page))


if __name__ == "__main__":
    asyncio.run(main())
