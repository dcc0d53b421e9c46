"""What stands between a verdict and the POST: one function, and the approval it gives. Pure.

``Graph.invite`` takes an ``Approval`` and nothing else, ``approve`` alone makes one, and it makes
one of a ``Verdict`` alone, which ``eligibility.decide`` alone makes of the facts just read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from converters.policy.rules.user import INVITATION_PENDING

if TYPE_CHECKING:
    from converters.policy.eligibility import Verdict

_SEAL = object()


@final
class Approval:
    """The rules' consent to one invitation; only ``approve`` makes one.

    Attributes:
        verdict: what the rules said; its case has whom to invite, and at which address.
    """

    __slots__ = ("verdict",)

    def __init__(self, verdict: Verdict, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("Only approve() makes an approval.")
        self.verdict = verdict


def approve(verdict: Verdict, pending: str | None = None) -> Approval | None:
    """Approve an invitation, or another one in place of the pending one; ``None``: it may not be.

    A pending invitation is made anew only where it is the sole reason against, and where the
    address that would be invited now is the one that was.

    Args:
        verdict: of now.
        pending: the digest of the address that the pending invitation was sent to, where the
            request that asks is the one that sent it, a reminder of it, or one to send it again.
    """
    if not verdict.reasons:
        return Approval(verdict, _SEAL)
    only_pending = [reason.code for reason in verdict.reasons] == [INVITATION_PENDING]
    if only_pending and pending is not None and pending == verdict.case.address_digest:
        return Approval(verdict, _SEAL)
    return None
