"""The page in a browser: what it shows, does and leaves alone."""

from __future__ import annotations

import csv
import io
import json
import re
import tomllib
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from cli.assess.report.columns import WHY
from cli.assess.report.page import SCRIPTS
from cli.assess.rows import FIELDS, SIGN_INS
from local.graph import GraphEmulator
from local.world import ROOT
from tests.browser import (
    CHROMIUM,
    WHY_SKIPPED,
    address,
    chromium,
    literal,
    page,
    resize,
    scheme,
)
from tests.cli.assess.reports import many, report
from tests.cli.assess.tenants import KEYS, varied
from tests.cli.terminal import b2b

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.browser import Browser

needs_browser = pytest.mark.skipif(CHROMIUM is None, reason=WHY_SKIPPED)
AXE = ROOT / "local" / "node" / "node_modules" / "axe-core" / "axe.min.js"
HOSTILE = (
    '</script><script>window.hit=1</script><img src=x onerror="window.hit=2">{{script}}'
    "<!--\u2028\u2029'\"`${window.hit=3}=1+1"
)
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
NUMBERS = {"licences", "pendingDays", "signInDays"}
EVERY = (*FIELDS, *SIGN_INS)
SHOWN = "document.getElementById('count').textContent"
FIRST_CELLS = "[...document.querySelectorAll('#table tbody tr:not(.space)')].map(r => r.innerText)"


@pytest.fixture(scope="module")
def driven_at() -> Iterator[str]:
    """Return where the browser of this module is driven."""
    with chromium() as found:
        yield found


def poisoned(text: str) -> dict[str, Any]:
    """Return a row that has a text in every field, in fields that only tests have too."""
    reason = dict.fromkeys(("code", "message", "remediation", "owner"), text)
    lists = {"foundBy", "owners", "otherMails", "groupsWithAddress"}
    found: dict[str, Any] = {name: [text] if name in lists else text for name in EVERY}
    numbers = dict.fromkeys(NUMBERS)
    return {**found, **numbers, "reasons": [reason], "warnings": [reason], "extra": text}


@needs_browser
async def test_hostile_text_in_every_field_runs_nothing_and_changes_nothing(
    driven_at: str, tmp_path: Path
) -> None:
    skeletons = []
    for text in ("harmless", HOSTILE):
        made = report([poisoned(text), {**poisoned(text), "status": "ineligible"}])
        for column in made.columns["columns"]:
            values = [v[0] if isinstance(v, list | tuple) else v for v in column["values"]]
            # Whoever adds a column has to say here what is hostile in it.
            assert column["name"] in NUMBERS or text in values, column["name"]
        assert {c["name"] for c in made.columns["columns"]} == {*EVERY, WHY, "extra"}
        async with page(driven_at) as seen:
            every = ",".join(c["name"] for c in made.columns["columns"])
            path = made.saved(tmp_path)
            await seen.open(address(path, f"c={every}"))
            assert await seen.run("window.hit ?? null") is None
            cells = await seen.run(
                "[...document.querySelectorAll('#table tbody tr td')].map(c => c.textContent)"
            )
            await seen.run("document.querySelector('#table tbody button').click()")
            told = await seen.run("[...document.querySelectorAll('dd')].map(d => d.textContent)")
            # But for places where a long name may break: as many as it has words.
            skeletons.append(
                await seen.run(
                    "[...document.querySelectorAll(':not(wbr)')].map(e => e.tagName).join()"
                )
            )
            assert await seen.run("window.hit ?? null") is None
            assert seen.faults() == []
            assert [url.partition("#")[0] for url in seen.requested()] == [address(path)]
        assert cells.count(text) >= len(EVERY) - len(NUMBERS)
        assert told == [text] * (len(EVERY) + 2 - len(NUMBERS))
    assert skeletons[0] == skeletons[1]


