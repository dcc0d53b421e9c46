"""How the ledger forgets: rows that ended long ago, a slice of the table at a time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from converters.storage.table import Rows

_ENDED_BEFORE = (
    # Apart from the brackets, since the library looks for its parameters between spaces.
    "PartitionKey ge @first and PartitionKey lt @next and ( Ended lt @before or Since lt @before )"
)
# Keys are GUIDs and digests: their first two digits share them out evenly.
_BEYOND = "g"


async def delete_ended(rows: Rows, before: float, number: int, slices: int, most: int) -> int:
    """Delete rows that ended before a time, in one of so many slices; return how many.

    Args:
        rows: the ledger's table.
        before: in seconds since 1970.
        number: the slice's, from 0.
        slices: how many there are, 256 at most.
        most: how many rows are deleted at once.

    Raises:
        LedgerUnavailable: some may be deleted, and it is not known which.
    """
    first = f"{number * 256 // slices:02x}"
    after = (number + 1) * 256 // slices
    found = await rows.find(
        _ENDED_BEFORE,
        most,
        first=first,
        next=f"{after:02x}" if after < 256 else _BEYOND,  # noqa: PLR2004 - of two digits
        before=datetime.fromtimestamp(before, UTC),
    )
    for row in found:
        await rows.delete(row.values["PartitionKey"], row.values["RowKey"], row.etag)
    return len(found)
