"""What is wrong with a property: what was found, what is wanted, what is probably meant. Pure.

A problem is the end of a sentence that begins with the property. It shows a value of the message
only shortened, and no word of the library that validates.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from converters.model.errors import Fault
from converters.wire.graph_names import UNUSED
from converters.wire.odata import TYPE
from converters.wire.telling import found, shown
from converters.wire.ticket import folded

if TYPE_CHECKING:
    from collections.abc import Sequence

_INFO = "invitedUserMessageInfo"
_ITEM = f"{_INFO}.ccRecipients[]"
_PERSON = "an internal user's object id or user principal name"
_ADDRESS = "an e-mail address, of at most 320 characters and without spaces,"
WANTED = {
    "": "a JSON object",
    "invitedUser": "an object with either id or userPrincipalName",
    "invitedUser.id": "the user's object id, as in 11111111-aaaa-4aaa-8aaa-111111111111,",
    "invitedUser.userPrincipalName": "a user principal name, as in kim@contoso.example,",
    "invitedUserEmailAddress": _ADDRESS,
    "sendInvitationMessage": "true or false",
    _INFO: "an object with messageLanguage, ccRecipients or customizedMessageBody",
    f"{_INFO}.messageLanguage": "a language, as in en-US,",
    f"{_INFO}.ccRecipients": "a list of at most 100 recipients",
    _ITEM: "an object with emailAddress",
    f"{_ITEM}.emailAddress": "an object with address",
    f"{_ITEM}.emailAddress.name": "one line of 1 to 256 characters",
    f"{_ITEM}.emailAddress.address": _ADDRESS,
    f"{_INFO}.customizedMessageBody": "a text of at most 2000 characters",
    "inviteRedirectUrl": "a URL of 1 to 2048 characters, all of them ASCII,",
    "requestId": "a text of 1 to 128 letters, digits and ._~:/=+-, or a whole number,",
    "mode": "convert or check",
    "requestedBy": "one line of 1 to 256 characters",
    "completion": "an object with the steps to do once redeemed",
    "completion.revokeSessions": "true or false",
    "completion.randomisePassword": "true or false",
    "completion.userType": "guest",
    "completion.sponsor": _PERSON,
    "completion.manager": _PERSON,
}
# What people call a property who have not looked it up, where its own name is not close.
_OTHERWISE_CALLED = {
    "": {
        **dict.fromkeys(("email", "mail", "emailaddress", "address"), "invitedUserEmailAddress"),
        **dict.fromkeys(("objectid", "userid", "oid"), "invitedUser.id"),
        **dict.fromkeys(("userprincipalname", "upn"), "invitedUser.userPrincipalName"),
        "user": "invitedUser",
        **dict.fromkeys(("redirecturi", "returnurl"), "inviteRedirectUrl"),
        **dict.fromkeys(("ticket", "ticketid", "ticketnumber", "correlationid"), "requestId"),
        "requestor": "requestedBy",
        **dict.fromkeys(("usertype", "inviteusertype"), "completion.userType"),
        **{
            name.lower(): f"completion.{name}"
            for name in ("sponsor", "manager", "revokeSessions", "randomisePassword")
        },
        **{
            name.lower(): f"{_INFO}.{name}"
            for name in ("messageLanguage", "ccRecipients", "customizedMessageBody")
        },
    },
    "invitedUser": {
        **dict.fromkeys(("objectid", "userid"), "id"),
        **dict.fromkeys(("upn", "username"), "userPrincipalName"),
    },
    _INFO: {
        **dict.fromkeys(("language", "locale"), "messageLanguage"),
        "cc": "ccRecipients",
        **dict.fromkeys(("message", "body", "text", "messagebody"), "customizedMessageBody"),
    },
    "completion": {
        **dict.fromkeys(("password", "resetpassword", "passwordprofile"), "randomisePassword"),
        "sessions": "revokeSessions",
        **dict.fromkeys(("guest", "type"), "userType"),
    },
    _ITEM: {"address": "emailAddress", "email": "emailAddress", "mail": "emailAddress"},
    f"{_ITEM}.emailAddress": {"email": "address", "mail": "address", "displayname": "name"},
}
_HALF = "holds half a character, as \\ud800 is, where valid Unicode is wanted"
_CLOSE = 0.75
_MOST_FAULTS = 50
_MORE = "moreFaults"
_UNTOLD = Fault(_MORE, "", "")
# A name that is longer is nobody's slip; to compare it would take time.
_LONGEST_SLIP = 48


def faults_of(details: Sequence[Any]) -> list[Fault]:
    """Tell what the validation has found, as far as it can be listed: it may be thousands."""
    told = [_fault(detail) for detail in details[:_MOST_FAULTS]]
    return told + [_UNTOLD] * (len(details) - len(told))


def listed(faults: list[Fault]) -> list[Fault]:
    """Keep as many faults as an outcome has room for, and count the rest."""
    rest = len(faults) - _MOST_FAULTS
    if rest <= 0:
        return faults
    return [*faults[:_MOST_FAULTS], Fault(_MORE, "", f"has {rest} more faults")]


def faults_of_user(value: dict[str, Any]) -> list[Fault]:
    """Check what no single property can tell, to report it beside their faults."""
    user = value.get("invitedUser")
    if user is None:
        if value.get("invitedUserEmailAddress") is None:
            problem = "is missing, and so is invitedUserEmailAddress, where one of them is wanted"
            return [Fault("missingProperty", "invitedUser", problem)]
        return []
    if not isinstance(user, dict):
        return []
    named = [name for name in ("id", "userPrincipalName") if user.get(name) is not None]
    if len(named) == 1:
        return []
    what = "both id and userPrincipalName" if named else "neither id nor userPrincipalName"
    return [Fault("invalidValue", "invitedUser", f"has {what}, where one of them is wanted")]


def _fault(detail: Any) -> Fault:  # noqa: ANN401 - pydantic's ErrorDetails, a TypedDict of its core
    """Tell a fault that the validation has found."""
    loc = detail["loc"]
    where, path = ".".join(shown(part) for part in loc), _path(loc)
    match detail["type"]:
        case "extra_forbidden":
            return Fault("unknownProperty", where, _unknown(_path(loc[:-1]), str(loc[-1])))
        case "missing":
            return Fault("missingProperty", where, f"is missing, where {_wanted(path)}")
        case "string_unicode":
            return Fault("invalidValue", where, _HALF)
    name = str(loc[-1]) if loc else ""
    problem = f"is {found(detail['input'], name)}, where {_wanted(path)}"
    return Fault("invalidValue", where, problem)


def missing(where: str, wanted: str) -> Fault:
    """Tell that a property is not there."""
    return Fault("missingProperty", where, f"is missing, where {wanted} is wanted")


def invalid(where: str, value: object, wanted: str) -> Fault:
    """Tell that a property's value is not as it must be."""
    return Fault("invalidValue", where, f"is {found(value)}, where {wanted} is wanted")


