"""What a request asks to be done once the person has redeemed, as it stands on the wire. Pure."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

from converters.model.completion import Completion, Step
from converters.settings.reader import GUID

# A person by object id or UPN, as one text.
Person = Annotated[
    str,
    StringConstraints(
        pattern=rf"^(?:{GUID.pattern}|[^\s\x00-\x1f\x7f]+@[^\s\x00-\x1f\x7f]+)$", max_length=320
    ),
]


class CompletionBody(BaseModel):
    """What to do once the person has redeemed; the operator allows each (COMPLETION_STEPS)."""

    model_config = ConfigDict(extra="forbid", strict=True, alias_generator=to_camel)

    revoke_sessions: bool | None = Field(None, description="End the user's sessions.")
    randomise_password: bool | None = Field(
        None, description="Give a cloud-only account a random password, which nobody learns."
    )
    user_type: Literal["guest"] | None = Field(None, description="Make the user a guest.")
    sponsor: Person | None = Field(
        None, description="Object id or UPN of an internal user who becomes a sponsor."
    )
    manager: Person | None = Field(
        None, description="Object id or UPN of an internal user who becomes the manager."
    )


def completion_of(body: CompletionBody | None) -> Completion:
    """Return what is asked for."""
    if body is None:
        return Completion()
    asked = {
        Step.REVOKE_SESSIONS: body.revoke_sessions,
        Step.RANDOMISE_PASSWORD: body.randomise_password,
        Step.USER_TYPE: body.user_type,
        Step.SPONSOR: body.sponsor,
        Step.MANAGER: body.manager,
    }
    return Completion(tuple(step for step in Step if asked[step]), body.sponsor, body.manager)
