"""``b2b`` is installed with its extra, and the function's packages stay as they are."""

from __future__ import annotations

import re
import shlex
import tomllib

import pytest
import typer.main

from cli import start
from cli.app import app
from local.package import FILES
from local.world import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "cli").rglob("*.py")])
CALL = re.compile(r"(?:`|^ *)(b2b [^`\n]*)", re.MULTILINE)


def test_console_script_starts_the_application() -> None:
    assert PROJECT["project"]["scripts"] == {"b2b": f"{start.__name__}:{start.main.__name__}"}


def test_function_gets_nothing_of_the_extra() -> None:
    locked = (ROOT / "requirements.txt").read_text()
    extra = PROJECT["project"]["optional-dependencies"]["cli"]
    assert extra
    assert [name for name in extra if re.search(rf"^{name}\b", locked, re.MULTILINE)] == []
    assert [name for name in FILES if name.startswith(("cli", "pyproject"))] == []


def test_without_the_extra_it_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert start.main() == 2
    assert "uv tool install '.[cli]'" in capsys.readouterr().err


def calls() -> list[tuple[str, str]]:
    """Return every line of the pages that is a call of ``b2b``."""
    return [(page.name, call.strip()) for page in PAGES for call in CALL.findall(page.read_text())]


@pytest.mark.parametrize(("page", "call"), calls())
def test_call_of_the_docs_is_one_that_there_is(page: str, call: str) -> None:
    words = shlex.split(call.partition("  #")[0].partition(" > ")[0], comments=False)[1:]
    command = typer.main.get_command(app)
    while words and (inner := getattr(command, "commands", {}).get(words[0])):
        command, words = inner, words[1:]
    known = {name for parameter in command.params for name in parameter.opts}
    known |= {name for parameter in command.params for name in parameter.secondary_opts}
    known |= {"--help"}
    assert not hasattr(command, "commands") or set(words) <= known, f"{page}: no such verb"
    assert {word for word in words if word.startswith("-")} <= known, page
