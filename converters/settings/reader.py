"""Settings read one by one from a mapping of texts; what is wrong with them is collected."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from converters.model.addresses import AddressMalformed, DomainList, normal_domain

if TYPE_CHECKING:
    from collections.abc import Mapping

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# No longer than any bound needs: Python refuses to read numbers of thousands of digits.
_WHOLE = re.compile(r"[0-9]{1,18}")
_TABLE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]{2,62}")
# Reserved by the Table service, and the Functions host's own ("Understanding the Table service").
_RESERVED_TABLES = frozenset({"tables"})
_HOSTS_TABLES, _HOSTS_OWN = ("azurefunctions", "azurewebjobs"), "azure-webjobs-"
# What else the six fields mean is for the host to say.
_SCHEDULE = re.compile(r"[0-9A-Za-z*/,-]{1,64}(?: [0-9A-Za-z*/,-]{1,64}){5}")
# Least and most; 0 is Sunday, and 7 is none (NCrontab).
_SCHEDULE_BOUNDS = ((0, 59), (0, 59), (0, 23), (1, 31), (1, 12), (0, 6))
_NUMBERS = re.compile(r"[0-9]+")
LONGEST_QUEUE_NAME = 63
# What the host adds to a queue's name for the messages that every try failed on.
POISON = "-poison"
_QUEUE_NAME = re.compile(r"[a-z0-9](?:[a-z0-9]|-(?!-)){1,61}[a-z0-9]")


class SettingsReader:
    """Reads keys and collects in ``problems`` one sentence for each that is malformed."""

    def __init__(self, mapping: Mapping[str, str]) -> None:
        self._mapping = mapping
        self.problems: list[str] = []

    def text(self, key: str, default: str = "") -> str:
        """Return a key's text, or the default where it is missing or empty."""
        return self._mapping.get(key, "").strip() or default

    def list(self, key: str, default: str = "") -> list[str]:
        """Return the parts of a comma-separated text, in lower case."""
        return [part.strip().lower() for part in self.text(key, default).split(",") if part.strip()]

    def whole(self, key: str, default: int, least: int, most: int) -> int:
        """Return a whole number within bounds."""
        text = self.text(key, str(default))
        if _WHOLE.fullmatch(text) and least <= int(text) <= most:
            return int(text)
        self.problems.append(f"{key} must be a whole number from {least} to {most}.")
        return default

    def switch(self, key: str) -> bool:
        """Return whether a switch is on; off without the key."""
        text = self.text(key, "false").lower()
        if text not in ("true", "false"):
            self.problems.append(f"{key} must be true or false.")
        return text == "true"

    def limit(self, key: str) -> int | None:
        """Return a limit from 1, ``None`` without the key."""
        # 0 would be read as "none at all" by some and as "no limit" by others: it is neither.
        return self.whole(key, 1, 1, 1_000_000) if self.text(key) else None

    def hosts(self, key: str, default: str) -> frozenset[str]:
        """Return host names in their normal form."""
        found: frozenset[str] = frozenset()
        try:
            found = frozenset(normal_domain(name) for name in self.list(key, default))
        except AddressMalformed:
            self.problems.append(f"{key} must be host names, comma-separated.")
        return found

    def guid(self, key: str) -> str | None:
        """Return a GUID in lower case, ``None`` without the key."""
        text = self.text(key)
        if text and not GUID.fullmatch(text):
            self.problems.append(f"{key} must be a GUID.")
        return text.lower() or None

    def guids(self, key: str) -> frozenset[str]:
        """Return the GUIDs of a list, in lower case."""
        ids = self.list(key)
        if not all(GUID.fullmatch(text) for text in ids):
            self.problems.append(f"{key} must be object ids (GUIDs), comma-separated.")
        return frozenset(ids)

    def queue(self, key: str, default: str) -> str:
        """Return the name of a queue."""
        return self.queue_name(key, self.text(key, default))

    def queue_name(self, key: str, name: str) -> str:
        """Return a name that a key gives, which has to be a queue's."""
        if not _QUEUE_NAME.fullmatch(name):
            self.problems.append(
                f"{key} must be a queue name: 3 to 63 lower-case letters, digits, single hyphens."
            )
        if name.startswith(_HOSTS_OWN):
            self.problems.append(f"{key} must not begin with {_HOSTS_OWN}: the host's own do.")
        return name

    def table(self, key: str, default: str) -> str:
        """Return the name of a table."""
        name = self.text(key, default)
        if not _TABLE_NAME.fullmatch(name):
            self.problems.append(
                f"{key} must be a table name: 3 to 63 letters and digits, a letter first."
            )
        if name.lower() in _RESERVED_TABLES or name.lower().startswith(_HOSTS_TABLES):
            self.problems.append(f"{key} must not be {name}: that name is reserved.")
        return name

    def schedule(self, key: str, default: str) -> str:
        """Return a timer's NCRONTAB expression."""
        text = self.text(key, default)
        fields = zip(text.split(), _SCHEDULE_BOUNDS, strict=False)
        numbers_fit = all(
            least <= int(number) <= most
            for part, (least, most) in fields
            for number in _NUMBERS.findall(part)
        )
        if not _SCHEDULE.fullmatch(text) or not numbers_fit:
            self.problems.append(
                f"{key} must be an NCRONTAB expression of six fields: second, minute, hour, day,"
                " month, day of the week."
            )
        return text

    def domains(self, key: str) -> DomainList:
        """Return a list of domains."""
        found = DomainList.parse(())
        try:
            found = DomainList.parse(self.list(key))
        except AddressMalformed as error:
            self.problems.append(f"{key} has an entry that is no domain: {error}.")
        return found


def leads_to(url: str, hosts: frozenset[str]) -> bool:
    """Tell whether a URL leads a browser to one of the hosts, by https and nothing else."""
    # Browsers read a backslash as a slash and drop tabs and line ends: such a URL lies.
    if "\\" in url or not url.isascii() or any(c.isspace() or not c.isprintable() for c in url):
        return False
    parts = split_url(url)
    plain = parts.username is None and parts.password is None and parts.port in (None, 443)
    return parts.scheme == "https" and plain and (parts.hostname or "") in hosts


def split_url(url: str) -> SplitResult:
    """Take a URL apart; what is none has no parts."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - a port that is no number shows only when it is asked for
    except ValueError:
        return urlsplit("")
    return parts
