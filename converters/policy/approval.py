"""What stands between a verdict and the POST: one function, and the approval it gives. Pure.

``Graph.invite`` takes an ``Approval`` and nothing else, ``approve`` alone makes one, and it makes
one of a ``Verdict`` alone, which ``eligibility.decide`` alone makes of the facts just read.
In the same way ``Mailbox.send`` takes a ``MailApproval`` alone, which ``approve_mail`` alone makes,
of an approval and of the invitation that was made by it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from converters.policy.rules.user import INVITATION_PENDING

if TYPE_CHECKING:
    from converters.model.outcome import Invitation
    from converters.policy.eligibility import Verdict
    from converters.policy.rule import Case

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


@final
class MailApproval:
    """The consent to mail one invitation; only ``approve_mail`` makes one.

    Attributes:
        case: of the rules' consent to the invitation: it has who reads the mail.
        invitation: the one that was made by that consent.
        sender: the mailbox that it goes from.
    """

    __slots__ = ("case", "invitation", "sender")

    def __init__(self, case: Case, invitation: Invitation, sender: str, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("Only approve_mail() makes an approval.")
        self.case, self.invitation, self.sender = case, invitation, sender


def approve_mail(approval: Approval, invitation: Invitation) -> MailApproval | None:
    """Approve the mail of an invitation that was just made.

    ``None``: Microsoft mails it, or whoever asked wants to, or it is another user's.
    """
    case = approval.verdict.case
    of_user = invitation.invited_user_id.lower() == case.user.id.lower()
    if case.settings.mail is None or not case.request.send_invitation_message or not of_user:
        return None
    return MailApproval(case, invitation, case.settings.mail.sender, _SEAL)
