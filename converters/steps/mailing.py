"""Mail: the service's own invitation mail, once for an invitation, and never twice blindly.

``sendMail`` has no idempotency key, so the ledger hears of a mail before it is tried. A redeem URL
is a credential and kept nowhere: where the mail has to wait, the invitation is made anew for it,
which is allowed only as long as no mail can have gone, since a newer invitation voids older links.
After a doubt the sender's sent items are asked; where those cannot be read, the outcome says that
the mail is not known to be sent.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from converters.graph.mail_body import readers
from converters.graph.mail_reads import Trail
from converters.graph.mailbox import is_of_mailbox
from converters.mail.letter import Letter
from converters.model.errors import GraphRefused, GraphUnavailable, LetterUnfit
from converters.model.facts import Unread
from converters.model.outcome import Deferral, Outcome, Status
from converters.policy.approval import approve_mail
from converters.steps import concluding_mail, endings, retrying
from converters.steps.logging import log_mail
from converters.storage.claims import MAIL_DUE
from converters.wire.requests import NAMESPACE

if TYPE_CHECKING:
    from converters.graph.mailbox import Mailbox
    from converters.mail.writer import Writer
    from converters.model.outcome import Invitation
    from converters.model.trace import Trace
    from converters.policy.approval import Approval, MailApproval
    from converters.policy.eligibility import Verdict
    from converters.settings.settings import Settings
    from converters.storage.claims import Claim
    from converters.storage.clock import ServiceClock
    from converters.storage.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Refusal:
    """A mail that was certainly not sent.

    Attributes:
        why: as the end of a sentence.
        error: what Graph said; ``None`` where it was not asked.
        of_mailbox: every other mail would be refused too, until somebody mends it.
    """

    why: str
    error: GraphRefused | None = None
    of_mailbox: bool = False


@dataclass(frozen=True, slots=True)
class Mailer:
    """Mails invitations from one mailbox; one per worker."""

    mailbox: Mailbox
    writer: Writer
    ledger: Ledger
    settings: Settings
    clock: ServiceClock

    def place(self, verdict: Verdict) -> Outcome | Deferral | None:
        """Take a place in the mailbox's limit, before the invitation; ``None``: it is taken.

        Nobody is invited whom the mailbox would not mail then.
        """
        request = verdict.case.request
        if self.mailbox.pace.refused():
            reasons, now = (endings.MAIL_REFUSED,), self.clock.now()
            waits = retrying.for_directory(request, reasons, self.settings, now)
            return waits or concluding_mail.mail_refused(verdict)
        seconds = self.mailbox.pace.take()
        return retrying.until_mailed(request, seconds) if seconds else None

    def give_back(self) -> None:
        """Let others have the place: there is nothing to mail."""
        self.mailbox.pace.give_back()

    async def deliver(
        self, approval: Approval, invitation: Invitation, made: Outcome, claim: Claim, trace: Trace
    ) -> Outcome | Deferral:
        """Mail an invitation that was just made, unless whoever asked wants to.

        Args:
            approval: by which it was made.
            invitation: Graph's answer, with the redeem URL.
            made: the outcome, were it not for the mail.
            claim: the request's own, under which it was made.
            trace: of the invocation.

        Raises:
            GraphUnavailable: the mail was throttled, or is in doubt.
            LedgerUnavailable: it could not be noted.
        """
        approved = approve_mail(approval, invitation)
        if approved is None or made.status is not Status.INVITED:
            return made
        request, number = approved.case.request, mail_id(approved.case.request.idempotency_key)
        try:
            mime = self.write(approved, number)
        except LetterUnfit as unfit:
            return concluding_mail.mail_not_sent(made, unfitness(unfit))
        noted = await self.ledger.note_mail(claim, self.clock.now())
        if noted is None:
            # Somebody has taken over meanwhile, and invites anew.
            return retrying.for_replicas(request, 0, self.settings, self.clock.now())
        try:
            refusal = await self.send(approved, mime, trace)
        except GraphUnavailable as error:
            if error.without_effect:
                await self.ledger.note_mail(noted, MAIL_DUE)
            else:
                error.in_doubt = True
            raise
        if refusal is None:
            return made
        await self.ledger.note_mail(noted, MAIL_DUE)
        return self._not_sent(approved, made, refusal)

    def _not_sent(
        self, approved: MailApproval, made: Outcome, refusal: Refusal
    ) -> Outcome | Deferral:
        """Wait where the mailbox may be mended; else say that the mail was not sent."""
        request, now = approved.case.request, self.clock.now()
        if refusal.of_mailbox:
            reasons = (endings.MAIL_REFUSED,)
            if waits := retrying.for_directory(request, reasons, self.settings, now):
                return waits
        return concluding_mail.mail_not_sent(made, refusal.why, refusal.error)

    async def settle(
        self, verdict: Verdict, claim: Claim, trace: Trace
    ) -> Outcome | Deferral | None:
        """Settle whether an earlier delivery's mail was sent; ``None``: certainly not.

        Raises:
            GraphUnavailable: Graph did not answer for now.
        """
        request, tried = verdict.case.request, claim.mail or MAIL_DUE
        address = verdict.case.facts.choice.address
        reader = address.checked if address else None
        match await self.trail(mail_id(request.idempotency_key), reader, tried, trace):
            case Trail.SENT:
                return concluding_mail.mailed(verdict, endings.MAIL_FOUND)
            case Trail.LIKE:
                return concluding_mail.mailed(verdict, endings.MAIL_IN_DOUBT)
            case Trail.NONE:
                return None
        now = self.clock.now()
        remaining = tried + self.settings.doubt_seconds - now
        return retrying.for_replicas(request, remaining, self.settings, now)

    async def trail(
        self, number: str, reader: str | None, tried: float, trace: Trace
    ) -> Trail | None:
        """Look for a mail among the sent items; ``None`` while it may not show yet.

        Raises:
            GraphUnavailable: Graph did not answer for now.
        """
        found = await self.mailbox.find(number, reader, tried, trace)
        if found is Trail.SENT:
            log_mail("found", trace)
            return found
        if self.clock.now() < tried + self.settings.doubt_seconds:
            return None
        if found is Trail.NONE:
            log_mail("notFound", trace)
            return found
        log_mail("inDoubt", trace, status=found.status if isinstance(found, Unread) else None)
        return Trail.LIKE

    def write(self, approved: MailApproval, number: str, *, reminder: bool = False) -> bytes:
        """Write the mail."""
        request, settings = approved.case.request, self.settings
        to, *cc = readers(approved)
        return self.writer.write(
            Letter(
                conversion_id=number,
                to=to,
                to_name=None,
                cc=tuple(cc),
                language=request.message_info.language,
                redeem_url=approved.invitation.redeem_url,
                redirect_url=approved.invitation.redirect_url,
                tenant_id=settings.tenant_id or "",
                text=request.message_info.text if settings.allow_custom_text else None,
                reminder=reminder,
            )
        )

    async def send(self, approved: MailApproval, mime: bytes, trace: Trace) -> Refusal | None:
        """Send a mail; return why it was certainly not sent, if it was not.

        Raises:
            GraphUnavailable: it was throttled (``without_effect``), or is in doubt.
        """
        try:
            await self.mailbox.send(approved, mime, trace)
        except LetterUnfit as unfit:
            log_mail("unfit", trace)
            return Refusal(unfitness(unfit))
        except GraphRefused as error:
            log_mail("refused", trace, status=error.status, code=error.code)
            why = f"Graph answered {error.status} {error.code}".rstrip()
            return Refusal(why, error, is_of_mailbox(error.status, error.code))
        except GraphUnavailable as error:
            log_mail("throttled" if error.without_effect else "lost", trace, status=error.status)
            raise
        log_mail("sent", trace)
        return None


def unfitness(unfit: LetterUnfit) -> str:
    """Say why a mail could not be written, as the end of a sentence."""
    return f"it could not be written ({unfit})"


def mail_id(key: str, step: str = "invitation") -> str:
    """Return what tells a mail from every other: the same for every try of the same step."""
    return str(uuid.uuid5(NAMESPACE, f"mail {step} {key}"))
