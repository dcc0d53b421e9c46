"""Each alert is raised by its fault and by nothing else, over lines that the code writes."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from converters.model.outcome import Status
from converters.steps.retrying import WITHDRAWN
from tests.kql.alerting import Line, is_raised
from tests.kql.logged import deferred, ended, mailed, subscribed, swept, undone, unfinished
from tests.kql.queries import Rule, rules

if TYPE_CHECKING:
    from collections.abc import Iterator

RULES = {rule.name: rule for rule in rules()}
OLDEST = int(re.findall(r"> (\d+)", RULES["oldest-request"].query)[-1])
HEALTHY = tuple(Line(swept(waiting=2, oldest=3), minutes) for minutes in (2, 7, 12))


def of(count: int, failed: int) -> tuple[Line, ...]:
    """Return so many conversions, of which so many failed, and healthy sweeps."""
    good = [Line(ended(Status.INVITED))] * (count - failed)
    return (*HEALTHY, *good, *[Line(ended(Status.FAILED, "triesRanOut"))] * failed)


def with_healthy(*messages: str, minutes: float = 1) -> tuple[Line, ...]:
    """Return lines beside healthy sweeps."""
    return (*HEALTHY, *(Line(message, minutes) for message in messages))


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
    "nothing was ever logged": ((), {"silence"}),
    "the last sweep was long ago": ((Line(swept(), 16),), {"silence"}),
    "requests are handled but nothing sweeps": ((Line(ended(Status.INVITED)),), {"silence"}),
    "one sweep is left of three": ((Line(swept(), 14),), set()),
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
        changes = {"==": "!=", ">": ">=", ">=": ">", "or": "and", "and": "or"}
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
