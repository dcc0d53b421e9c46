"""Which users a report is about, and the rule that found each. Pure.

Microsoft's article begins with a list of people; a tenant rarely has one. A rule here only finds
people to look at: whether one can be converted, the service's own rules say.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cli.ending import WrongCall
from converters.model.addresses import domain_of
from converters.policy.eligibility import RULES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from converters.model.facts import Unread, User
    from converters.policy.rule import Case

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:/[A-Za-z][A-Za-z0-9]*)?")
_WHERE = re.compile(r"([^=!~\s]+)\s*(!=|=|~)\s*(.*)", re.DOTALL)
_UPN = re.compile(r"^(?:ext|x)[._-]|[._-]ext@|#ext", re.IGNORECASE)
_DISPLAY = re.compile(r"[(\[](?:ext|extern|external|guest|partner)[)\]]", re.IGNORECASE)
_TYPES = frozenset(
    {"contractor", "consultant", "external", "extern", "guest", "partner", "supplier", "vendor"}
)
PENDING, UNREADABLE, GROUP = "pendingInvitation", "unreadable", "group"
# The service's own rule for who is external already.
_EXTERNAL = next(rule for rule in RULES if rule.code == "alreadyExternal")


@dataclass(frozen=True, slots=True)
class Where:
    """A condition of the caller's: ``property=value``, ``!=`` not, ``~`` contains; no case."""

    name: str
    operator: str
    value: str

    @classmethod
    def parse(cls, text: str) -> Where:
        """Read a condition.

        Raises:
            WrongCall: it is none.
        """
        match = _WHERE.fullmatch(text)
        if match is None or not _NAME.fullmatch(match[1]):
            raise WrongCall(
                f"--where {text!r}: write property=value, property!=value or property~part."
            )
        return cls(match[1], match[2], match[3].strip().lower())

    @property
    def property(self) -> str:
        """The property to select."""
        return self.name.partition("/")[0]

    def matches(self, item: Mapping[str, Any]) -> bool:
        """Tell whether a user, as Graph wrote it, meets the condition."""
        texts = _texts(self._value(item))
        if self.operator == "~":
            return any(self.value in text for text in texts)
        return (self.value in (texts or {""})) is (self.operator == "=")

    def _value(self, item: Mapping[str, Any]) -> object:
        _, _, inner = self.name.partition("/")
        value = item.get(self.property)
        return value.get(inner) if inner and isinstance(value, dict) else value


@dataclass(frozen=True, slots=True)
class Finder:
    """Finds candidates.

    Attributes:
        own: the tenant's verified domains; where they are unknown, no address counts as its own.
        wheres: the caller's conditions.
        group: ids of the users asked for, in lower case; ``None`` for the whole tenant.
    """

    own: frozenset[str] | Unread
    wheres: tuple[Where, ...] = ()
    group: frozenset[str] | None = None

    def covers(self, item: Mapping[str, Any]) -> bool:
        """Tell whether a user is among those asked for."""
        return self.group is None or str(item.get("id")).lower() in self.group

    @staticmethod
    def is_internal(case: Case) -> bool:
        """Tell whether this tenant still authenticates a user."""
        return _EXTERNAL.check(case) is None

    def rules(self, user: User, item: Mapping[str, Any], case: Case) -> list[str]:
        """Return the rules that find a user; none where there is nothing to look at."""
        if user.external_user_state == "PendingAcceptance":
            return [PENDING]
        if not self.is_internal(case):
            return []
        found = [name for name, applies in _RULES.items() if applies(user, item, self._external)]
        found += [f"where {one.name}" for one in self.wheres if one.matches(item)]
        return found + ([GROUP] if self.group is not None else [])

    def _external(self, addresses: Iterable[str]) -> bool:
        own = self.own if isinstance(self.own, frozenset) else frozenset()
        domains = {domain_of(address) for address in addresses} - {None}
        return not domains <= own


_RULES: dict[str, Callable[[User, Mapping[str, Any], Callable[[Iterable[str]], bool]], bool]] = {
    "externalMail": lambda user, _, external: external([user.mail] if user.mail else []),
    "externalOtherMail": lambda user, _, external: external(user.other_mails),
    "internalGuest": lambda user, *_: user.user_type == "Guest",
    "userPrincipalName": lambda user, *_: bool(_UPN.search(user.user_principal_name)),
    "displayName": lambda _, item, __: bool(_DISPLAY.search(str(item.get("displayName") or ""))),
    "employeeType": lambda _, item, __: str(item.get("employeeType") or "").lower() in _TYPES,
}


def _texts(value: object) -> set[str]:
    if value in (None, "", []):
        return set()
    if isinstance(value, bool):
        return {str(value).lower()}
    return {str(each).lower() for each in (value if isinstance(value, list) else [value])}
