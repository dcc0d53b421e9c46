"""The mails as people see them: in a browser, narrow and wide, light and dark, in every language.

Chromium is no mail program. What Outlook for Windows makes of the page is not tried here; what it
is known not to read is kept out of the page instead.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from converters.mail.languages import Languages
from converters.mail.writer import HERE, Writer
from local.letters import LETTER, NOTE, REDEEM_URL, SETTINGS, letters, part
from local.world import ROOT
from tests.browser import CHROMIUM, WHY_SKIPPED, address, browser, resize, scheme
from tests.mail.pictures import SCHEMES, SHOWN, WIDTHS
from tests.mail.test_languages import compiled

if TYPE_CHECKING:
    from pathlib import Path

    from converters.mail.letter import Letter
    from tests.browser import Browser

AXE = ROOT / "local" / "node" / "node_modules" / "axe-core" / "axe.min.js"
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason=WHY_SKIPPED)
needs_axe = pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed (make setup)")
TAGS = Languages([HERE / "languages"]).tags
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}
# Every text with what it stands on: the first ground behind it that is not see-through.
CONTRASTS = """(() => {
  const channel = (v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => { const [r, g, b] = parts(colour);
    return 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b); };
  const ground = (e) => { for (; e; e = e.parentElement) {
    const found = getComputedStyle(e).backgroundColor;
    if ((parts(found)[3] ?? 1) === 1) return found; } return "rgb(255, 255, 255)"; };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
  while (texts.nextNode()) {
    const text = texts.currentNode.textContent.trim(), e = texts.currentNode.parentElement;
    if (!text) continue;
    const [a, b] = [light(getComputedStyle(e).color), light(ground(e))].sort((x, y) => y - x);
    found.push([text, (a + 0.05) / (b + 0.05)]);
  }
  return found;
})()"""
# Mail programs that know no dark colours of a page turn them round by themselves.
INVERTED = CONTRASTS.replace("channel = (v) => (v /= 255)", "channel = (v) => (v = 1 - v / 255)")
# What sticks out of the window to a side, or is cut off by what holds it.
STICKING_OUT = """[...document.body.querySelectorAll('*')].filter((e) => {
  const box = e.getBoundingClientRect();
  return box.right > innerWidth + 0.5 || box.left < -0.5 || e.scrollWidth > e.clientWidth + 1
    && e.clientWidth > 0;
}).map((e) => e.outerHTML.slice(0, 100))"""
WORST = replace(
    LETTER,
    to=f"{'long' * 16}@{'sub-domain.' * 15}example",
    to_name="Wolfeschlegelsteinhausenbergerdorff" * 3,
    redirect_url=f"https://{'very-long-host.' * 12}example/",
    redeem_url=REDEEM_URL + "x" * 1500,
    text="unbroken" * 100 + "\n\nhttps://" + "path/" * 100 + "\n" + "漢" * 200,
)
LONG_SETTINGS = replace(
    SETTINGS,
    sender=f"{'sender' * 10}@contoso.example",
    organisation="Donaudampfschifffahrtselektrizitätenhauptbetriebswerk" * 2,
    support="https://help.contoso.example/" + "page/" * 60,
)


def saved(folder: Path, letter: Letter, writer: Writer) -> str:
    """Save a mail's page; return its address."""
    path = folder / "mail.html"
    path.write_text(part(writer.write(letter), "html"), encoding="utf-8")
    return address(path)


async def looked_at(seen: Browser, url: str, width: int, liked: str) -> None:
    """Hold a page against what every reader needs."""
    await scheme(seen, liked)
    await resize(seen, width)
    seen.events.clear()
    await seen.load(url)
    assert await seen.run("document.documentElement.scrollWidth <= innerWidth")
    assert await seen.run(STICKING_OUT) == []
    contrasts = await seen.run(CONTRASTS)
    assert len(contrasts) > 20
    assert [one for one in contrasts if one[1] < 4.5] == []
    dark = await seen.run("getComputedStyle(document.body).backgroundColor") == "rgb(18, 23, 28)"
    assert dark == (liked == "dark")
    assert seen.requested() == [url]
    assert seen.faults() == []


async def violations(seen: Browser) -> list[Any]:
    """Return what axe finds wrong with the page."""
    await seen.run(AXE.read_text() + "\n;0")
    found = await seen.run(f"axe.run(document, {json.dumps(RULES)}).then(r => r.violations)")
    return [(one["id"], [node["html"] for node in one["nodes"][:3]]) for one in found]


@needs_browser
@needs_axe
@pytest.mark.parametrize("tag", TAGS)
async def test_every_mail_is_read_at_every_width_in_both_schemes(tmp_path: Path, tag: str) -> None:
    writer = Writer(SETTINGS)
    async with browser() as seen:
        for letter in letters(tag).values():
            url = saved(tmp_path, letter, writer)
            for width in WIDTHS:
                for liked in SCHEMES:
                    await looked_at(seen, url, width, liked)
            # Of width and scheme axe sees nothing that the look has not seen.
            assert await violations(seen) == []


