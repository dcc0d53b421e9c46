"""What an operator changes mail with: the catalogues' and the preview's commands, the package."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from converters.mail.writer import HERE, OWN, TEMPLATES, Writer
from converters.model.addresses import AddressMalformed, mail_address
from local import catalogues, letters, package
from local.letters import LETTER, SETTINGS
from local.world import ROOT

if TYPE_CHECKING:
    from pathlib import Path

PAGE = (ROOT / "docs" / "mail.md").read_text()


def test_every_mail_is_written_to_be_looked_at(tmp_path: Path) -> None:
    pages = letters.write(tmp_path)
    assert (
        len(pages) == len(list(tmp_path.glob("*.eml"))) == len(list(tmp_path.glob("*.txt"))) == 15
    )
    assert {page.name for page in pages} >= {"en-invitation.html", "ja-reminder.html"}
    assert all(page.read_text().startswith("<!doctype html>") for page in pages)


def test_commands_are_those_of_the_docs() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "local", "mail"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    assert "dist/mail/en-invitation.html" in done.stdout
    makefile = (ROOT / "Makefile").read_text()
    wanted = set(re.findall(r"`make (mail[\w-]*)", PAGE))
    assert wanted == {"mail", "mail-texts"}
    assert {one for one in wanted if f"\n{one}: setup" not in makefile} == set()


def test_language_is_begun_translated_and_compiled(tmp_path: Path) -> None:
    path = catalogues.begin("it", tmp_path)
    assert catalogues.begin("it", tmp_path) == path
    missing = dict(catalogues.update(own=tmp_path))
    assert missing[path] > 25
    path.write_text(
        path.read_text().replace('msgid "Hello,"\nmsgstr ""', 'msgid "Hello,"\nmsgstr "Salve,"')
    )
    assert dict(catalogues.update(own=tmp_path))[path] == missing[path] - 1
    writer = Writer(SETTINGS, tmp_path)
    assert writer.tags == ["de", "en", "es", "fr", "it", "ja"]


def test_texts_of_own_templates_are_found_too(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "subject.txt").write_text(
        "{% trans count=note|length %}One line{% pluralize %}{{ count }} lines{% endtrans %}"
    )
    path = catalogues.begin("nl", tmp_path)
    catalogues.update(own=tmp_path)
    plural = "One line", "%(count)s lines"
    assert {plural, "Hello,"} <= {one.id for one in catalogues.read(path)}
    missing = dict(catalogues.update(own=tmp_path))[path]
    text = path.read_text()
    text = text.replace('msgstr[0] ""', 'msgstr[0] "Een regel"')
    path.write_text(text.replace('msgstr[1] ""', 'msgstr[1] "%(count)s regels"'))
    assert dict(catalogues.update(own=tmp_path))[path] == missing - 1
    writer = Writer(SETTINGS, tmp_path)
    for note, subject in (("a", b"Subject: Een regel\r"), ("a\nb", b"Subject: 2 regels\r")):
        assert subject in writer.write(replace(LETTER, language="nl", text=note))


def test_package_and_installation_have_templates_and_texts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needed = {
        path.relative_to(ROOT).as_posix()
        for path in HERE.rglob("*")
        if path.suffix in (".html", ".txt", ".mo")
    }
    assert len(needed) == len(TEMPLATES) + 4
    with zipfile.ZipFile(package.write(tmp_path / "package.zip")) as found:
        names = set(found.namelist())
    assert needed <= names
    assert not [name for name in names if name.endswith(".po")]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    patterns = project["tool"]["setuptools"]["package-data"]["converters.mail"]
    installed = {path for one in patterns for path in HERE.glob(one)}
    assert {path.relative_to(ROOT).as_posix() for path in installed} == needed
    # An operator's own stand beside the code.
    (tmp_path / "converters").symlink_to(ROOT / "converters")
    (tmp_path / "mail" / "templates").mkdir(parents=True)
    (tmp_path / "mail" / "templates" / "subject.txt").write_text("x")
    for name in package.FILES:
        (tmp_path / name).write_text("")
    monkeypatch.setattr(package, "ROOT", tmp_path)
    with zipfile.ZipFile(package.write(tmp_path / "package.zip")) as found:
        assert "mail/templates/subject.txt" in found.namelist()


def test_writer_of_an_opened_package_finds_its_files(tmp_path: Path) -> None:
    with zipfile.ZipFile(package.write(tmp_path / "package.zip")) as found:
        found.extractall(tmp_path / "app")
    own = tmp_path / "app" / OWN.relative_to(ROOT) / "templates"
    own.mkdir(parents=True)
    own.joinpath("subject.txt").write_text("Own subject")
    script = (
        "from converters.mail.writer import Writer; from converters.mail.letter import Letter;"
        " from converters.settings.mail import MailSettings;"
        f" import datetime; writer = Writer({SETTINGS!r});"
        f" print(writer.write(Letter(**{_fields()!r})).decode())"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path / "app",
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    assert "\nSubject: Own subject\n" in done.stdout
    assert "Content-Language: ja" in done.stdout


def _fields() -> dict[str, object]:
    return {name: getattr(LETTER, name) for name in LETTER.__slots__} | {"language": "ja"}


def test_names_that_templates_can_say_are_those_of_the_docs() -> None:
    table = PAGE.split("| name | what it is |")[1].split("\n\n")[0]
    told = {
        name
        for line in table.splitlines()[2:]
        for name in re.findall(r"`(\w+)`", line.split("|")[1])
    }
    said = Writer(SETTINGS)._said(LETTER, "en")  # noqa: SLF001 - what templates are given
    assert told == set(said) - {"catalogue"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a+b@Partner.Example", "a+b@partner.example"),
        ("x@bücher.example", "x@xn--bcher-kva.example"),
        ("o'brien@partner.example.", "o'brien@partner.example"),
    ],
)
def test_address_that_mail_is_sent_to_is_normalised(text: str, found: str) -> None:
    assert mail_address(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "a@",
        "@b.example",
        "a@b",
        "a..b@c.example",
        ".a@c.example",
        '"a b"@c.example',
        "a,b@c.example",
        "a@b@c.example",
        "a\r\n@c.example",
        "ä@c.example",
        f"{'a' * 65}@c.example",
        f"{'a' * 60}@{'.'.join(['b' * 60] * 4)}",
    ],
)
def test_address_that_no_mail_is_sent_to_is_refused(text: str) -> None:
    with pytest.raises(AddressMalformed):
        mail_address(text)
