"""Every text is translated in every language, and each reader gets the one that comes nearest."""

from __future__ import annotations

import gettext
import re
import shutil
from typing import TYPE_CHECKING

import pytest

from converters.mail.languages import Languages, direction
from converters.mail.writer import HERE
from converters.model.errors import SettingsInvalid
from local import catalogues

if TYPE_CHECKING:
    from pathlib import Path

SOURCES = list(catalogues.sources(HERE))
TEXTS = {str(message.id) for message in catalogues.template([HERE]) if message.id}
PLACEHOLDER = re.compile(r"%\((\w+)\)s|(%)")


def translations(path: Path) -> dict[str, str]:
    """Return what a catalogue has, without what is not translated."""
    found = {str(one.id): str(one.string) for one in catalogues.read(path) if one.id and one.string}
    assert found
    return found


def test_languages_are_those_that_are_promised() -> None:
    assert Languages([HERE / "languages"]).tags == ["de", "en", "es", "fr", "ja"]
    assert len(SOURCES) == 4
    assert len(TEXTS) > 25


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.parent.parent.name)
def test_every_text_is_translated_and_no_other(path: Path) -> None:
    found = translations(path)
    assert set(found) == TEXTS
    # What is not translated would read as English, and what stands twice was copied.
    assert {text for text, translated in found.items() if text == translated} == set()
    assert len(set(found.values())) == len(found)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.parent.parent.name)
def test_placeholders_are_the_same_and_no_text_is_markup(path: Path) -> None:
    wrong = [
        text
        for text, translated in translations(path).items()
        if sorted(PLACEHOLDER.findall(text)) != sorted(PLACEHOLDER.findall(translated))
        or set("<>&{}") & set(text + translated)
        or translated != translated.strip()
        # A sentence stays one.
        or (text[-1] == "." and translated[-1] not in ".。")
    ]
    assert wrong == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.parent.parent.name)
def test_compiled_catalogue_belongs_to_its_source(path: Path) -> None:
    assert path.with_suffix(".mo").read_bytes() == catalogues.compiled(catalogues.read(path))
    with path.with_suffix(".mo").open("rb") as file:
        read = gettext.GNUTranslations(file)
    assert {text: read.gettext(text) for text in TEXTS} == translations(path)


def test_bringing_up_to_date_changes_nothing_where_nothing_changed(tmp_path: Path) -> None:
    copy = tmp_path / "mail"
    shutil.copytree(HERE, copy)
    assert [missing for _, missing in catalogues.update(copy, tmp_path / "own")] == [0] * 4
    for path in HERE.glob("languages/*/LC_MESSAGES/*"):
        assert (copy / path.relative_to(HERE)).read_bytes() == path.read_bytes(), path


def test_new_text_is_put_into_every_catalogue_and_a_dead_one_taken_out(tmp_path: Path) -> None:
    copy = tmp_path / "mail"
    shutil.copytree(HERE, copy)
    page = copy / "templates" / "letter.txt"
    page.write_text(page.read_text().replace("The invitation:", "Here it is:"))
    assert [missing for _, missing in catalogues.update(copy, tmp_path / "own")] == [1] * 4
    (path, *_) = catalogues.sources(copy)
    assert set(translations(path)) == TEXTS - {"The invitation:"}
    assert {one.id for one in catalogues.read(path) if not one.string} == {"Here it is:"}


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("de", "de"),
        ("DE", "de"),
        ("de-CH", "de"),
        ("de_CH", "de"),
        ("de-CH-1996", "de"),
        ("de-x-private", "de"),
        ("ja-JP", "ja"),
        ("en-GB", "en"),
        ("es-419", "es"),
        ("it", None),
        ("deu", None),
        ("x-de", None),
        ("", None),
        ("-", None),
        (None, None),
    ],
)
def test_language_that_comes_nearest_is_found(wanted: str | None, found: str | None) -> None:
    assert Languages([HERE / "languages"]).find(wanted) == found


def compiled(folder: Path, tag: str, text: str) -> None:
    """Put a catalogue with one text into a folder."""
    path = catalogues.begin(tag, folder)
    catalogue = catalogues.read(path)
    catalogue.add("Hello,", text)
    path.with_suffix(".mo").write_bytes(catalogues.compiled(catalogue))


def test_earlier_folder_goes_first_and_the_rest_is_found_behind_it(tmp_path: Path) -> None:
    compiled(tmp_path, "de", "Servus!")
    compiled(tmp_path, "pt_BR", "Olá!")
    languages = Languages([tmp_path / "languages", HERE / "languages"])
    assert languages.tags == ["de", "en", "es", "fr", "ja", "pt-BR"]
    assert languages.find("pt-br") == languages.find("pt_BR") == "pt-BR"
    assert languages.find("pt") is None
    assert languages.catalogue("de").gettext("Hello,") == "Servus!"
    assert languages.catalogue("de").gettext("Questions?") == "Fragen?"
    assert languages.catalogue("pt-BR").gettext("Hello,") == "Olá!"
    assert languages.catalogue("pt-BR").gettext("Questions?") == "Questions?"


@pytest.mark.parametrize("data", [b"", b"no catalogue at all", b"\xde\x12\x04\x95cut off"])
def test_catalogue_that_cannot_be_read_is_told_at_the_start(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "languages" / "it" / "LC_MESSAGES" / "mail.mo"
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    with pytest.raises(SettingsInvalid, match="The catalogue of it can't be read"):
        Languages([tmp_path / "languages"])


def test_catalogue_whose_plurals_make_no_sense_is_told_at_the_start(tmp_path: Path) -> None:
    compiled(tmp_path, "it", "Ciao,")
    path = tmp_path / "languages" / "it" / "LC_MESSAGES" / "mail.mo"
    path.write_bytes(path.read_bytes().replace(b"n == 1", b"n !! 1"))
    with pytest.raises(SettingsInvalid, match="The catalogue of it can't be read"):
        Languages([tmp_path / "languages"])


def test_direction_follows_the_language() -> None:
    for tag in ("ar", "dv", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi", "he-IL", "fa-AF"):
        assert direction(tag) == "rtl"
    for tag in ("en", "ja", "de-AR", "da", "fy"):
        assert direction(tag) == "ltr"
