"""The catalogues of own mail's texts: ``python -m local mail-texts`` brings them up to date.

Texts are taken out of the templates, put into every ``mail.po`` that there is, where somebody
translates them, and compiled to the ``mail.mo`` beside it, which is what the function reads.
"""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from converters.mail.languages import DOMAIN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from babel.messages.catalog import Message

ROOT = Path(__file__).resolve().parent.parent
SHIPPED, OWN = ROOT / "converters" / "mail", ROOT / "mail"
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
_HEADER = """\
msgid ""
msgstr ""
"Language: {}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: {}\\n"

"""
_METHOD = "jinja2.ext:babel_extract"
OPTIONS = {"trimmed": "true", "newstyle_gettext": "true", "silent": "false"}


def template(folders: Sequence[Path]) -> Catalog:
    """Return a catalogue of the texts in some folders' templates, untranslated."""
    found = Catalog(domain=DOMAIN)
    for folder in folders:
        for path in sorted((folder / "templates").glob("*.*")):
            with path.open("rb") as file:
                for _, text, _, _ in extract(_METHOD, file, DEFAULT_KEYWORDS, (), OPTIONS):
                    found.add(text)
    return found


def sources(folder: Path) -> Iterator[Path]:
    """Yield the catalogues that stand in a folder, as they are edited."""
    yield from sorted(folder.glob(f"languages/*/LC_MESSAGES/{DOMAIN}.po"))


def read(path: Path) -> Catalog:
    """Return a catalogue."""
    with path.open("rb") as file:
        catalogue = read_po(file, locale=path.parent.parent.name.replace("-", "_"), domain=DOMAIN)
    # When and by whom a text was translated is for version control to know.
    catalogue.creation_date = catalogue.revision_date = _LONG_AGO
    catalogue.project, catalogue.version = "b2b-converter", "1"
    catalogue.last_translator = catalogue.language_team = catalogue.msgid_bugs_address = ""
    catalogue.fuzzy = False
    return catalogue


def update(shipped: Path = SHIPPED, own: Path = OWN) -> list[tuple[Path, int]]:
    """Bring all catalogues up to date and compile them; return how many texts each misses."""
    texts = {shipped: template([shipped]), own: template([shipped, own])}
    return [(path, _update(path, texts[one])) for one in texts for path in sources(one)]


def begin(tag: str, folder: Path = OWN) -> Path:
    """Begin a language, where it is not there yet; return where its texts are translated."""
    path = folder / "languages" / tag / "LC_MESSAGES" / f"{DOMAIN}.po"
    if not path.exists():
        path.parent.mkdir(parents=True)
        _write(path, Catalog(locale=tag.replace("-", "_"), domain=DOMAIN))
    return path


def compiled(catalogue: Catalog) -> bytes:
    """Return a catalogue as the function reads it; what is not translated is left out."""
    file = io.BytesIO()
    write_mo(file, catalogue)
    return file.getvalue()


def _update(path: Path, texts: Catalog) -> int:
    catalogue = read(path)
    catalogue.update(texts, no_fuzzy_matching=True)
    _write(path, catalogue)
    _put(path.with_suffix(".mo"), compiled(read(path)))
    return sum(not _is_translated(message) for message in catalogue if message.id)


def _is_translated(message: Message) -> bool:
    # A text with a number in it has as many forms as the language has.
    return all(message.string) if isinstance(message.string, tuple) else bool(message.string)


def _write(path: Path, catalogue: Catalog) -> None:
    file = io.BytesIO()
    file.write(_HEADER.format(catalogue.locale_identifier, catalogue.plural_forms).encode())
    write_po(file, catalogue, width=0, no_location=True, omit_header=True, ignore_obsolete=True)
    _put(path, file.getvalue())


def _put(path: Path, data: bytes) -> None:
    """Write a file, unless it is so already: somebody may be reading it."""
    if not path.exists() or path.read_bytes() != data:
        path.write_bytes(data)
