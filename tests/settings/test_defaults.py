"""A setting without its key is what docs/reference/settings.md says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from converters.settings.settings import Settings

TABLE = (Path(__file__).parents[2] / "docs" / "reference" / "settings.md").read_text()
MAILS = {
    "MAIL_SENDER": "invitations@contoso.example",
    "MAIL_ORGANISATION": "Contoso",
    "TENANT_ID": "22222222-bbbb-4bbb-8bbb-222222222222",
}
LEAST = {"CONVERSION_STORAGE": "UseDevelopmentStorage=true", **MAILS}


def documented() -> dict[str, str]:
    """Return the defaults of the table, by their keys."""
    found: dict[str, str] = {}
    for line in TABLE.splitlines():
        if not line.startswith("| `"):
            continue
        keys, defaults = (re.split(", (?=`|none)", cell.strip()) for cell in line.split("|")[1:3])
        first = defaults[0].strip("`")
        for key, default in zip(keys, defaults, strict=False):
            text = default.strip("`")
            if default.startswith("`"):
                # As in: conversion-requests, -results.
                whole = first.partition("-")[0] + text if text.startswith("-") else text
                found[key.strip("`")] = whole
    return found


@pytest.mark.parametrize(("key", "default"), documented().items())
def test_default_is_the_documented_one(key: str, default: str) -> None:
    assert Settings.from_mapping(LEAST | {key: default}) == Settings.from_mapping(LEAST)


def test_table_has_defaults_of_its_own_for_most_keys() -> None:
    defaults = documented()
    assert len(defaults) >= 25
    assert defaults["DEAD_LETTERS_QUEUE"] == "conversion-dead-letters"
    assert (defaults["QUOTA_QUEUE"], defaults["RETRY_BASE_SECONDS"]) == ("conversion-quota", "5")
