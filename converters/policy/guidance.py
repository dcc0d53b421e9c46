"""What a person should know beside a conversion, and what remains to be done. Pure.

Source: "Invite internal users to B2B collaboration", as published in 2020 and as it stands today.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from converters.model.completion import Step
from converters.model.outcome import NextStep, Owner, Reason

if TYPE_CHECKING:
    from converters.model.facts import User
    from converters.model.request import ConversionRequest
    from converters.settings.settings import Settings

_ONE_WAY = Reason(
    "oneWay",
    "The conversion is one-way: once redeemed, only the external identity signs in.",
    "Going back takes an administrator, who converts the user to internal again or deletes it.",
    Owner.IDENTITY_ADMIN,
)
_PASSWORD_WORKS = Reason(
    "internalPasswordStillWorks",
    "The internal password keeps working on premises, and until the invitation is redeemed.",
    "Change it as the next steps say.",
    Owner.IDENTITY_ADMIN,
)
_TEXT_LEFT_OUT = Reason(
    "customTextLeftOut",
    "The request's customizedMessageBody is not part of the invitation: this service does not allow"
    " free text.",
    "Set ALLOW_CUSTOM_TEXT to send it, or send the invitation yourself (sendInvitationMessage"
    " false).",
    Owner.OPERATOR,
)
_TEXT_DROPPED = Reason(
    "customTextDropped",
    "Graph leaves customizedMessageBody out of the mail when an application sends it.",
    "For a text of your own, set sendInvitationMessage to false and mail the redeem URL yourself;"
    " or let the service mail (MAIL_SENDER).",
    Owner.REQUESTER,
)

_REDEEM = NextStep(
    "awaitRedemption",
    "The person redeems the invitation; until then the account stays as it was.",
    Owner.REQUESTER,
)
_SEND_URL = NextStep(
    "sendRedeemUrl",
    "Send invitation.inviteRedeemUrl to the person; nobody else has it, and it is a credential.",
    Owner.REQUESTER,
)
_SYNCED_PASSWORD = NextStep(
    "randomisePasswordOnPremises",
    "On-premises Active Directory stays the source of authority of this user: set the password to a"
    " random value there.",
    Owner.IDENTITY_ADMIN,
)
_CLOUD_PASSWORD = NextStep(
    "randomisePassword",
    "Once redeemed, set the user's internal password to a random value.",
    Owner.IDENTITY_ADMIN,
)
_USER_TYPE = NextStep(
    "reviewUserType",
    "userType stays as it is, and so does billing; set it to Guest if the person should be one.",
    Owner.IDENTITY_ADMIN,
)


_SET_MAIL = NextStep(
    "setMail",
    "Put the external address into the user's mail too: Teams and other apps look for it there.",
    Owner.IDENTITY_ADMIN,
)
_REPLACE_SMS = NextStep(
    "replaceSmsSignIn",
    "The person signs in with a phone number today; no external user can. Tell the person to use"
    " the account of their own organisation.",
    Owner.REQUESTER,
)


def warnings(request: ConversionRequest, settings: Settings) -> tuple[Reason, ...]:
    """Say what a person should know before, or right after, the invitation."""
    text = request.message_info.text
    left_out = (_TEXT_LEFT_OUT,) if text and not settings.allow_custom_text else ()
    by_microsoft = request.send_invitation_message and settings.mail is None
    dropped = text and settings.allow_custom_text and by_microsoft
    return (_ONE_WAY, _PASSWORD_WORKS, *left_out, *((_TEXT_DROPPED,) if dropped else ()))


def next_steps(request: ConversionRequest, user: User, settings: Settings) -> tuple[NextStep, ...]:
    """Say what remains to be done after the invitation, and by whom."""
    tenant = settings.tenant_id or "<tenant id>"
    teams = NextStep(
        "openTeamsByTenant",
        f"The person's first visit to Teams goes through https://teams.microsoft.com/?tenantId={tenant}.",
        Owner.REQUESTER,
    )
    send = () if request.send_invitation_message else (_SEND_URL,)
    steps = request.completion.steps
    completion = NextStep(
        "awaitCompletion",
        f"Once redeemed, the service does what was asked for ({', '.join(steps)}) and tells it in"
        " an outcome completed.",
        Owner.OPERATOR,
    )
    synced = user.on_premises_synced
    by_itself = frozenset() if synced else frozenset(steps)
    password = _SYNCED_PASSWORD if synced else _CLOUD_PASSWORD
    left = (
        *((completion,) if steps else ()),
        *(() if Step.RANDOMISE_PASSWORD in by_itself else (password,)),
    )
    user_type = () if Step.USER_TYPE in by_itself else (_USER_TYPE,)
    mail = () if user.mail else (_SET_MAIL,)
    by_phone = any(i.sign_in_type == "phoneNumber" for i in user.identities or ())
    sms = (_REPLACE_SMS,) if by_phone else ()
    return (*send, _REDEEM, *left, *mail, *sms, *user_type, teams)


def consent_takes_time(settings: Settings) -> str:
    """Say how long it takes until a permission counts, and how long a request waits for it."""
    return (
        "The service notices consent within a day, when its identity gets a new token; the request"
        f" waits for {settings.consent_hours} hours."
        if settings.consent_hours
        else "The service notices consent within a day, when its identity gets a new token."
    )
