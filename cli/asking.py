"""The verbs about one request: ``check`` and ``request``."""

from __future__ import annotations

import json
import uuid
from pathlib import Path  # noqa: F401 - typer reads the hints
from typing import Annotated, Any

import typer

from cli.ending import Code, WrongCall
from cli.outcomes import code_of, show
from cli.parsing import parse_request
from cli.verb import Session
from converters.model.request import ConversionRequest
from converters.settings.reader import GUID
from converters.storage.queues import Queue
from converters.wire.properties import GUEST

UserArgument = Annotated[
    str, typer.Argument(help="The internal user: object id or user principal name.")
]
AddressArgument = Annotated[
    str | None,
    typer.Argument(help="The person's own address; left out, the one that the directory holds."),
]
RequestIdOption = Annotated[
    str | None, typer.Option("--request-id", help="Your own key; left out, one is made.")
]
MailOption = Annotated[
    bool, typer.Option("--mail/--no-mail", help="Whether Microsoft mails the invitation.")
]
LanguageOption = Annotated[str | None, typer.Option("--language", help="The mail's, as in de-DE.")]
CcOption = Annotated[str | None, typer.Option("--cc", help="One more reader of the mail.")]
TextOption = Annotated[str | None, typer.Option("--text", help="Your text for the mail.")]
RedirectOption = Annotated[
    str | None, typer.Option("--redirect-url", help="Where the person lands after redeeming.")
]
RevokeOption = Annotated[
    bool, typer.Option("--revoke-sessions", help="Once redeemed: end the user's sessions.")
]
PasswordOption = Annotated[
    bool,
    typer.Option("--randomise-password", help="Once redeemed: a random password (cloud-only)."),
]
GuestOption = Annotated[bool, typer.Option("--guest", help="Once redeemed: userType Guest.")]
SponsorOption = Annotated[
    str | None, typer.Option("--sponsor", help="Once redeemed: a sponsor, by object id or UPN.")
]
ManagerOption = Annotated[
    str | None, typer.Option("--manager", help="Once redeemed: the manager, likewise.")
]
ByOption = Annotated[str | None, typer.Option("--requested-by", help="Who asks: a ticket, say.")]


def named(user: str) -> dict[str, str]:
    """Return ``invitedUser`` for a user as a person types one.

    Raises:
        WrongCall: it is neither an object id nor a user principal name.
    """
    if GUID.fullmatch(user):
        return {"id": user}
    if "@" in user:
        return {"userPrincipalName": user}
    raise WrongCall(f"{user!r} is neither an object id nor a user principal name (name@domain).")


def read(body: dict[str, Any]) -> ConversionRequest:
    """Read a request by the service's own parser.

    Raises:
        RequestInvalid: naming every fault at once.
    """
    return parse_request(json.dumps(without_empty(body)).encode(), None)


def without_empty(body: dict[str, Any]) -> dict[str, Any]:
    """Leave out what was not given."""
    return {name: value for name, value in body.items() if value not in (None, {}, [])}


def _message_info(language: str | None, cc: str | None, text: str | None) -> dict[str, Any]:
    recipients = [{"emailAddress": {"address": cc}}] if cc else []
    return without_empty(
        {
            "messageLanguage": language,
            "ccRecipients": recipients,
            "customizedMessageBody": text,
        }
    )


async def check(session: Session, user: UserArgument, address: AddressArgument = None) -> Code:
    """Say whether a user could be invited: every reason, with its remedy and who can apply it.

    Reads Microsoft Graph as you; nobody is invited, nothing is written.

    Examples:
        b2b check ada@contoso.example
        b2b check 00000000-0000-4000-8000-000000000001 ada@fabrikam.example -o json
    """
    from cli.engine import Engine  # noqa: PLC0415 - what talks to Graph takes a second to load

    body = {
        "requestId": f"check-{uuid.uuid4()}",
        "invitedUser": named(user),
        "invitedUserEmailAddress": address,
    }
    request = read(body)
    async with session.signed_in() as (settings, held), Engine(settings, held) as engine:
        outcome = await engine.check(request)
    show(session.console, outcome)
    return code_of([outcome])


async def request(  # noqa: PLR0913 - each is one property of a request
    session: Session,
    user: UserArgument,
    address: AddressArgument = None,
    *,
    request_id: RequestIdOption = None,
    mail: MailOption = True,
    language: LanguageOption = None,
    cc: CcOption = None,
    text: TextOption = None,
    redirect_url: RedirectOption = None,
    revoke_sessions: RevokeOption = False,
    randomise_password: PasswordOption = False,
    guest: GuestOption = False,
    sponsor: SponsorOption = None,
    manager: ManagerOption = None,
    requested_by: ByOption = None,
) -> Code:
    """Ask the service to invite one user; print the id to find the outcome by.

    What is to be done once redeemed has to be allowed by the operator (COMPLETION_STEPS).

    Examples:
        b2b request ada@contoso.example ada@fabrikam.example --request-id RITM0010001
        b2b request ada@contoso.example --no-mail --requested-by RITM0010002
        b2b request ada@contoso.example --guest --sponsor boss@contoso.example
    """
    body = {
        "requestId": request_id or f"cli-{uuid.uuid4()}",
        "invitedUser": named(user),
        "invitedUserEmailAddress": address,
        "sendInvitationMessage": mail,
        "invitedUserMessageInfo": _message_info(language, cc, text),
        "inviteRedirectUrl": redirect_url,
        "requestedBy": requested_by,
        "completion": without_empty(
            {
                "revokeSessions": revoke_sessions or None,
                "randomisePassword": randomise_password or None,
                "userType": GUEST if guest else None,
                "sponsor": sponsor,
                "manager": manager,
            }
        ),
    }
    return await _enqueued(session, body)


async def resend(
    session: Session,
    user: UserArgument,
    *,
    request_id: RequestIdOption = None,
    mail: MailOption = True,
    requested_by: ByOption = None,
) -> Code:
    """Ask the service to make a pending invitation again; print the id to find the outcome by.

    The rules of a conversion count again. With --no-mail the outcome has a new redeem URL, and
    older links are void.

    Examples:
        b2b resend ada@contoso.example --requested-by RITM0010003
    """
    body = {
        "requestId": request_id or f"cli-{uuid.uuid4()}",
        "mode": "resend",
        "invitedUser": named(user),
        "sendInvitationMessage": mail,
        "requestedBy": requested_by,
    }
    return await _enqueued(session, body)


async def _enqueued(session: Session, body: dict[str, Any]) -> Code:
    valid = read(body)
    async with session.signed_in() as (settings, held):
        queue = Queue(settings.storage, settings.requests_queue, held)
        try:
            await queue.send(json.dumps(without_empty(body)).encode("ascii"))
        finally:
            await queue.close()
    session.console.record({"requestId": valid.request_id})
    session.console.note(f"Enqueued. Follow it: b2b watch {valid.request_id}")
    return Code.WELL
