"""What a known refusal of Graph's is. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from converters.model.errors import GraphRefused
    from converters.model.outcome import Owner
    from converters.policy.rule import Case

_APOSTROPHES = str.maketrans(dict.fromkeys("\u2018\u2019\u02bc\u2032\uff07`", "'"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One known refusal.

    Attributes:
        code: our reason's code.
        message, remediation: sentences; ``{consent}`` stands for how long consent takes.
        texts: telling parts of Graph's message, lower case, apostrophes straight; any is enough.
        statuses: HTTP statuses that mean this whatever the message.
        codes: Graph error codes that mean this whatever the message.
        only_if: what else has to be so, by the facts that were just read.
    """

    code: str
    message: str
    remediation: str
    owner: Owner
    texts: tuple[str, ...] = ()
    statuses: tuple[int, ...] = ()
    codes: tuple[str, ...] = ()
    retriable: bool = False
    only_if: Callable[[GraphRefused, Case], bool] = lambda _refused, _case: True

    def explains(self, refused: GraphRefused, case: Case) -> bool:
        """Tell whether this row is what Graph meant."""
        text = _plain(refused.text)
        meant = (
            any(known in text for known in self.texts)
            or refused.status in self.statuses
            or refused.code in self.codes
        )
        return meant and self.only_if(refused, case)


def _plain(text: str) -> str:
    return " ".join(text.translate(_APOSTROPHES).lower().split())