@needs_browser
async def test_longest_words_and_links_wrap(tmp_path: Path) -> None:
    writer = Writer(LONG_SETTINGS)
    async with browser() as seen:
        for tag in TAGS:
            url = saved(tmp_path, replace(WORST, language=tag), writer)
            for width in (*WIDTHS, 320):
                await looked_at(seen, url, width, "light")


@needs_browser
async def test_button_is_the_first_thing_that_the_keyboard_reaches(tmp_path: Path) -> None:
    async with browser() as seen:
        await seen.load(saved(tmp_path, replace(LETTER, text=NOTE), Writer(SETTINGS)))
        reached = []
        for _ in range(4):
            for kind in ("rawKeyDown", "keyUp"):
                await seen.send(
                    "Input.dispatchKeyEvent", type=kind, key="Tab", windowsVirtualKeyCode=9
                )
            reached.append(await seen.run("document.activeElement.href"))
            outline = await seen.run("getComputedStyle(document.activeElement).outlineStyle")
            assert outline == "solid"
        size = await seen.run(
            "(b => [b.width, b.height])(document.querySelector('.press').getBoundingClientRect())"
        )
        # A finger needs 44 points.
        assert size[0] > 120
        assert size[1] >= 44
        links = await seen.run("document.links.length")
    assert reached[:2] == [REDEEM_URL] * 2
    assert reached[2].startswith("https://teams.microsoft.com/")
    assert reached[3] == "mailto:help@contoso.example"
    # Nothing in the note is one.
    assert links == 4


@needs_browser
async def test_page_reads_without_its_style_sheet_and_with_its_colours_turned_round(
    tmp_path: Path,
) -> None:
    async with browser() as seen:
        url = saved(tmp_path, replace(LETTER, text=NOTE), Writer(SETTINGS))
        for width in WIDTHS:
            await resize(seen, width)
            await seen.load(url)
            await seen.run("document.querySelector('style').remove()")
            assert await seen.run(STICKING_OUT) == []
            contrasts = await seen.run(CONTRASTS)
            inverted = await seen.run(INVERTED)
            assert contrasts
            assert contrasts != inverted
            assert [one for one in contrasts + inverted if one[1] < 4.5] == []


@needs_browser
async def test_language_written_from_right_to_left_turns_the_mail(tmp_path: Path) -> None:
    compiled(tmp_path, "he", "\u05e9\u05dc\u05d5\u05dd")
    async with browser() as seen:
        letter = replace(LETTER, language="he", text=NOTE)
        url = saved(tmp_path, letter, Writer(SETTINGS, tmp_path))
        for width in WIDTHS:
            await looked_at(seen, url, width, "light")
            sides = await seen.run(
                "(b => [innerWidth - b.right, b.left])"
                "(document.querySelector('.press').getBoundingClientRect())"
            )
            assert sides[0] < sides[1]


@needs_browser
async def test_check_of_contrast_and_of_overflow_can_fail(tmp_path: Path) -> None:
    async with browser() as seen:
        await resize(seen, 360)
        await seen.load(saved(tmp_path, LETTER, Writer(SETTINGS)))
        await seen.run("document.querySelector('h1').style.color = '#999'")
        await seen.run("document.querySelector('h1').style.width = '500px'")
        assert [one for one in await seen.run(CONTRASTS) if one[1] < 4.5]
        assert await seen.run(STICKING_OUT)


@pytest.mark.parametrize("letter", letters("ja").values(), ids=letters("ja"))
def test_page_loads_nothing_and_is_built_as_outlook_reads_it(letter: Letter) -> None:
    page = part(Writer(SETTINGS).write(letter), "html")
    assert not re.search(r"<(?:img|link|script|iframe|object|form|svg|video)\b|url\(|@import", page)
    assert not re.search(r"display:\s*(?:flex|grid)|position:|float:", page)
    assert set(re.findall(r"<table ([a-z]+)=", page)) == {"role"}
    assert page.count("<table") == page.count('<table role="presentation"') == 3
    heads = [int(found) for found in re.findall(r"<h(\d)", page)]
    assert heads[0] == 1
    assert set(heads[1:]) == {2}
    # Each text has its colour and its font where the style sheet is dropped.
    blocks = re.findall(r"<(?:p|h1|h2|li)\b[^>]*>", page)
    assert [one for one in blocks if "color:#" not in one or "font-family:" not in one] == []


def test_pictures_of_the_docs_are_there_and_small() -> None:
    for name in SHOWN:
        data = (ROOT / "docs" / name).read_bytes()
        assert data.startswith(b"\x89PNG")
        assert len(data) < 100_000
        assert f"]({name})" in (ROOT / "docs" / "mail.md").read_text()
