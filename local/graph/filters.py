"""What an OData ``$filter`` says, once it is parsed ("Use the $filter query parameter").

Texts of the directory compare without regard to case, as at Graph. A condition knows which objects
an index would have to offer for it, so that a look-up by address does not walk the whole tenant.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, TypeAlias

Scope: TypeAlias = Mapping[str, Any]
Literal: TypeAlias = str | bool | int | None
# Given a property and a text, the ids that may hold it; None where no index knows.
Lookup: TypeAlias = Callable[[str, str], AbstractSet[str] | None]
# A property, and whether it is asked about as a collection.
Use: TypeAlias = tuple[str, bool]


class Condition(ABC):
    """One node of a parsed filter."""

    __slots__ = ()

    @abstractmethod
    def matches(self, scope: Scope) -> bool:
        """Return whether an object, by its properties, meets the condition."""

    @abstractmethod
    def uses(self) -> Iterator[Use]:
        """Yield every property of the object that the condition asks about."""

    def candidates(self, lookup: Lookup) -> AbstractSet[str] | None:
        """Return the ids that might match; ``None`` where all might."""
        del lookup
        return None

    def advanced(self) -> bool:
        """Return whether directory objects answer it only as an advanced query."""
        return False


@dataclass(frozen=True, slots=True)
class Comparison(Condition):
    """``path eq value`` or ``path ne value``."""

    path: tuple[str, ...]
    equal: bool
    value: Literal

    def matches(self, scope: Scope) -> bool:
        """Compare, without regard to case."""
        found, wanted = folded(value_at(scope, self.path)), folded(self.value)
        # In Python, True == 1.
        same = found == wanted and isinstance(found, bool) is isinstance(wanted, bool)
        return same is self.equal

    def uses(self) -> Iterator[Use]:
        """Yield the property."""
        yield self.path[0], False

    def candidates(self, lookup: Lookup) -> AbstractSet[str] | None:
        """Ask the index, where there is a text that must be equal."""
        if self.equal and len(self.path) == 1 and isinstance(self.value, str):
            return lookup(self.path[0], self.value)
        return None

    def advanced(self) -> bool:
        """``ne`` is."""
        return not self.equal


@dataclass(frozen=True, slots=True)
class StartsWith(Condition):
    """``startsWith(path, 'prefix')``."""

    path: tuple[str, ...]
    prefix: str

    def matches(self, scope: Scope) -> bool:
        """Compare the beginning; what is not set begins with nothing."""
        found = value_at(scope, self.path)
        return isinstance(found, str) and found.lower().startswith(self.prefix.lower())

    def uses(self) -> Iterator[Use]:
        """Yield the property."""
        yield self.path[0], False


@dataclass(frozen=True, slots=True)
class AnyOf(Condition):
    """``collection/any(variable: inner)``."""

    collection: str
    variable: str
    inner: Condition

    def matches(self, scope: Scope) -> bool:
        """Return whether one element meets the inner condition."""
        elements = scope.get(self.collection) or ()
        return any(self.inner.matches({self.variable: element}) for element in elements)

    def uses(self) -> Iterator[Use]:
        """Yield the collection."""
        yield self.collection, True

    def candidates(self, lookup: Lookup) -> AbstractSet[str] | None:
        """Ask the index about the collection in the variable's place."""
        return self.inner.candidates(
            lambda name, text: lookup(self.collection, text) if name == self.variable else None
        )

    def advanced(self) -> bool:
        """As the inner condition is."""
        return self.inner.advanced()


@dataclass(frozen=True, slots=True)
class Negation(Condition):
    """``not inner``."""

    inner: Condition

    def matches(self, scope: Scope) -> bool:
        """Turn the answer round."""
        return not self.inner.matches(scope)

    def uses(self) -> Iterator[Use]:
        """Yield what the inner condition asks about."""
        return self.inner.uses()

    def advanced(self) -> bool:
        """``not`` always is."""
        return True


@dataclass(frozen=True, slots=True)
class Junction(Condition):
    """Parts joined by ``and`` (``every``) or by ``or``."""

    every: bool
    parts: tuple[Condition, ...]

    def matches(self, scope: Scope) -> bool:
        """Ask the parts, no more of them than needed."""
        answers = (part.matches(scope) for part in self.parts)
        return all(answers) if self.every else any(answers)

    def uses(self) -> Iterator[Use]:
        """Yield what the parts ask about."""
        for part in self.parts:
            yield from part.uses()

    def candidates(self, lookup: Lookup) -> AbstractSet[str] | None:
        """Join what the parts offer; of an ``and``, the smallest offer is enough."""
        offers = [part.candidates(lookup) for part in self.parts]
        known = [offer for offer in offers if offer is not None]
        if self.every:
            return min(known, key=len, default=None)
        return None if len(known) < len(offers) else frozenset().union(*known)

    def advanced(self) -> bool:
        """As any of the parts is."""
        return any(part.advanced() for part in self.parts)


def folded(value: object) -> object:
    """Return a value as it is compared."""
    return value.lower() if isinstance(value, str) else value


def value_at(scope: Scope, path: tuple[str, ...]) -> object:
    """Return what stands at a path of names; ``None`` where the path leads nowhere."""
    found: object = scope
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found
