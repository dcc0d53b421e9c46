"""A storm in which this service mails (R17): the mailbox is disturbed, too."""

from __future__ import annotations

from collections import defaultdict

from local.graph import Fault
from tests.faults.crowd import is_silent, request_id, user_id
from tests.faults.scenarios import MAILBOXES, OWN
from tests.faults.storm import FAULTS, Storm

CALLS = r"/sendMail$"
# Together an eighth of the answers to mails.
MAIL_FAULTS = (
    Fault(path=CALLS, status=429, code="ApplicationThrottled", retry_after=1, probability=0.03),
    Fault(path=CALLS, status=503, code="ErrorServerBusy", probability=0.03),
    Fault(path=CALLS, drop="before", probability=0.03),
    Fault(path=CALLS, drop="after", probability=0.03),
)


class MailStorm(Storm):
    """A storm with own mail; every mailbox sends 30 messages a minute for each host."""

    faults = (*MAIL_FAULTS, *FAULTS)
    mailboxes = tuple(MAILBOXES)
    keys = OWN
    # A request comes again more often than one that Microsoft mails: it must not run out of tries.
    calm = (6.0, 12.0)

    def problems(self) -> list[str]:
        """Return the promises that were broken."""
        mailed = [number for number in range(self._requests) if not is_silent(number)]
        links = defaultdict[str, list[str]](list)
        for mail in self._mails:
            links[mail["to"]].append(mail["redeemUrl"])
        found = {number: links[f"user{number}@partner.example"] for number in mailed}
        twice = [number for number in mailed if len(found[number]) > 1]
        void = [
            number
            for number in mailed
            if found[number] and found[number][-1] != self._valid_urls[user_id(number)]
        ]
        told = {"mailInDoubt", "mailNotSent"}
        untold = [
            number
            for number in mailed
            if not found[number] and not told & self._warnings[request_id(number)]
        ]
        silent = [n for n in range(self._requests) if is_silent(n)]
        several = [n for n in mailed if len(set(self._told[request_id(n)])) > 1]
        wrong = {
            f"{len(twice)} people mailed twice, as {twice[:3]}": twice,
            f"{len(void)} people with a link that is void, as {void[:3]}": void,
            f"{len(untold)} people who were not mailed, untold, as {untold[:3]}": untold,
            f"{len(several)} requests with several outcomes, as {several[:3]}": several,
            "silent requests whose URL was lost": any(self._is_url_lost(n) for n in silent),
            "silent requests that were mailed": any(
                links[f"user{number}@partner.example"] for number in silent
            ),
            "requests without an outcome": len(self._told) != self._requests,
            "outcomes other than invited": any(
                status != "invited" for told in self._told.values() for _, status in told
            ),
            f"{self._poisoned} messages poisoned": self._poisoned,
        }
        return [problem for problem, holds in wrong.items() if holds]

    def summary(self) -> str:
        """Return the figures in a sentence."""
        warned = sum("mailInDoubt" in codes for codes in self._warnings.values())
        return (
            f"{self._requests} requests, {len(self._mails)} mails, {sum(self._made.values())}"
            f" invitations, {self._kills} hosts killed, {warned} told as in doubt,"
            f" {self._seconds:.0f} s"
        )
