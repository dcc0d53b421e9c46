"""Each alert is raised by its fault and by nothing else, over lines that the code writes."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from converters.model.outcome import Status
from converters.steps.logging import log_subscription
from converters.steps.retrying import WITHDRAWN
from tests.kql.alerting import Line, is_raised
from tests.kql.logged import (
    cared,
    caught,
    completed,
    deferred,
    ended,
    followed,
    mailed,
    noticed,
    of_settings,
    subscribed,
    swept,
    undone,
    unfinished,
)
from tests.kql.queries import Rule, rules

if TYPE_CHECKING:
    from collections.abc import Iterator

RULES = {rule.name: rule for rule in rules()}
OLDEST = int(re.findall(r"> (\d+)", RULES["oldest-request"].query)[-1])
KEPT = (Line(subscribed(), 359), Line(subscribed(), 7))
HEALTHY = (*(Line(swept(waiting=2, oldest=3), minutes) for minutes in (2, 7, 12)), *KEPT)
EVENT = ended(Status.INELIGIBLE, "isGuest", event=True)
DAY = 24 * 60


def of(count: int, failed: int) -> tuple[Line, ...]:
    """Return so many conversions, of which so many failed, and healthy sweeps."""
    good = [Line(ended(Status.INVITED))] * (count - failed)
    return (*HEALTHY, *good, *[Line(ended(Status.FAILED, "triesRanOut"))] * failed)


def with_healthy(*messages: str, minutes: float = 1) -> tuple[Line, ...]:
    """Return lines beside healthy sweeps."""
    return (*HEALTHY, *(Line(message, minutes) for message in messages))


SWEPT = tuple(line for line in HEALTHY if line not in KEPT)


def gaps(count: int, of: int) -> tuple[Line, ...]:
    """Return so many looks at the subscription, in some of which a gap was open."""
    looks = [subscribed(gap=number < count) for number in range(of)]
    return (*SWEPT, *(Line(look, 30 * (number + 1)) for number, look in enumerate(looks)))


def followed_up(stale: int, redeemed: int) -> tuple[Line, ...]:
    """Return so many follow-ups that ended so, a day ago."""
    ends = [followed("stale")] * stale + [followed("redeemed")] * redeemed
    return (*HEALTHY, *[Line(end, DAY) for end in ends])


def restarts(*minutes: float, restarted: int = 1) -> tuple[Line, ...]:
    """Return sweeps of so many minutes ago that started follow-ups again."""
    return (*HEALTHY, *[Line(cared(restarted, 1), each) for each in minutes])


def failed_early() -> str:
    """Return the line of a look that failed before it knew how the subscription stands."""
    with caught() as lines:
        log_subscription({"state": "failed", "enqueued": 0}, warn=True)
    return lines[0]


def events(before: int, since: int) -> tuple[Line, ...]:
    """Return so many events of the day before yesterday's hour and of the last day."""
    old, new = [Line(EVENT, DAY + 30)] * before, [Line(EVENT, DAY - 30)] * since
    return (*HEALTHY, *old, *new)


