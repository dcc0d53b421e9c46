"""Reasons as the ledger's rows keep them. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from converters.model.outcome import Owner, Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def read_reasons(kept: Iterable[Mapping[str, Any]]) -> tuple[Reason, ...]:
    """Read what ``dataclasses.asdict`` made of reasons, warnings too."""
    return tuple(Reason(**{**each, "owner": Owner(each["owner"])}) for each in kept)
