"""The locks hold for every pip that a machine may have, the deployment's included."""

from __future__ import annotations

import json
import re
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
LOCKS = ("requirements.txt", "requirements-dev.txt")
LINE = re.compile(r"^([\w.-]+)(?:\[([\w,-]+)\])?==", re.MULTILINE)


def locked(lock: str) -> dict[str, set[str]]:
    """Return the extras that a lock names, by package."""
    lines = LINE.findall((ROOT / lock).read_text())
    return {canonicalize_name(name): set(filter(None, extras.split(","))) for name, extras in lines}


def wanted(name: str) -> list[Requirement]:
    """Return what an installed package requires here."""
    try:
        found = [Requirement(text) for text in requires(name) or []]
    except PackageNotFoundError:
        # Locked for another platform or Python.
        return []
    return [one for one in found if not one.marker or one.marker.evaluate({"extra": ""})]


@pytest.mark.parametrize("lock", LOCKS)
def test_extras_are_locked_too(lock: str) -> None:
    # An older pip takes the newest release for a package with extras that are not, and then stops
    # since that one has no hash.
    extras = locked(lock)
    missing = {
        f"{one.name}[{','.join(sorted(one.extras))}]"
        for name in extras
        for one in wanted(name)
        if not one.extras <= extras.get(canonicalize_name(one.name), set())
    }
    assert missing == set()
    assert any(extras.values())


@pytest.mark.parametrize("lock", LOCKS)
def test_every_requirement_has_its_hash(lock: str) -> None:
    text = (ROOT / lock).read_text()
    matches = list(LINE.finditer(text))
    following = [text[match.end() :].split("\n", 2)[1].strip() for match in matches]
    assert len(matches) > 20
    assert [line for line in following if not line.startswith("--hash=sha256:")] == []


@pytest.mark.parametrize("folder", ["local/node", "tests/kql/node"])
def test_lock_of_npm_names_packages_and_hashes_and_no_registry(folder: str) -> None:
    packages = json.loads((ROOT / folder / "package-lock.json").read_text())["packages"]
    installed = [package for path, package in packages.items() if path]
    assert installed
    assert [one for one in installed if "integrity" not in one or "resolved" in one] == []