# By what happened: the lines of it, and the alerts that are raised.
SCENARIOS: dict[str, tuple[tuple[Line, ...], set[str]]] = {
    "nobody asks for anything": (HEALTHY, set()),
    "conversions go well": (of(20, failed=0), set()),
    "every other ending": (with_healthy(*(ended(s, "x") for s in Status)), set()),
    "a message killed its worker": (with_healthy(swept(poison=1)), {"poison"}),
    "dead letters are kept": (with_healthy(swept(dead=1)), {"poison"}),
    "a message killed its worker long ago": (with_healthy(swept(poison=1), minutes=16), set()),
    "the first request waits as long as it may": (with_healthy(swept(9, OLDEST)), set()),
    "the first request waits longer": (with_healthy(swept(1, OLDEST + 1)), {"oldest-request"}),
    "nothing was ever logged": ((), {"silence", "subscription-silence"}),
    "the last sweep was long ago": ((*KEPT, Line(swept(), 16)), {"silence"}),
    "requests are handled but nothing sweeps": ((*KEPT, Line(ended(Status.INVITED))), {"silence"}),
    "one sweep is left of three": ((*KEPT, Line(swept(), 14)), set()),
    "a setting is malformed": (
        with_healthy(of_settings("DAILY_LIMIT must be a number.")), {"settings"},
    ),
    "a setting was malformed long ago": (with_healthy(of_settings("x"), minutes=16), set()),
    "a setting is strange": (with_healthy(of_settings(warnings=("x",))), set()),
    "four of four fail": (of(4, failed=4), set()),
    "five of five fail": (of(5, failed=5), {"failed"}),
    "nine of forty fail": (of(40, failed=9), {"failed"}),
    "five of forty-nine fail": (of(49, failed=5), {"failed"}),
    "five of fifty fail": (of(50, failed=5), set()),
    "users cannot be converted": (
        with_healthy(*[ended(Status.INELIGIBLE, "isGuest")] * 6), set(),
    ),
    "the operator has paused": (with_healthy(deferred("conversionsPaused")), set()),
    "Graph is down": (with_healthy(deferred()), set()),
    "another code has the name of one in it": (with_healthy(deferred("factUnknownYet")), set()),
    "the table is missing": (with_healthy(deferred("storageNotSetUp")), {"not-set-up"}),
    "the table stayed missing": (
        with_healthy(ended(Status.FAILED, "storageNotSetUp")), {"not-set-up"},
    ),
    "storage was away for too long": (
        with_healthy(ended(Status.FAILED, "storageUnavailable")), set(),
    ),
    "the subscription stands": (with_healthy(subscribed()), set()),
    "there is no subscription yet": (with_healthy(subscribed("making", None)), set()),
    "the subscription ends in 20 days": (with_healthy(subscribed(days=20)), set()),
    "the subscription ends in less": (with_healthy(subscribed(days=19.9)), {"subscription"}),
    "the subscription is not renewed": (with_healthy(subscribed("failed")), {"subscription"}),
    "nobody looks after the subscription": (
        (*SWEPT, Line(subscribed(), 361)), {"subscription-silence"},
    ),
    "Graph says something of a subscription that nobody looks after": (
        (*SWEPT, Line(noticed(), 5)), {"subscription-silence"},
    ),
    "one look is left in six hours": ((*SWEPT, Line(subscribed(), 359)), set()),
    "a gap stays open": (gaps(4, of=4), {"events-gap"}),
    "a gap has just begun": (gaps(3, of=3), set()),
    "a gap was closed meanwhile": (gaps(9, of=10), set()),
    "a look fails before it knows of a gap": (
        (*gaps(4, of=4), Line(failed_early(), 20)), {"events-gap"},
    ),
    "events come": (events(20, 20), set()),
    "events came, and one today": (events(20, 1), set()),
    "no event comes any more": (events(10, 0), {"events-silence"}),
    "the last event came a day ago": (
        (*events(9, 0), Line(EVENT, DAY)), {"events-silence"},
    ),
    "hardly any event came before": (events(9, 0), set()),
    "no event ever came": (events(0, 0), set()),
    "requests come, and no events": (
        (*HEALTHY, *[Line(ended(Status.INVITED), 30 * 60)] * 20), set(),
    ),
    "five of nine invitations are stale": (followed_up(5, 4), {"stale-invitations"}),
    "five of ten invitations are stale": (followed_up(5, 5), set()),
    "four of four invitations are stale": (followed_up(4, 0), set()),
    "five were stale long ago": (
        (*HEALTHY, *[Line(followed("stale"), 2 * DAY + 1)] * 5), set(),
    ),
    "reminders and looks that fail": (
        with_healthy(*[followed("reminded"), followed("unread: HTTP 403")] * 6), set(),
    ),
    "follow-ups are started again for hours": (restarts(5, 60, 126), {"follow-up-stands-still"}),
    "follow-ups are started again for two hours": (restarts(5, 60, 125), set()),
    "follow-ups were started again once": (restarts(5), set()),
    "old rows are deleted for hours": (restarts(5, 200, restarted=0), set()),
    "a step waits for a permission": (
        with_healthy(completed("stepPermissionMissing", waits=True)), {"completion"},
    ),
    "a step waits for a fact": (with_healthy(completed("factUnknown", waits=True)), {"completion"}),
    "a step was given up for a permission": (
        with_healthy(completed("stepPermissionMissing")), {"completion"},
    ),
    "steps are done, or are nobody's but the requester's": (
        with_healthy(completed(), completed("managerAlreadySet"), completed("graphUnavailable")),
        set(),
    ),
    "mails go well": (with_healthy(*[mailed()] * 9), set()),
    "mails are throttled, or their answers lost": (
        with_healthy(*[mailed(what, 429) for what in ("throttled", "lost", "found", "notFound")]),
        set(),
    ),
    "the mailbox refuses": (with_healthy(mailed("refused", 403, "ErrorAccessDenied")), {"mail"}),
    "a mail is not known to be sent": (with_healthy(mailed("inDoubt", 403)), {"mail"}),
    "a mail cannot be written": (with_healthy(mailed("unfit")), {"mail"}),
    "requests wait for the mailbox": (with_healthy(deferred("mailRefused")), set()),
    "nothing can be stored": (with_healthy(undone()), {"nothing-stored"}),
    "the ledger does not know": (with_healthy(unfinished()), set()),
    "others log alike": (
        with_healthy("conversion failed", f"the {undone()}", "sweep {", f"x {swept(poison=1)}"),
        set(),
    ),
}  # fmt: skip
for code in sorted(WITHDRAWN):
    waiting = with_healthy(deferred("userNotFound", code))
    SCENARIOS[f"{code}: requests wait"] = (waiting, {"graph-refuses"})
    SCENARIOS[f"{code}: a request ends"] = (
        with_healthy(ended(Status.FAILED, code)), {"graph-refuses"},
    )  # fmt: skip


