"""The main path, to be read top-down: gather the facts, decide, act, report."""

from __future__ import annotations

import html
import json
import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from converters import advice, refusals
from converters.case import Case
from converters.eligibility import decide
from converters.errors import GraphRefused, RequestInvalid
from converters.gathering import gather
from converters.messages import parse
from converters.model import GraphTrace, Mode, Outcome, Owner, Reason, Status
from converters.outcomes import cloud_event

if TYPE_CHECKING:
    from converters.eligibility import Verdict
    from converters.graph import Graph
    from converters.model import ConversionRequest, Invitation
    from converters.queues import Results
    from converters.settings import Settings

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Converter:
    """Takes messages to their outcomes; one per worker."""

    graph: Graph
    results: Results
    settings: Settings

    async def handle(self, body: bytes, message_id: str | None) -> Outcome:
        """Take one message to its outcome and store that; only then may it be acknowledged.

        Raises:
            GraphUnavailable: nothing was concluded; the message must come again.
            ResultsUnavailable: the outcome is not stored; the message must come again.
        """
        started = time.perf_counter()
        try:
            outcome = await self.convert(parse(body, message_id))
        except RequestInvalid as invalid:
            outcome = _rejected(invalid)
        await self.results.send(cloud_event(outcome))
        _log(outcome, time.perf_counter() - started)
        return outcome

    async def convert(self, request: ConversionRequest) -> Outcome:
        """Check the request and, unless it only asks for that, make the invitation."""
        facts = await gather(request, self.graph, self.settings)
        case = Case(request, facts, self.settings)
        verdict = decide(case)
        if verdict.status is not Status.ELIGIBLE or request.mode is Mode.CHECK:
            return _concluded(case, verdict)
        return await self._invite(case, verdict)

    async def _invite(self, case: Case, verdict: Verdict) -> Outcome:
        correlation_id = case.request.correlation_id
        try:
            invitation = await self.graph.invite(invitation_body(case), correlation_id)
        except GraphRefused as refused:
            return _refused(case, verdict, refused)
        trace = GraphTrace(correlation_id, invitation.request_id)
        if invitation.invited_user_id.lower() != case.user.id.lower():
            return _outcome(
                case,
                verdict,
                status=Status.FAILED,
                reasons=(refusals.OTHER_USER_INVITED,),
                invitation=invitation,
                trace=trace,
            )
        return _outcome(case, verdict, status=Status.INVITED, invitation=invitation, trace=trace)


def invitation_body(case: Case) -> dict[str, Any]:
    """Write the body of ``POST /invitations`` ("Create invitation")."""
    request, info = case.request, case.request.message_info
    body: dict[str, Any] = {
        "invitedUser": {"id": case.user.id},
        "invitedUserEmailAddress": case.address.text,
        "inviteRedirectUrl": request.redirect_url or case.settings.redirect_url,
        "sendInvitationMessage": request.send_invitation_message,
    }
    message: dict[str, Any] = {}
    if info.language:
        message["messageLanguage"] = info.language
    if info.cc:
        recipient = {"address": info.cc.address} | ({"name": info.cc.name} if info.cc.name else {})
        message["ccRecipients"] = [{"emailAddress": recipient}]
    if info.text and case.settings.allow_custom_text:
        message["customizedMessageBody"] = html.escape(info.text)
    if message and request.send_invitation_message:
        body["invitedUserMessageInfo"] = message
    return body


def _concluded(case: Case, verdict: Verdict) -> Outcome:
    return _outcome(case, verdict, status=verdict.status, reasons=verdict.reasons)


def _refused(case: Case, verdict: Verdict, refused: GraphRefused) -> Outcome:
    trace = GraphTrace(
        case.request.correlation_id, refused.request_id, refused.status, refused.code, refused.text
    )
    reasons = (refusals.explain(refused),)
    return _outcome(case, verdict, status=Status.FAILED, reasons=reasons, trace=trace)


def _outcome(  # noqa: PLR0913 - each is one column of the outcome
    case: Case,
    verdict: Verdict,
    *,
    status: Status,
    reasons: tuple[Reason, ...] = (),
    invitation: Invitation | None = None,
    trace: GraphTrace | None = None,
) -> Outcome:
    request, user, settings = case.request, case.facts.user, case.settings
    could = status in (Status.INVITED, Status.ELIGIBLE)
    address = case.facts.choice.address
    return Outcome(
        request_id=request.request_id,
        status=status,
        user=user,
        user_id=request.user_id,
        email_address=address.text if address else request.email_address,
        reasons=reasons,
        warnings=verdict.warnings + (advice.warnings(request, settings) if could else ()),
        next_steps=advice.next_steps(request, user, settings) if user and could else (),
        invitation=invitation,
        mail_sent=request.send_invitation_message,
        graph=trace or GraphTrace(request.correlation_id),
        requested_by=request.requested_by,
    )


def _rejected(invalid: RequestInvalid) -> Outcome:
    reasons = tuple(
        Reason(
            fault.code,
            f"{fault.where or 'The message'} {fault.problem}.",
            "Correct the message and send it again; docs/contract has its schema.",
            Owner.REQUESTER,
        )
        for fault in invalid.faults
    )
    return Outcome(
        request_id=invalid.request_id,
        status=Status.REJECTED,
        reasons=reasons,
        requested_by=invalid.requested_by,
    )


def _log(outcome: Outcome, seconds: float) -> None:
    """Write the invocation's one line: ids and codes, nothing personal."""
    line = {
        "requestId": outcome.request_id,
        "status": outcome.status,
        "userId": outcome.user.id if outcome.user else outcome.user_id,
        "reasons": [reason.code for reason in outcome.reasons],
        "warnings": [warning.code for warning in outcome.warnings],
        "graphRequestId": outcome.graph.request_id if outcome.graph else None,
        "milliseconds": round(seconds * 1000),
    }
    logger.info("conversion %s", json.dumps(line))
