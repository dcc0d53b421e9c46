"""What is killed at every step: one request each, and what must hold whatever dies."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from converters.model.completion import Step
from tests.events import EVENTS

SENDER, UNREAD = "invitations@contoso.example", "unread@contoso.example"
MAILBOXES: list[dict[str, Any]] = [
    {"address": SENDER},
    {"address": UNREAD, "roles": ["Mail.Send"]},
]
SECONDS = {
    # Reads lag for a second in the emulator; five seconds is the least that an invocation may take.
    "SETTLE_SECONDS": "5",
    "INVOCATION_SECONDS": "5",
    "RETRY_BASE_SECONDS": "1",
    "ALLOWED_EMAIL_DOMAINS": "partner.example",
}


@dataclass(frozen=True, slots=True)
class Scenario:
    """One request, and how it has to end.

    Attributes:
        name: what it is about.
        status: the outcome's.
        request: over the plain request that names user and address.
        user: over the user who can be converted.
        settings: over those that make times short.
        invitations: how many are made where nobody is killed.
        text: the message as it is, in place of a request.
        loses: the kind of call whose first answer is lost.
        results_late: the results queue is missing until something could not be put there.
        poisoned: the message stands in the poison queue, for the sweep.
        follows: how many days ago the user was invited who is to be followed up; ``None`` for a
            request.
        redeems: the person redeems once the user was looked at.
        lost: the follow-up's message was lost; only its row in the ledger is there.
        reminds: how many reminders are told before the person redeems.
        event: an event of the directory asks, about a user in the group.
        at_most: the invitation may not be made at all where a host dies right before it.
        completes: what the request asked to be done once redeemed.
    """

    name: str
    status: str
    request: dict[str, Any] = field(default_factory=dict)
    user: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    invitations: int = 1
    text: str = ""
    loses: str = ""
    results_late: bool = False
    poisoned: bool = False
    follows: float | None = None
    redeems: bool = False
    lost: bool = False
    reminds: int = 0
    event: bool = False
    at_most: bool = False
    completes: tuple[Step, ...] = ()

    @property
    def mails(self) -> int | None:
        """How many own mails go out; ``None`` where this service mails nothing."""
        return (self.reminds or 1) if "MAIL_SENDER" in self.settings else None

    @property
    def mail_is_told(self) -> bool:
        """Whether the sent items tell what became of a mail."""
        return self.settings.get("MAIL_SENDER") == SENDER

    @property
    def silent(self) -> bool:
        """Whether the outcome carries a redeem URL."""
        return self.request.get("sendInvitationMessage") is False


SWEEPING = {"SWEEP_SCHEDULE": "* * * * * *"}
PENDING = {"externalUserState": "PendingAcceptance"}
REDEEMED = {
    "externalUserState": "Accepted",
    "identities": [{"signInType": "federated", "issuer": "mail", "issuerAssignedId": None}],
}
# Looks some seconds apart, at an invitation that is eight days old.
DAY_EIGHT = ",".join(f"{8 * 86_400 + seconds}s" for seconds in (4, 8, 12, 16, 20, 30, 40, 60))
THROTTLED = {"status": 429, "code": "TooManyRequests", "times": 1}
MAIN = Scenario("by id, with mail", "invited")
# An event that its host died of is looked at again after the quiet time.
QUIET = {**EVENTS, "EVENT_QUIET_SECONDS": "2"}
EVENT = Scenario("event", "invited", settings=QUIET, event=True)
OWN = {
    "MAIL_SENDER": SENDER,
    "MAIL_ORGANISATION": "Contoso",
    "TENANT_ID": "55555555-eeee-4eee-8eee-555555555555",
}
OWN_UNREAD = OWN | {"MAIL_SENDER": UNREAD}
REMIND = {"REMIND_AFTER_DAYS": "7", "FOLLOW_UP_SCHEDULE": DAY_EIGHT}
OWN_MAIL = Scenario("own mail", "invited", settings=OWN)
OWN_MAILS = (
    OWN_MAIL,
    Scenario(
        "own mail, answer lost",
        "invited",
        settings=OWN,
        loses=f"graph: users/{SENDER}/sendMail",
    ),
    Scenario("own mail, sent items unread", "invited", settings=OWN_UNREAD),
    Scenario("own mail, resend", "invited", {"mode": "resend"}, PENDING, OWN),
    Scenario(
        "own mail, invitation's answer lost", "invited", settings=OWN, loses="graph: invitations",
        invitations=2,
    ),
    *(
        Scenario(
            f"own mail, reminder{title}", "redeemed", user=PENDING, settings=mail | REMIND,
            follows=8, redeems=True, reminds=1,
        )
        for title, mail in (("", OWN), (", sent items unread", OWN_UNREAD))
    ),
)  # fmt: skip
LOOK = Scenario("follow-up, redeemed", "redeemed", user=REDEEMED, invitations=0, follows=1)
FOLLOW_UPS = (
    LOOK,
    Scenario(
        "follow-up, redeemed later",
        "redeemed",
        user=PENDING,
        settings={"SETTLE_SECONDS": "1", "FOLLOW_UP_SCHEDULE": "1s,3s,6s,9s,12s,15s,20s"},
        invitations=0,
        follows=0,
        redeems=True,
    ),
    Scenario("follow-up, stale", "stale", user=PENDING, invitations=0, follows=31),
    Scenario(
        "follow-up, cancelled",
        "cancelled",
        user=PENDING | {"accountEnabled": False},
        invitations=0,
        follows=1,
    ),
    Scenario("follow-up, no effect", "failed", invitations=0, follows=1),
    Scenario(
        "follow-up, reminder",
        "redeemed",
        user=PENDING,
        settings={"REMIND_AFTER_DAYS": "7", "FOLLOW_UP_SCHEDULE": DAY_EIGHT},
        follows=8,
        redeems=True,
        reminds=1,
        at_most=True,
    ),
    Scenario(
        "follow-up, message lost",
        "redeemed",
        user=REDEEMED,
        settings=SWEEPING,
        invitations=0,
        follows=1,
        lost=True,
    ),
)
COMPLETING: dict[str, Any] = {
    "status": "completed",
    "user": REDEEMED,
    "invitations": 0,
    "follows": 1,
    "completes": tuple(Step),
}
ALLOWED = {"COMPLETION_STEPS": ",".join(Step)}
COMPLETION = Scenario("completion", settings=ALLOWED, **COMPLETING)
COMPLETIONS = (
    COMPLETION,
    Scenario("completion, message lost", settings=ALLOWED | SWEEPING, lost=True, **COMPLETING),
    *(
        Scenario(f"completion, answer lost ({step})", settings=ALLOWED, loses=call, **COMPLETING)
        for step, call in (
            (Step.REVOKE_SESSIONS, "graph: users/{id}/revokeSignInSessions"),
            (Step.RANDOMISE_PASSWORD, "graph: users/{id}"),
            (Step.SPONSOR, "graph: users/{id}/sponsors/$ref"),
        )
    ),
)
SCENARIOS = (
    MAIN,
    EVENT,
    Scenario(
        "by UPN, address from the directory",
        "invited",
        {"invitedUser": "userPrincipalName", "invitedUserEmailAddress": None},
    ),
    Scenario("silent", "invited", {"sendInvitationMessage": False}),
    Scenario("ineligible", "ineligible", user={"accountEnabled": False}, invitations=0),
    Scenario("check", "eligible", {"mode": "check"}, invitations=0),
    Scenario("no request at all", "rejected", invitations=0, text="no JSON"),
    Scenario("throttled once", "invited", user={"$fault": {"invite": THROTTLED}}),
    Scenario("answer lost", "invited", loses="graph: invitations"),
    Scenario(
        "silent, answer lost",
        "invited",
        {"sendInvitationMessage": False},
        loses="graph: invitations",
        invitations=2,
    ),
    Scenario("results queue late", "invited", results_late=True),
    Scenario("daily limit", "invited", settings={"DAILY_LIMIT": "100"}),
    Scenario(
        "sweep",
        "failed",
        invitations=0,
        poisoned=True,
        settings=SWEEPING,
    ),
    Scenario("resend", "invited", {"mode": "resend"}, user=PENDING, at_most=True),
    Scenario(
        "resend, silent",
        "invited",
        {"mode": "resend", "sendInvitationMessage": False},
        user=PENDING,
    ),
    *FOLLOW_UPS,
    *COMPLETIONS,
    *OWN_MAILS,
)
