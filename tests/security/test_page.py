"""The page of the threats is true."""

from __future__ import annotations

from pathlib import Path

from tests import promises

ROOT = Path(__file__).parents[2]


def test_every_threat_of_the_page_is_proved_by_the_tests_it_names() -> None:
    page = (ROOT / "docs" / "security.md").read_text()
    assert "| S13 |" in page
    assert promises.broken(page, "S") == []
