"""The languages that mail is written in, and the one that a reader gets."""

from __future__ import annotations

import gettext
import struct
from typing import TYPE_CHECKING

from converters.model.errors import SettingsInvalid

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

DOMAIN = "mail"
# What the templates themselves are written in.
SOURCE = "en"
# Written from right to left, by the first part of the tag.
_RIGHT_TO_LEFT = frozenset({"ar", "dv", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi"})


class Languages:
    """The catalogues in some folders; what stands in an earlier folder goes first.

    A folder holds ``<tag>/LC_MESSAGES/mail.mo``, the tag as in ``de`` or ``pt-BR``.

    Raises:
        SettingsInvalid: where one cannot be read.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._catalogues: dict[str, gettext.NullTranslations] = {}
        self._tags: dict[str, str] = {SOURCE: SOURCE}
        for folder in folders:
            for path in sorted(folder.glob(f"*/LC_MESSAGES/{DOMAIN}.mo")):
                self._add(path.parent.parent.name.replace("_", "-"), path)

    def _add(self, tag: str, path: Path) -> None:
        try:
            with path.open("rb") as file:
                found = gettext.GNUTranslations(file)
        # What the library says of a file that is cut off or none of its own.
        except (OSError, ValueError, struct.error) as error:
            raise SettingsInvalid([f"The catalogue of {tag} can't be read: {error}."]) from error
        self._tags.setdefault(tag.lower(), tag)
        if tag.lower() in self._catalogues:
            self._catalogues[tag.lower()].add_fallback(found)
        else:
            self._catalogues[tag.lower()] = found

    @property
    def tags(self) -> list[str]:
        """The tags of all languages there are."""
        return sorted(self._tags.values())

    def find(self, wanted: str | None) -> str | None:
        """Return the tag that comes nearest, ``None`` where there is none.

        By lookup: de-CH-1996, de-CH, de. Source: RFC 4647, section 3.4.
        """
        parts = wanted.replace("_", "-").lower().split("-") if wanted else []
        while parts and "-".join(parts) not in self._tags:
            parts.pop()
            # A single letter opens what has just been taken away.
            while parts and len(parts[-1]) == 1:
                parts.pop()
        return self._tags["-".join(parts)] if parts else None

    def catalogue(self, tag: str) -> gettext.NullTranslations:
        """Return the texts of a language that there is."""
        return self._catalogues.get(tag.lower()) or gettext.NullTranslations()


def direction(tag: str) -> str:
    """Return the direction a language is written in, as HTML's ``dir`` names it."""
    return "rtl" if tag.lower().partition("-")[0] in _RIGHT_TO_LEFT else "ltr"
