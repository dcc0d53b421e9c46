"""The outcome as it stands on the wire: ``Outcome`` in, one CloudEvent (1.0, JSON) out. Pure."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime  # pydantic reads it at run time
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from converters.model.completion import Step  # noqa: TC001 - pydantic reads them at run time
from converters.model.outcome import Owner, Status, StepState  # noqa: TC001 - likewise
from converters.model.redemption import IdentityProvider  # noqa: TC001 - likewise
from converters.wire.envelopes import SOURCE
from converters.wire.requests import NAMESPACE

if TYPE_CHECKING:
    from converters.model.facts import User
    from converters.model.outcome import Invitation, Outcome, UserSummary

DATA_SCHEMA = "urn:b2b-conversion:outcome:1"


class _Wire(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, from_attributes=True)


class ReasonBody(_Wire):
    """Why a request did not go through, or a warning beside one that did."""

    code: str = Field(description="Stable, for machines.")
    message: str = Field(description="What is so.")
    remediation: str = Field(description="What to do.")
    owner: Owner = Field(description="Who can do it.")
    retriable: bool = Field(
        description="Whether the same request, sent again unchanged, may later end differently."
    )


class NextStepBody(_Wire):
    """Something that remains to be done after the invitation."""

    code: str
    message: str
    owner: Owner


class UserBody(_Wire):
    """The user, as the directory had it before the conversion."""

    id: str
    user_principal_name: str | None = None
    user_type: str | None = None
    on_premises_synced: bool | None = None


class InvitationBody(_Wire):
    """The invitation that was made."""

    id: str
    status: str
    invited_user_id: str
    invite_redirect_url: str
    send_invitation_message: bool
    invite_redeem_url: str | None = Field(
        None, description="A credential; only where sendInvitationMessage is false."
    )


class RedemptionBody(_Wire):
    """How the person redeemed the invitation."""

    redeemed_date_time: datetime | None = Field(
        None, description="When, where the directory says.", validation_alias="redeemed"
    )
    identity_provider: IdentityProvider = Field(
        description="Who signs the person in; unknown where the directory does not say."
    )
    domain_matches: bool | None = Field(
        None,
        description="Whether the identity is of the invited domain; left out where the directory"
        " does not say.",
    )


class StepBody(_Wire):
    """How one step of the completion ended."""

    step: Step = Field(description="As the request's completion names it.")
    result: StepState = Field(
        description="done (or so already); refused: the reasons say why; notApplicable: somebody"
        " else's to do.",
        validation_alias="state",
    )
    reasons: list[ReasonBody]
    missing_permission: str | None = Field(
        None,
        description="The application permission that Graph refused the step for.",
        validation_alias="permission",
    )


class GraphBody(_Wire):
    """What Microsoft's support needs to find the call again; code and message of a refusal."""

    correlation_id: str = Field(description="The client-request-id of every call for this request.")
    request_id: str | None = None
    status: int | None = None
    code: str | None = None
    message: str | None = None


class OutcomeBody(_Wire):
    """How one request ended."""

    request_id: str
    request_source: str | None = Field(
        None, description="The event's source, where requestId is an event's id."
    )
    status: Status
    user: UserBody | None = None
    invited_user_email_address: str | None = None
    reasons: list[ReasonBody]
    warnings: list[ReasonBody]
    next_steps: list[NextStepBody]
    invitation: InvitationBody | None = None
    redemption: RedemptionBody | None = None
    completion: list[StepBody] | None = Field(
        None, description="How each step ended that the request asked for; in completed alone."
    )
    graph: GraphBody | None = None
    requested_by: str | None = None


def event_id(idempotency_key: str, step: str = "conversion") -> str:
    """Return the outcome's id: the same for every delivery of the same step of a request."""
    return str(uuid.uuid5(NAMESPACE, f"{step} {idempotency_key}"))


def event_type(status: Status) -> str:
    """Return the CloudEvent type of an outcome, so that readers can route by it."""
    return f"B2BConversion.{status[0].upper()}{status[1:]}"


def cloud_event(outcome: Outcome, now: datetime | None = None) -> bytes:
    """Write the outcome as a CloudEvent; ASCII, since a queue message travels inside XML."""
    user_id = outcome.user.id if outcome.user else outcome.user_id
    event = {
        "specversion": "1.0",
        "id": event_id(outcome.idempotency_key, outcome.step),
        "source": SOURCE,
        "type": event_type(outcome.status),
        "time": (now or datetime.now(UTC)).isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "dataschema": DATA_SCHEMA,
        **({"subject": user_id} if user_id else {}),
        "data": _body(outcome).model_dump(mode="json", by_alias=True, exclude_none=True),
    }
    return json.dumps(event, separators=(",", ":")).encode("ascii")


def _body(outcome: Outcome) -> OutcomeBody:
    return OutcomeBody(
        request_id=outcome.request_id,
        request_source=outcome.source,
        status=outcome.status,
        user=_user(outcome.user, outcome.user_id),
        invited_user_email_address=outcome.email_address,
        reasons=[ReasonBody.model_validate(reason) for reason in outcome.reasons],
        warnings=[ReasonBody.model_validate(warning) for warning in outcome.warnings],
        next_steps=[NextStepBody.model_validate(step) for step in outcome.next_steps],
        invitation=_invitation(outcome.invitation, mail_sent=outcome.mail_sent),
        redemption=RedemptionBody.model_validate(outcome.redemption)
        if outcome.redemption
        else None,
        completion=[StepBody.model_validate(result) for result in outcome.completion] or None,
        graph=GraphBody.model_validate(outcome.graph) if outcome.graph else None,
        requested_by=outcome.requested_by,
    )


def _user(user: User | UserSummary | None, user_id: str | None) -> UserBody | None:
    if user is None:
        return UserBody(id=user_id) if user_id else None
    return UserBody.model_validate(user)


def _invitation(invitation: Invitation | None, *, mail_sent: bool) -> InvitationBody | None:
    if invitation is None:
        return None
    return InvitationBody(
        id=invitation.id,
        status=invitation.status,
        invited_user_id=invitation.invited_user_id,
        invite_redirect_url=invitation.redirect_url,
        send_invitation_message=mail_sent,
        invite_redeem_url=None if mail_sent else invitation.redeem_url or None,
    )
