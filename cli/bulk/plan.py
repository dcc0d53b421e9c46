"""What of a file is left to do. Pure."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import TYPE_CHECKING

from cli.bulk.sheet import ENQUEUED, UNKNOWN
from cli.outcomes import BAD, WELL
from converters.model.outcome import Status

if TYPE_CHECKING:
    from cli.bulk.sheet import Item


class Only(StrEnum):
    """Which rows to take up again."""

    FAILED = "failed"
    UNKNOWN = "unknown"
    INELIGIBLE = "ineligible"


_CHOSEN: dict[Only, set[str]] = {
    Only.FAILED: {Status.FAILED, Status.REJECTED},
    Only.UNKNOWN: {UNKNOWN, ENQUEUED, ""},
    Only.INELIGIBLE: {Status.INELIGIBLE},
}
_NOT_SENT: frozenset[str] = frozenset({"", UNKNOWN, Status.ELIGIBLE})


def left(items: list[Item], only: Only | None, *, is_results: bool) -> list[Item]:
    """Return the rows to send; those that ended badly get new ids.

    Args:
        items: all, with what the ledger knows of them.
        only: those with such a status alone.
        is_results: the file is a results file: what ended badly is to be tried again.
    """
    again = is_results or only is not None
    chosen = [item for item in items if _is_left(item, only, again=again)]
    for item in chosen:
        if item.known:
            item.again()
            item.known = False
    return chosen


def _is_left(item: Item, only: Only | None, *, again: bool) -> bool:
    if only and item.status not in _CHOSEN[only]:
        return False
    if item.status in BAD:
        # One that was only checked was never sent: the same file may ask for it again.
        return again or not item.known
    if item.known:
        # The service has it, and tells its outcome.
        return False
    return item.status in _NOT_SENT or (only is Only.UNKNOWN and item.status == ENQUEUED)


def can_be_sent(item: Item) -> bool:
    """Tell whether a row that was checked is worth sending."""
    return item.status == Status.ELIGIBLE


def counts(items: list[Item]) -> list[dict[str, object]]:
    """Count rows by their status, the most frequent first."""
    counted = Counter(item.status or "notSent" for item in items)
    return [{"status": status, "rows": rows} for status, rows in counted.most_common()]


def is_bad(items: list[Item]) -> bool:
    """Tell whether some row ended badly."""
    return any(item.status in BAD for item in items)


def has_ended(item: Item) -> bool:
    """Tell whether a row has an outcome."""
    return item.status in WELL | BAD