def _path(loc: tuple[str | int, ...]) -> str:
    """Return the path of a property as ``WANTED`` has it."""
    return "".join("[]" if isinstance(part, int) else f".{part}" for part in loc).removeprefix(".")


def _wanted(path: str) -> str:
    return f"{WANTED.get(path, WANTED[''])} is wanted"


def _unknown(parent: str, name: str) -> str:
    """Say of a name that is none of a request's why not, and which is probably meant."""
    if reason := _UNUSED.get(parent, {}).get(name.lower()):
        return reason
    if "@" in name:
        return _annotation(parent, name)
    meant = _meant(parent, name)
    return "is no property of a request" + (f"; {meant} is probably meant" if meant else "")


def _annotation(parent: str, name: str) -> str:
    annotated, _, kind = name.partition("@")
    path = f"{parent}.{annotated}".removeprefix(".")
    if kind == "odata.bind" and path in WANTED:
        return f"is a reference, which is not followed; {annotated} is wanted itself"
    return f"is an annotation that has no effect here; only a true {TYPE} is taken"


def _meant(parent: str, name: str) -> str | None:
    """Return the property that is probably meant: of those that stand there, or by another name."""
    if len(name) > _LONGEST_SLIP:
        return None
    wrong, own = folded(name), _OWN.get(parent, {})
    if known := own.get(wrong) or _OTHERWISE_CALLED.get(parent, {}).get(wrong):
        return known
    close = difflib.get_close_matches(wrong, own, n=1, cutoff=_CLOSE)
    return own[close[0]] if close else None


def _own() -> dict[str, dict[str, str]]:
    """Return the names of the properties by the path of the object that they stand in."""
    own: dict[str, dict[str, str]] = {}
    for path in WANTED:
        outer, _, name = path.rpartition(".")
        if name and not name.endswith("[]"):
            own.setdefault(outer, {})[folded(name)] = name
    return own


_OWN = _own()
_UNUSED = {
    parent: {name.lower(): reason for name, reason in reasons.items()}
    for parent, reasons in UNUSED.items()
}
