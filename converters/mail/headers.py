"""Headers of a message, written so that every release of Python's library reads them back alike.

``email.message`` folds headers by itself, and several of its releases lose spaces, quotes or commas
of long names on the way: here only ``email.header`` is trusted, with one text at a time.
"""

from __future__ import annotations

import re
from email.header import Header
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# What a header may have of lines: each but the first begins with a space (RFC 5322, 2.2.3).
_FOLDED = re.compile(r"[\x20-\x7e]+(\r\n [\x20-\x7e]+)*")
# A subject and a name begin after their header's name.
_LONGEST_NAME = len("Subject: ")


def text(value: str) -> str:
    """Return an unstructured header's value, as encoded words (RFC 2047) where it has to be."""
    charset = "us-ascii" if value.isascii() and "=?" not in value else "utf-8"
    return Header(value, charset, 76 - _LONGEST_NAME).encode(linesep="\r\n")


def mailbox(address: str, name: str) -> str:
    """Return an address with a display name before it, where there is one."""
    if not name:
        return address
    if name.isascii() and "=?" not in name:
        return '"' + re.sub(r'(["\\])', r"\\\1", name) + f'" <{address}>'
    return f"{text(name)}\r\n <{address}>"


def block(headers: Mapping[str, str]) -> bytes:
    """Return headers as they are sent, each ended by CRLF.

    Raises:
        ValueError: where a value would be the end of its header, or has more than ASCII.
    """
    if any(not _FOLDED.fullmatch(value) for value in headers.values()):
        raise ValueError("a header's value has a line end or a character that no header has")
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode("ascii")