def test_page_is_closed_against_everything_else() -> None:
    text = report([poisoned(HOSTILE)]).text
    assert "default-src 'none'; script-src 'sha256-" in text
    assert "unsafe" not in text
    assert text.count("</script>") == 2
    assert not re.search(r"""(?:src|href)=["']?(?:https?:)?//""", text)
    own = [path.read_text() for path in (ROOT / "cli/assess/report").glob("*.js")]
    assert not any(
        word in source
        for source in own
        for word in ("innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval(")
    )


def test_every_part_of_the_page_is_installed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    patterns = project["tool"]["setuptools"]["package-data"]["cli.assess.report"]
    beside = [path for path in (ROOT / "cli/assess/report").iterdir() if path.suffix != ".py"]
    parts = {path for path in beside if path.is_file()}
    assert {path.name for path in parts} >= {"page.html", "report.css", *SCRIPTS}
    assert {path for path in parts if not any(path.match(one) for one in patterns)} == set()
    assert {path.name for path in parts if path.suffix == ".js"} == set(SCRIPTS)


@needs_browser
async def test_counts_of_the_page_are_those_of_json(driven_at: str, tmp_path: Path) -> None:
    async with GraphEmulator(varied()) as graph:
        keys = {**KEYS, "GRAPH_BASE_URL": graph.url}
        options = ("-o", "json", "--sign-ins", "--html", "r.html")
        ended = await b2b(tmp_path, "assess", *options, **keys)
    told = ended.json()
    async with page(driven_at) as seen:
        await seen.open(address(tmp_path / "r.html"))
        assert await seen.run(SHOWN) == "17 of 17 people"
        for name, key in {
            "status": "byStatus",
            "domain": "byDomain",
            "foundBy": "byRule",
            "homeTenant": "byHomeTenant",
        }.items():
            for one, count in told[key].items():
                assert await _count(seen, f"{name}|=|{one}") == count
        for one, count in told["byReason"].items():
            wanted = (f"reasons|=|{one}", "status|=|ineligible")
            assert await _count(seen, *wanted) == count
        for one, count in told["signIns"]["byState"].items():
            assert await _count(seen, f"signIn|=|{one}") == count
        head = await seen.run("document.getElementById('headline').textContent")
        assert head.startswith(f"{told['byStatus'].get('eligible', 0)} of 17 ")
        assert seen.faults() == []


async def _count(seen: Browser, *filters: str) -> int:
    said = "&".join(f"f={one}" for one in filters)
    await seen.run(f"location.hash = {literal(said)}; new Promise(r => setTimeout(r, 30))")
    return int((await seen.run(SHOWN)).split()[0])


@needs_browser
async def test_rows_are_searched_filtered_sorted_and_exported(
    driven_at: str, tmp_path: Path
) -> None:
    rows = many(300)
    rows[7]["displayName"] = "=1+1"
    async with page(driven_at) as seen:
        path = report(rows).saved(tmp_path)
        await seen.open(address(path, "f=status|=|eligible|alreadyInvited&s=-userPrincipalName"))
        await seen.run("URL.createObjectURL = (b) => { window.saved = b; return 'data:,'; }")
        await seen.run("document.getElementById('csv').click()")
        saved = await seen.run("window.saved.text()")
        kept = [one for one in rows if one["status"] in {"eligible", "alreadyInvited"}]
        names = sorted((one["userPrincipalName"] for one in kept), reverse=True)
        cells = list(csv.DictReader(io.StringIO(saved.removeprefix("\ufeff"))))
        assert [line["userPrincipalName"] for line in cells] == names
        assert (await seen.run(FIRST_CELLS))[0].startswith(names[0])
        await seen.run("navigator.clipboard.writeText = async (t) => { window.copied = t; }")
        await seen.run("document.getElementById('bulk').click()")
        lines = (await seen.run("window.copied")).splitlines()
        assert lines[0] == "invitedUser.id,invitedUserEmailAddress"
        assert len(lines) - 1 == Counter(one["status"] for one in rows)["eligible"]
        await seen.run("document.getElementById('clear').click()")
        await seen.run(
            "const s = document.getElementById('search'); s.value = '=1+1';"
            "s.dispatchEvent(new Event('input'))"
        )
        assert await seen.run(SHOWN) == "1 of 300 people"
        assert "q=%3D1%2B1" in await seen.run("location.hash")
        await seen.run("document.getElementById('csv').click()")
        assert ",'=1+1," in await seen.run("window.saved.text()")
        for said, wanted in {
            "pendingDays|0": sum(one["pendingDays"] is None for one in rows),
            "pendingDays|1": sum(one["pendingDays"] is not None for one in rows),
            "domain|!|partner1.example|partner2.example": sum(
                one["domain"] not in {"partner1.example", "partner2.example"} for one in rows
            ),
        }.items():
            assert await _count(seen, said) == wanted
        assert seen.faults() == []


