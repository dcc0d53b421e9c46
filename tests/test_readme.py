"""README stays short, and the pages of reference say what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from converters.model.outcome import Status
from local import reference

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
REFERENCE = ROOT / "docs" / "reference"
MOST_LINES = 120
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "infra/README.md")]
PAGES += sorted((ROOT / "docs").rglob("*.md"))


@pytest.mark.parametrize(("page", "mark"), reference.tables())
def test_table_of_the_reference_is_the_code(page: str, mark: str) -> None:
    text, table = (REFERENCE / page).read_text(), reference.tables()[page, mark]
    assert reference.with_table(text, mark, table) == text, "run `python -m local reference`"


def test_readme_stays_short() -> None:
    assert len(README.splitlines()) <= MOST_LINES


def test_every_setting_that_the_code_reads_is_described() -> None:
    modules = sorted((ROOT / "converters" / "settings").glob("*.py"))
    source = "".join(module.read_text() for module in modules)
    keys = set(re.findall(r'"([A-Z]+(?:_[A-Z]+)+(?:__\w+)?)"', source))
    described = (REFERENCE / "settings.md").read_text()
    assert "ALLOWED_EMAIL_DOMAINS" in keys
    assert {key for key in keys if f"`{key.partition('__')[0]}`" not in described} == set()


def test_every_status_is_described() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", (REFERENCE / "outcome.md").read_text(), re.MULTILINE)
    assert set(rows) >= set(Status)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]*)#?[^)]*\)", page.read_text())
    assert [link for link in links if link and not (page.parent / link).exists()] == []
