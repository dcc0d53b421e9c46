"""Follow-ups of the benchmark's tenant."""

from __future__ import annotations

from converters.model.follow_up import FollowUp


def follow_up(number: int, invited: float) -> FollowUp:
    """Return the follow-up of one user of the benchmark's tenant, invited at a time."""
    user_id = f"00000000-0000-4000-8000-{number:012d}"
    request_id = f"bench-{number}"
    key = f"{number:032x}"
    return FollowUp(key, request_id, None, user_id, user_id, invited, "partner.example")
