"""Every road by which a user may have power, as reads of one batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from converters.graph import user_reads
from converters.model.facts import PrivilegeFacts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from converters.graph.read import Read
    from converters.graph.responses import Responses


def power(user_id: str) -> dict[str, Read[Any]]:
    """Return the reads, by the fact that each becomes (``PrivilegeFacts``)."""
    return {
        "active_roles": user_reads.active_roles(user_id),
        "role_assignments": user_reads.role_assignments(user_id),
        "eligible_roles": user_reads.eligible_roles(user_id),
        "groups": user_reads.groups(user_id),
        "eligible_groups": user_reads.eligible_groups(user_id),
    }


def privileges(power: Mapping[str, Read[Any]], answers: Responses) -> PrivilegeFacts:
    """Return what those reads found."""
    return PrivilegeFacts(**{name: answers.fact(read) for name, read in power.items()})
