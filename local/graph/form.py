"""The form of an invitation: what the metadata lets a ``POST /invitations`` say.

Graph refuses a property that the type does not have ("invitation resource type"), and an SDK that
writes one wrong, or drops one, has to be found out here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from local.graph.errors import bad_request
from local.graph.schema import INVITATION, USER

if TYPE_CHECKING:
    from collections.abc import Collection

    from local.graph.errors import GraphError
    from local.graph.schema import Json

_MESSAGE = frozenset({"messageLanguage", "customizedMessageBody", "ccRecipients"})
_TEXTS = ("invitedUserDisplayName", "invitedUserEmailAddress", "invitedUserType")
_SWITCHES = ("sendInvitationMessage", "resetRedemption")


def checked(body: object) -> Json:
    """Return a body that is an invitation.

    Raises:
        GraphError: 400, naming what is wrong.
    """
    found = _object(body, INVITATION.names, "invitation")
    _check_kinds(found, _TEXTS, str)
    _check_kinds(found, _SWITCHES, bool)
    for name in ("invitedUserEmailAddress", "inviteRedirectUrl"):
        if not found.get(name):
            raise bad_request(f"The required property '{name}' is missing or empty.")
    if not _is_url(found["inviteRedirectUrl"]):
        raise _wrong("inviteRedirectUrl")
    if (user := found.get("invitedUser")) is not None:
        _check_kinds(_object(user, USER.names, "user"), ("id",), str)
    if (message := found.get("invitedUserMessageInfo")) is not None:
        _check_message(_object(message, _MESSAGE, "invitedUserMessageInfo"))
    return found


def _check_message(message: Json) -> None:
    _check_kinds(message, ("messageLanguage", "customizedMessageBody"), str)
    _check_kinds(message, ("ccRecipients",), list)
    recipients = message.get("ccRecipients") or []
    if len(recipients) > 1:
        raise bad_request("Only one recipient is supported in ccRecipients.")
    for recipient in recipients:
        address = _object(recipient, {"emailAddress"}, "recipient").get("emailAddress")
        _check_kinds(
            _object(address, {"name", "address"}, "emailAddress"), ("name", "address"), str
        )


def _check_kinds(found: Json, names: Collection[str], kind: type) -> None:
    for name in names:
        value = found.get(name)
        if value is not None and not isinstance(value, kind):
            raise _wrong(name)


def _object(value: object, names: Collection[str], kind: str) -> Json:
    """Return a JSON object that has none but a type's properties; annotations are let pass."""
    if not isinstance(value, dict):
        raise bad_request(f"A value of type 'microsoft.graph.{kind}' was expected.")
    for name in value:
        if name not in names and not name.startswith("@odata."):
            raise bad_request(
                f"The property '{name}' does not exist on type 'microsoft.graph.{kind}'. Make sure"
                " to only use property names that are defined by the type."
            )
    return cast("Json", value)


def _is_url(value: object) -> bool:
    if not isinstance(value, str):
        return False
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc)


def _wrong(name: str) -> GraphError:
    return bad_request(f"Invalid value specified for property '{name}' of resource 'Invitation'.")
