"""README says what the code does: its rule table is the code's."""

from __future__ import annotations

import re
from pathlib import Path

from converters.policy.eligibility import RULES

README = (Path(__file__).parent.parent / "README.md").read_text()
MOST_LINES = 200
PLACEHOLDER = re.compile(r"[{]\w+[}]")


def rule_table() -> str:
    """Write the rule table as README has to have it."""
    rows = [
        f"| `{rule.code}`{' ¹' if rule.lowerable else ''}"
        f" | {PLACEHOLDER.sub('*…*', rule.message)} | {rule.owner} |"
        for rule in RULES
    ]
    return "\n".join(["| code | what is so | who can change it |", "|---|---|---|", *rows])


def test_rule_table_is_the_code() -> None:
    begin, end = README.index("| code | what is so"), README.index("\n<!-- end of rules")
    assert README[begin:end] == rule_table()


def test_readme_stays_short() -> None:
    assert len(README.splitlines()) <= MOST_LINES


def test_every_setting_that_the_code_reads_is_described() -> None:
    source = (Path(__file__).parent.parent / "converters" / "settings" / "settings.py").read_text()
    keys = set(re.findall(r'"([A-Z]+(?:_[A-Z]+)+(?:__\w+)?)"', source))
    assert "ALLOWED_EMAIL_DOMAINS" in keys
    assert {key for key in keys if key.partition("__")[0] not in README} == set()
