"""A completion as the follow-up's messages and rows hold it: ids alone, no names. Pure."""

from __future__ import annotations

from typing import Any

from converters.model.completion import Completion, Step
from converters.settings.reader import GUID

_STEPS = frozenset(Step)


def written_completion(completion: Completion) -> dict[str, Any] | None:
    """Write a completion whose people are known by object id; ``None`` where nothing is asked."""
    if not completion:
        return None
    return {
        "steps": list(completion.steps),
        "sponsor": completion.sponsor,
        "manager": completion.manager,
    }


def read_completion(value: object) -> Completion:
    """Read a completion; what makes no sense asks for nothing.

    A step that this release does not know is left out: a newer one may have written it.
    """
    match value:
        case {"steps": list(steps), "sponsor": str() | None as sponsor, "manager": manager} if (
            manager is None or isinstance(manager, str)
        ):
            known = {step for step in steps if isinstance(step, str) and step in _STEPS}
            asked = tuple(step for step in Step if step in known)
            return Completion(asked, _id(sponsor), _id(manager))
    return Completion()


def _id(text: str | None) -> str | None:
    return text.lower() if text is not None and GUID.fullmatch(text) else None
