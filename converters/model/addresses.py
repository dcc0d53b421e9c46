"""E-mail addresses and domains: normal forms, and lists of domains. Pure text, no I/O."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import idna

if TYPE_CHECKING:
    from collections.abc import Iterable

# "Invite internal users" field reports: Entra refuses these in the part before the @.
FORBIDDEN_IN_LOCAL_PART = frozenset('~!#$%^&*()+=[]{}\\/|;:"<>?,')
LONGEST_ADDRESS = 254
LONGEST_LOCAL_PART = 64
LONGEST_DOMAIN = 253
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
# A dot-atom, RFC 5322 section 3.2.3: what stands before an @ without quotes.
_DOT_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")


class AddressMalformed(ValueError):  # noqa: N818 - reads as the sentence it is
    """The text is no address that B2B collaboration takes; the message says why, without it."""


@dataclass(frozen=True, slots=True)
class EmailAddress:
    """An address that B2B collaboration can take.

    Attributes:
        local: the part before the ``@``, as it was written.
        domain: the part after it, lower case, internationalised labels as A-labels.
    """

    local: str
    domain: str

    @property
    def checked(self) -> str:
        """The address with its domain as it was checked: what is sent to Graph."""
        return f"{self.local}@{self.domain}"

    @property
    def key(self) -> str:
        """The form by which two addresses are compared: lower case, domain normalised."""
        return f"{self.local.lower()}@{self.domain}"

    @classmethod
    def parse(cls, text: str) -> EmailAddress:
        """Read an address.

        Raises:
            AddressMalformed: with the first thing that is wrong.
        """
        local, at, domain = text.rpartition("@")
        if not at or not local:
            raise AddressMalformed("it has no part before an @")
        if len(text) > LONGEST_ADDRESS or len(local) > LONGEST_LOCAL_PART:
            raise AddressMalformed("it is longer than an address may be")
        if "@" in local or not local.isprintable() or any(c.isspace() for c in text):
            raise AddressMalformed("it has an @, a space or a control character too many")
        if not local.isascii():
            raise AddressMalformed("the part before the @ has characters outside ASCII")
        if forbidden := "".join(sorted(FORBIDDEN_IN_LOCAL_PART.intersection(local))):
            raise AddressMalformed(
                f"the part before the @ has {forbidden}, which invitations do not take"
                + (" (plus addressing)" if "+" in forbidden else "")
            )
        if local[0] in ".-" or local[-1] in ".-" or ".." in local:
            raise AddressMalformed("the part before the @ begins, ends or doubles a dot or hyphen")
        return cls(local, normal_domain(domain))


def normal_domain(text: str) -> str:
    """Return the domain in lower case, A-labels, without the root's trailing dot.

    Raises:
        AddressMalformed: where it is no domain name of at least two labels.
    """
    name = text.removesuffix(".").lower()
    if not name.isascii():
        try:
            name = idna.encode(name, uts46=True, std3_rules=True).decode("ascii").lower()
        except idna.IDNAError as error:
            raise AddressMalformed("the domain is not a valid international name") from error
    labels = name.split(".")
    if len(labels) == 1 or len(name) > LONGEST_DOMAIN:
        raise AddressMalformed("the domain is not a name of two or more labels")
    if not all(_LABEL.fullmatch(label) for label in labels) or labels[-1].isdigit():
        raise AddressMalformed("the domain is not a valid name")
    return name


def mail_address(text: str) -> str:
    """Return the address with its domain normalised, where mail can be sent to it.

    Wider than what invitations take: plus addressing passes. Never more than one address.

    Raises:
        AddressMalformed: where it is none.
    """
    local, _, domain = text.rpartition("@")
    if not _DOT_ATOM.fullmatch(local) or len(local) > LONGEST_LOCAL_PART:
        raise AddressMalformed("the part before the @ is none that mail is sent to")
    address = f"{local}@{normal_domain(domain)}"
    if len(address) > LONGEST_ADDRESS:
        raise AddressMalformed("it is longer than an address may be")
    return address


def domain_of(text: str | None) -> str | None:
    """Return the normal form of an address's domain, whatever stands before it; ``None``: none."""
    try:
        return normal_domain((text or "").rpartition("@")[2])
    except AddressMalformed:
        return None


@dataclass(frozen=True, slots=True)
class DomainList:
    """Domains that an operator named: exact, ``*.name`` for its sub-domains, ``*`` for all.

    A domain never stands for its sub-domains, nor ``*.name`` for ``name`` itself.
    """

    everything: bool
    exact: frozenset[str]
    parents: tuple[str, ...]

    @classmethod
    def parse(cls, entries: Iterable[str]) -> DomainList:
        """Read the entries of a list.

        Raises:
            AddressMalformed: naming the first entry that is no domain.
        """
        everything, exact, parents = False, set[str](), list[str]()
        for entry in entries:
            try:
                if entry == "*":
                    everything = True
                elif entry.startswith("*."):
                    parents.append("." + normal_domain(entry[2:]))
                else:
                    exact.add(normal_domain(entry))
            except AddressMalformed as error:
                raise AddressMalformed(f"{entry!r}: {error}") from error
        return cls(everything, frozenset(exact), tuple(parents))

    def __contains__(self, domain: str) -> bool:
        return self.everything or domain in self.exact or domain.endswith(self.parents)

    def __bool__(self) -> bool:
        return self.everything or bool(self.exact) or bool(self.parents)