def raised(lines: tuple[Line, ...]) -> set[str]:
    """Return the alerts that are raised over these lines."""
    return {name for name, rule in RULES.items() if is_raised(rule, lines)}


@pytest.mark.parametrize("happened", SCENARIOS)
def test_alert_is_raised_by_its_fault_and_by_nothing_else(happened: str) -> None:
    lines, expected = SCENARIOS[happened]
    assert raised(lines) == expected


def unproved(names: set[str]) -> set[str]:
    """Return the alerts that no scenario raises."""
    return names - set().union(*(expected for _, expected in SCENARIOS.values()))


def test_alert_that_no_fault_raises_is_found_out() -> None:
    assert unproved(set(RULES)) == set()
    assert unproved({*RULES, "one-more"}) == {"one-more"}


def spoiled(query: str) -> Iterator[str]:
    """Return the query with one number, name in quotes or operator changed."""
    for found in re.finditer(r'"[^"]+"|\d+(?:\.\d+)?|[<>=]=|>|\bor\b|\band\b', query):
        text = found[0]
        if "substring(Message, " in query[: found.start()][-20:] and "line." not in query:
            # The line is parsed and nothing of it is looked at.
            continue
        changes = {"==": "!=", ">": ">=", ">=": ">", "<=": "<", "or": "and", "and": "or"}
        if text.startswith('"'):
            change = '"anotherWord"'
        else:
            change = changes.get(text) or str(float(text) * 2 + 1).removesuffix(".0")
        yield query[: found.start()] + change + query[found.end() :]


MUTANTS = [(name, text) for name, rule in RULES.items() for text in spoiled(rule.query)]


@pytest.mark.parametrize(("name", "query"), MUTANTS)
def test_alert_that_says_something_else_is_found_out(name: str, query: str) -> None:
    rule: Rule = replace(RULES[name], query=query)
    near_first = sorted(SCENARIOS.values(), key=lambda scenario: name not in scenario[1])
    assert any(is_raised(rule, lines) != (name in told) for lines, told in near_first)
