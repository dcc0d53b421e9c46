"""Which property of a request a column holds, by its heading: ours, the portal's, PowerShell's."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field

from cli.bulk.table import Problem, Table
from converters.settings.reader import GUID
from converters.wire.ticket import folded

REQUEST_ID = "requestId"
USER, USER_ID, USER_NAME = "invitedUser", "invitedUser.id", "invitedUser.userPrincipalName"
ADDRESS, MAILS = "invitedUserEmailAddress", "sendInvitationMessage"
_INFO = "invitedUserMessageInfo"
LANGUAGE, TEXT = f"{_INFO}.messageLanguage", f"{_INFO}.customizedMessageBody"
CC = f"{_INFO}.ccRecipients"
# One of these says who is to be invited.
WHO = frozenset({USER, USER_ID, USER_NAME, ADDRESS})
# What a results file has beside; a table with these is one.
RESULTS = ("status", "reasons", "remedy", "owner")
# Folded: lower case, letters and digits alone.
_CALLED = {
    REQUEST_ID: "requestid",
    "mode": "mode",
    USER: "inviteduser user",
    USER_ID: "inviteduserid id objectid userid",
    USER_NAME: "inviteduseruserprincipalname userprincipalname upn upnofinternaluser",
    # "external email" as the article's PowerShell has it, inviteeEmail as the portal's template.
    ADDRESS: "inviteduseremailaddress externalemail inviteeemail emailaddress email mail",
    MAILS: "sendinvitationmessage sendemail sendinvite",
    LANGUAGE: "invitedusermessageinfomessagelanguage messagelanguage language",
    CC: "invitedusermessageinfoccrecipients ccrecipients cc",
    TEXT: "invitedusermessageinfocustomizedmessagebody customizedmessagebody message",
    "inviteRedirectUrl": "inviteredirecturl redirecturl redirecturi",
    "requestedBy": "requestedby",
    "completion.revokeSessions": "completionrevokesessions revokesessions",
    "completion.randomisePassword": "completionrandomisepassword randomisepassword",
    "completion.userType": "completionusertype",
    "completion.sponsor": "completionsponsor sponsor",
    "completion.manager": "completionmanager manager",
}
_PATHS = {name: path for path, names in _CALLED.items() for name in names.split()}
_IGNORED = {"displayname", "inviteduserdisplayname"}
# "Email address to invite [inviteeEmail] Required", and the older "Name [inviteeEmail]".
_PORTAL = re.compile(r".*\[(\w+)\].*")
BOOLEANS = frozenset({MAILS, "completion.revokeSessions", "completion.randomisePassword"})
_SWITCHES = {"true": True, "false": False}


@dataclass(slots=True)
class Columns:
    """What the columns of a table hold.

    Attributes:
        paths: the property of each column, in their order; ``None`` where it holds none.
        heading: of each property.
        ignored: headings that have no effect.
    """

    paths: list[str | None] = field(default_factory=list)
    heading: dict[str, str] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)

    @property
    def is_results(self) -> bool:
        """Whether the table is a results file."""
        return {REQUEST_ID, *RESULTS} <= self.heading.keys()

    def of_fault(self, where: str) -> str:
        """Return the heading of the column that a fault is in, by the path of the property."""
        for path, heading in sorted(self.heading.items(), key=lambda each: -len(each[0])):
            if where == path or where.startswith(f"{path}."):
                return heading
        inner = [heading for path, heading in self.heading.items() if path.startswith(f"{where}.")]
        return inner[0] if where and inner else ""

    def body(self, cells: tuple[str, ...]) -> dict[str, object]:
        """Make a request's body of a line's cells; an empty cell is a property left out."""
        body: dict[str, object] = {}
        for path, cell in zip(self.paths, cells, strict=True):
            if path and cell and path not in RESULTS:
                _put(body, path, cell)
        return body


def understood(table: Table, ignored: list[str]) -> Columns:
    """Tell what each column holds; list the headings that say nothing known."""
    columns, ignoring = Columns(), {folded(name) for name in ignored} | _IGNORED
    for heading in table.headings:
        path = _path(heading)
        known = path if path and folded(heading) not in ignoring else None
        columns.paths.append(known)
        if known and known in columns.heading:
            told = f"holds what {columns.heading[known]!r} holds already"
            table.problems.append(Problem(1, heading, told, "Remove one of the two columns."))
        elif known:
            columns.heading[known] = heading
        elif folded(heading) in ignoring:
            columns.ignored.append(heading)
        else:
            table.problems.append(Problem(1, heading, "is no known heading", _meant(heading)))
    if table.headings and not columns.heading.keys() & WHO:
        remedy = f"Add a column {ADDRESS}, {USER_ID} or {USER_NAME}."
        table.problems.append(Problem(1, "", "no column says who is to be invited", remedy))
    return columns


def _path(heading: str) -> str | None:
    match = _PORTAL.fullmatch(heading)
    name = folded(match[1] if match else heading)
    return name if name in RESULTS else _PATHS.get(name)


def _meant(heading: str) -> str:
    close = difflib.get_close_matches(folded(heading)[:64], [*_PATHS, *RESULTS], n=1)
    meant = f"Call it {_PATHS.get(close[0], close[0])}, or pass" if close else "Remove it, or pass"
    return f"{meant} --ignore {heading!r}."


def _put(body: dict[str, object], path: str, cell: str) -> None:
    value: object = cell
    if path in BOOLEANS:
        value = _SWITCHES.get(cell.lower(), cell)
    elif path == "mode":
        value = cell.lower()
    elif path == CC:
        value = [{"emailAddress": {"address": cell}}]
    elif path == USER:
        path = USER_ID if GUID.fullmatch(cell) else USER_NAME
    *outer, name = path.split(".")
    inner = body
    for step in outer:
        within = inner.setdefault(step, {})
        if isinstance(within, dict):
            inner = within
    inner[name] = value
