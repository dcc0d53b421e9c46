"""The results file beside the input: the same rows, how far each is, and what is to be done."""

from __future__ import annotations

import csv
import os
from typing import TYPE_CHECKING, Any

from cli.bulk.columns import REQUEST_ID, RESULTS
from cli.ending import WrongCall
from cli.printing import escaped, guarded

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from cli.bulk.sheet import Item, Sheet

_SUFFIX = ".results.csv"


def path_for(source: Path) -> Path:
    """Return where the results of a file stand: beside it; a results file's own are itself."""
    if source.name.endswith(_SUFFIX):
        return source
    return source.with_name(f"{source.name.removesuffix(source.suffix)}{_SUFFIX}")


def write(path: Path, sheet: Sheet) -> None:
    """Write a results file: the old one stands until the new one is whole.

    Raises:
        WrongCall: it cannot be written there.
    """
    new = path.with_name(f".{path.name}.new")
    try:
        with new.open("w", encoding="utf-8-sig", newline="") as stream:
            writer = csv.writer(stream)
            own = _own(sheet)
            writer.writerow(_guarded([*(sheet.headings[at] for at in own), REQUEST_ID, *RESULTS]))
            writer.writerows(_guarded(_cells(own, item)) for item in sheet.items)
            stream.flush()
            os.fsync(stream.fileno())
        new.replace(path)
    except OSError as error:
        raise WrongCall(f"The results cannot be written to {path}: {error.strerror}.") from None


def take_over(items: Iterable[Item], earlier: Iterable[Item]) -> None:
    """Take over how far each row was, and under which id, from an earlier results file."""
    by_content = {item.content: item for item in earlier}
    for item in items:
        if before := by_content.get(item.content):
            item.request_id, item.status = before.request_id, before.status
            item.reasons, item.remedy, item.owner = before.reasons, before.remedy, before.owner


def put(item: Item, data: dict[str, Any]) -> None:
    """Write an outcome down with its row."""
    reasons = data.get("reasons", ())
    item.status = str(data["status"])
    item.reasons = _joined(f"{reason['code']}: {reason['message']}" for reason in reasons)
    item.remedy = _joined(reason["remediation"] for reason in reasons)
    item.owner = _joined(reason["owner"] for reason in reasons)


def clear(item: Item, status: str) -> None:
    """Write down that a row is where nothing is told of it yet."""
    item.status, item.reasons, item.remedy, item.owner = status, "", "", ""


def _joined(texts: Iterable[str]) -> str:
    return " | ".join(dict.fromkeys(escaped(text) for text in texts))


def _own(sheet: Sheet) -> list[int]:
    """Return the columns of the input that are no result, the request's id neither."""
    paths = enumerate(sheet.columns.paths)
    return [index for index, path in paths if path not in {REQUEST_ID, *RESULTS}]


def _cells(own: list[int], item: Item) -> list[str]:
    cells = [item.cells[at] for at in own]
    return [*cells, item.request_id, item.status, item.reasons, item.remedy, item.owner]


def _guarded(cells: Iterable[str]) -> list[str]:
    return [guarded(cell) for cell in cells]
