"""Settings: the environment goes before a file, a file before azd; the local world stands alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cli.configuring import LOCAL_WORLD, environment, parsed
from cli.ending import WrongCall
from local import world

if TYPE_CHECKING:
    from pathlib import Path

LINES = {
    "A=1": {"A": "1"},
    "  export A = x y  # remark": {"A": "x y"},
    'A="x \\"y\\" # z"': {"A": 'x "y" # z'},
    'A="C:\\q"': {"A": "C:\\q"},
    "A='x # y'": {"A": "x # y"},
    "A=k==;Q=http://h#x": {"A": "k==;Q=http://h#x"},
    "A=": {"A": ""},
    "# A=1": {},
    "no line": {},
}


@pytest.mark.parametrize("line", LINES)
def test_line_of_an_env_file_is_read(line: str) -> None:
    assert parsed([line]) == LINES[line]


@pytest.fixture
def azd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an azd that prints what a deployment's environment has; work in an empty folder."""
    program = tmp_path / "bin" / "azd"
    program.parent.mkdir()
    program.write_text(
        "#!/bin/sh\n"
        'test "$*" = "env get-values --no-prompt" || exit 1\n'
        "echo 'queueServiceUri=\"https://acc.queue.core.windows.net/\"'\n"
        "echo 'ALLOWED_EMAIL_DOMAINS=\"azd.example\"'\n"
    )
    program.chmod(0o755)
    for name in ("CONVERSION_STORAGE", "ALLOWED_EMAIL_DOMAINS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    monkeypatch.chdir(tmp_path)
    return program


@pytest.mark.usefixtures("azd")
def test_azd_is_asked_where_nothing_says_where_storage_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = environment(local=False, env_file=None)
    assert found["CONVERSION_STORAGE__queueServiceUri"] == "https://acc.queue.core.windows.net/"
    assert found["CONVERSION_STORAGE__tableServiceUri"] == "https://acc.table.core.windows.net/"
    assert found["ALLOWED_EMAIL_DOMAINS"] == "azd.example"
    monkeypatch.setenv("ALLOWED_EMAIL_DOMAINS", "own.example")
    assert environment(local=False, env_file=None)["ALLOWED_EMAIL_DOMAINS"] == "own.example"
    monkeypatch.setenv("CONVERSION_STORAGE", "own")
    assert "queueServiceUri" not in environment(local=False, env_file=None)


def test_azd_that_fails_tells_nothing(azd: Path) -> None:
    azd.write_text("#!/bin/sh\nexit 1\n")
    assert "ALLOWED_EMAIL_DOMAINS" not in environment(local=False, env_file=None)
    azd.unlink()
    assert "ALLOWED_EMAIL_DOMAINS" not in environment(local=False, env_file=None)


@pytest.mark.usefixtures("azd")
def test_file_stands_between_environment_and_azd(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("\ufeffALLOWED_EMAIL_DOMAINS=env.example\nTENANT_ID=t\n")
    found = environment(local=False, env_file=None)
    assert (found["ALLOWED_EMAIL_DOMAINS"], found["TENANT_ID"]) == ("env.example", "t")
    (tmp_path / "other").write_text("ALLOWED_EMAIL_DOMAINS=other.example\n")
    monkeypatch.setenv("TENANT_ID", "own")
    found = environment(local=False, env_file=tmp_path / "other")
    assert (found["ALLOWED_EMAIL_DOMAINS"], found["TENANT_ID"]) == ("other.example", "own")


@pytest.mark.parametrize(("name", "content"), [("none", None), ("latin", b"A=\xff")])
def test_file_that_cannot_be_read_is_named(
    tmp_path: Path, name: str, content: bytes | None
) -> None:
    if content:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(WrongCall, match=name):
        environment(local=False, env_file=tmp_path / name)


def test_local_world_is_found_from_below_and_stands_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert world.LOCAL_WORLD == LOCAL_WORLD
    running = world.World({})
    running.environment = {"CONVERSION_STORAGE": "local"}
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    monkeypatch.setenv("CONVERSION_STORAGE", "production")
    with world.told_where(running, tmp_path):
        assert environment(local=True, env_file=None) == running.environment
    with pytest.raises(WrongCall, match="make start"):
        environment(local=True, env_file=None)
    (tmp_path / LOCAL_WORLD).write_text(json.dumps([1]))
    with pytest.raises(WrongCall, match="cannot be read"):
        environment(local=True, env_file=None)
