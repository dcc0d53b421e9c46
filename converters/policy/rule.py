"""What a rule is, and the case it is applied to. Pure: facts in, findings out."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from converters.model.facts import Unread
from converters.model.outcome import Owner, Reason, Status
from converters.settings.keys import LOWERABLE_RULES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from converters.model.addresses import EmailAddress
    from converters.model.facts import AddressFacts, DomainFacts, Facts, PrivilegeFacts, User
    from converters.model.request import ConversionRequest
    from converters.settings.editions import RulesEdition
    from converters.settings.settings import Settings

T = TypeVar("T")
# An outcome has to fit into a queue message.
MOST_NAMED = 20


class NotApplicable(Exception):  # noqa: N818 - a signal between rules and engine, not an error
    """The rule is about a user or an address, and there is none to look at."""


class FactUnknown(Exception):  # noqa: N818
    """The rule needs a fact that could not be read."""

    def __init__(self, unread: Unread) -> None:
        self.unread = unread
        super().__init__(unread.what)


@dataclass(frozen=True, slots=True)
class Case:
    """One request with the facts that were read for it, and the operator's settings."""

    request: ConversionRequest
    facts: Facts
    settings: Settings

    @property
    def user(self) -> User:
        """The user meant; a rule that looks at it does not apply where there is none."""
        if self.facts.user is None:
            raise NotApplicable
        return self.facts.user

    @property
    def privileges(self) -> PrivilegeFacts:
        """What the user may do, likewise."""
        if self.facts.privileges is None:
            raise NotApplicable
        return self.facts.privileges

    @property
    def address(self) -> EmailAddress:
        """The external address, likewise."""
        if self.facts.choice.address is None:
            raise NotApplicable
        return self.facts.choice.address

    @property
    def address_digest(self) -> str:
        """What tells the address from any other, for this user; hexadecimal."""
        return hashlib.sha256(f"{self.user.id.lower()} {self.address.key}".encode()).hexdigest()

    @property
    def of_address(self) -> AddressFacts:
        """What the directory knows of the address, likewise."""
        if self.facts.address is None:
            raise NotApplicable
        return self.facts.address

    @property
    def of_domain(self) -> DomainFacts:
        """What holds for the address's domain, likewise."""
        if self.facts.domain is None:
            raise NotApplicable
        return self.facts.domain


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found against a conversion; ``details`` by the names that its message uses."""

    details: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One reason against a conversion.

    Attributes:
        code: stable.
        message, remediation: sentences; the message may name what the check found.
        check: finds what is against the conversion, or ``None``.
        status: how a request ends that this rule stops.
        warns_in: the editions of Microsoft's article under which it only warns.
        at_graph: what Graph itself does, where that is not to refuse as well.
    """

    code: str
    message: str
    remediation: str
    owner: Owner
    check: Callable[[Case], Finding | None]
    status: Status = Status.INELIGIBLE
    retriable: bool = False
    warns_in: frozenset[RulesEdition] = frozenset()
    at_graph: str = ""

    @property
    def lowerable(self) -> bool:
        """Whether an operator may turn it into a warning."""
        return self.code in LOWERABLE_RULES

    def warns(self, settings: Settings) -> bool:
        """Tell whether it only warns, by the edition or by the operator's will."""
        return settings.rules_edition in self.warns_in or self.code in settings.lowered_rules

    def reason(self, finding: Finding) -> Reason:
        """Write the reason down."""
        message = self.message.format_map(finding.details)
        return Reason(self.code, message, self.remediation, self.owner, self.retriable)


def known(fact: T | Unread) -> T:
    """Return the fact, or stop the rule because it could not be read."""
    if isinstance(fact, Unread):
        raise FactUnknown(fact)
    return fact


def named(names: Iterable[str]) -> str:
    """Write names into a message: the first few, and how many more there are."""
    known_names = list(names)
    more = len(known_names) - MOST_NAMED
    return ", ".join(known_names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def found_if(applies: object, **details: str) -> Finding | None:
    """Return a finding where something applies."""
    return Finding(details) if applies else None
