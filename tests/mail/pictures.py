"""Draws two mails for the docs: ``python -m tests.mail.pictures``, or ``make mail-pictures``.

With ``--all FOLDER`` every mail, at both widths and in both schemes, for whoever changes them.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from io import BytesIO
from pathlib import Path

from PIL import Image

from local import letters
from tests.browser import CHROMIUM, WHY_SKIPPED, Browser, address, browser, picture, resize, scheme

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"
WIDTHS, SCHEMES = (360, 800), ("light", "dark")
SHOWN: dict[str, tuple[str, int, str]] = {
    "mail-light.png": ("en-invitation-with-note.html", 800, "light"),
    "mail-dark.png": ("de-reminder.html", 360, "dark"),
}


async def draw(seen: Browser, page: Path, width: int, liked: str) -> bytes:
    """Return a picture of a page, as high as the page is."""
    await scheme(seen, liked)
    await seen.send("Emulation.setScrollbarsHidden", hidden=True)
    await resize(seen, width, 600)
    await seen.load(address(page))
    await resize(seen, width, await seen.run("document.documentElement.scrollHeight"))
    return small(await picture(seen))


def small(png: bytes) -> bytes:
    """Return a picture with as many colours as a mail needs."""
    file = BytesIO()
    Image.open(BytesIO(png)).convert("RGB").quantize(48).save(file, "PNG", optimize=True)
    return file.getvalue()


def shown(folder: str) -> dict[Path, tuple[Path, int, str]]:
    """Return what the docs show, by where it is kept."""
    return {
        DOCS / name: (Path(folder, page), width, liked)
        for name, (page, width, liked) in SHOWN.items()
    }


def every(pages: list[Path], folder: Path) -> dict[Path, tuple[Path, int, str]]:
    """Return all there is to see, by where it is put."""
    return {
        folder / f"{page.stem}-{width}-{liked}.png": (page, width, liked)
        for page in pages
        for width in WIDTHS
        for liked in SCHEMES
    }


async def main() -> None:
    """Draw what is asked for."""
    if CHROMIUM is None:
        sys.exit(f"Nothing is drawn: {WHY_SKIPPED}.")
    with tempfile.TemporaryDirectory() as folder:
        pages = letters.write(Path(folder))
        wanted = every(pages, Path(sys.argv[2])) if sys.argv[1:2] == ["--all"] else shown(folder)
        async with browser() as seen:
            for path, asked in wanted.items():
                path.write_bytes(await draw(seen, *asked))
                print(path)


if __name__ == "__main__":
    asyncio.run(main())