@needs_browser
async def test_only_rows_in_sight_are_drawn_and_the_keyboard_reaches_all(
    driven_at: str, tmp_path: Path
) -> None:
    async with page(driven_at) as seen:
        await seen.open(address(report(many(5000)).saved(tmp_path)))
        assert len(await seen.run(FIRST_CELLS)) < 60
        await seen.run("document.getElementById('scroller').scrollTop = 1e9")
        await seen.run("new Promise(r => requestAnimationFrame(() => setTimeout(r, 50)))")
        drawn = await seen.run(FIRST_CELLS)
        assert drawn[-1].startswith("person4999@")
        await seen.run("document.querySelector('#table th button').click()")
        sorted_by = "document.querySelector('#table th').getAttribute('aria-sort')"
        assert await seen.run(sorted_by) == "ascending"
        assert await seen.run("document.activeElement.title") == "userPrincipalName"
        pdf = await seen.send("Page.printToPDF")
        assert len(pdf["data"]) > 10_000
        assert seen.faults() == []


@needs_browser
@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed (make setup)")
@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("liked", ["light", "dark"])
async def test_axe_finds_nothing_against_wcag_a_and_aa(
    driven_at: str, tmp_path: Path, width: int, liked: str
) -> None:
    async with page(driven_at) as seen:
        await scheme(seen, liked)
        await resize(seen, width)
        await seen.open(address(report(many(200)).saved(tmp_path), "f=status|=|eligible"))
        # Nothing but the table scrolls sideways.
        assert await seen.run("document.documentElement.scrollWidth <= innerWidth")
        await seen.run(AXE.read_text() + "\n;0")
        found = await seen.run(f"axe.run(document, {json.dumps(RULES)}).then(r => r.violations)")
        assert [(one["id"], [n["html"] for n in one["nodes"][:3]]) for one in found] == []
        await seen.run("document.querySelector('#table tbody button').click()")
        found = await seen.run(f"axe.run(document, {json.dumps(RULES)}).then(r => r.violations)")
        assert [(one["id"], [n["html"] for n in one["nodes"][:3]]) for one in found] == []


@needs_browser
async def test_on_paper_nothing_is_folded_or_cut_off(driven_at: str, tmp_path: Path) -> None:
    folded = "document.querySelectorAll('.card details:not([open])').length"
    async with page(driven_at, 1000) as seen:
        await seen.send("Emulation.setEmulatedMedia", media="print")
        await seen.open(address(report(many(1200)).saved(tmp_path)))
        before = await seen.run(folded)
        await seen.run("dispatchEvent(new Event('beforeprint'))")
        assert (before > 0, await seen.run(folded)) == (True, 0)
        assert await seen.run("document.documentElement.scrollWidth <= innerWidth")
        assert len(await seen.run(FIRST_CELLS)) == 1000
        # Heads that are buttons would stand on the first page alone.
        heads = await seen.run(
            "[...document.querySelectorAll('#table th')].map("
            "c => [getComputedStyle(c, '::after').content, c.firstChild.textContent])"
        )
        assert all(shown == f'"{name}"' for shown, name in heads)
        await seen.send("Emulation.setEmulatedMedia", media="screen")
        await seen.run("dispatchEvent(new Event('afterprint'))")
        assert await seen.run(folded) == before
        assert len(await seen.run(FIRST_CELLS)) < 60
        assert seen.faults() == []
