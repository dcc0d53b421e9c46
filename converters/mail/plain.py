"""Texts of others made harmless: no control characters, nothing a mail program makes a link of."""

from __future__ import annotations

import re
import unicodedata

LONGEST_NAME = 100
# Joiners and variation selectors that many scripts and emoji are written with.
_KEPT = frozenset("\u200c\u200d")
_UNSEEN = "".join(sorted(_KEPT))
# Controls, formats (they turn the direction of writing, or hide), surrogates, private, unassigned.
_DROPPED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_LINE_END = re.compile(r"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
# Mail programs link what has a scheme, an @, or dots between letters (www.x.example, x.example);
# some take the wide forms of these for the same (UTS 46).
_LINKING = re.compile(
    r"(?<=\S)[.:@/\\\uff0e\u3002\uff61\uff1a\uff20\uff0f\ufe52\ufe55\ufe6b](?=\S)"
)
_BREAK = "\u200b"


def one_line(text: str) -> str:
    """Return a text as one line without control characters."""
    return " ".join("".join(map(_harmless, text)).split())


def shown(text: str | None) -> str:
    """Return a person's name as one line of a bearable length, empty where there is none."""
    return one_line(text or "")[:LONGEST_NAME].rstrip()


def name(text: str | None) -> str:
    """Return a person's name as one line that is no link, empty where there is none."""
    return unlinked(shown(text))


def lines(text: str | None) -> list[str]:
    """Return the lines of a text, none of them a link, without empty ones at its ends."""
    found = [unlinked(one_line(line)) for line in _LINE_END.split(text or "")]
    seen = [number for number, line in enumerate(found) if line.strip(_UNSEEN)]
    return found[seen[0] : seen[-1] + 1] if seen else []


def unlinked(text: str) -> str:
    """Return a text that reads the same and that mail programs find no address in.

    A space of no width stands before each character that would make one.
    """
    return _LINKING.sub(lambda found: _BREAK + found[0], text)


def _harmless(character: str) -> str:
    if character.isspace() or character in _KEPT:
        return character
    return "" if unicodedata.category(character) in _DROPPED else character
