"""Numbers that come from elsewhere, or that operators rely on: none changes unseen."""

from __future__ import annotations

from importlib import import_module

import pytest

MINUTE, HOUR, DAY, KIB = 60, 3600, 86_400, 1024
# What other services take; their documentation is named where the number stands.
OF_SERVICES = {
    "graph.looking.MOST_IN_BATCH": 20,
    "graph.mail_body._LARGEST": 4 * KIB * KIB,
    "graph.subscriptions.LIFE_SECONDS": 40_320 * MINUTE,
    "graph.writing.PASSWORD_LENGTH": 80,
    "model.addresses.LONGEST_ADDRESS": 254,
    "model.addresses.LONGEST_LOCAL_PART": 64,
    "model.addresses.LONGEST_DOMAIN": 253,
    "settings.reader.LONGEST_QUEUE_NAME": 63,
    "steps.catching_up._ROLL_SECONDS": DAY,
    "steps.following_up.HOP_SECONDS": 6 * DAY,
    "storage.queues._MOST_TAKEN": 32,
    "storage.looks._LATEST": DAY,
    "storage.standings._TRIES": 5,
}
# What the docs promise, or what operators would see change.
OF_THE_DOCS = {
    "graph.mail_pace.REFUSED_SECONDS": 15 * MINUTE,
    "graph.mail_pace.SHARE": 30,
    "graph.mail_reads.EARLIER_SECONDS": MINUTE,
    "graph.mail_reads.LATER_SECONDS": HOUR,
    "graph.responses._MOST_RETRY_AFTER": DAY,
    "mail.writer.MOST_BYTES": 100_000,
    "mail.writer._LONGEST_SUBJECT": 200,
    "policy.rule.MOST_NAMED": 20,
    "mail.plain.LONGEST_NAME": 100,
    "graph.mailbox._MOST_PAGES": 30,
    "settings.mail.LONGEST_ORGANISATION": 100,
    "settings.mail.LONGEST_SUPPORT_URL": 500,
    "settings.storage_account.CALL_SECONDS": 20,
    "storage.follow_ups._MOST_OF_USER": 20,
    "steps.caretaking.OVERDUE_SECONDS": HOUR,
    "steps.caretaking.PAGE": 100,
    "steps.caretaking.RESTART_SECONDS": 10,
    "steps.caretaking.SLICES": 256,
    "steps.concluding.MOST_TEXT": 1000,
    "steps.retrying.LIMIT_SECONDS": HOUR,
    "steps.retrying.MOST_ALIKE": 4,
    "steps.retrying.MOST_SECONDS": 15 * MINUTE,
    "steps.retrying.PAUSED_SECONDS": 5 * MINUTE,
    "steps.retrying.SET_UP_SECONDS": 15 * MINUTE,
    "steps.retrying.YOUNG_SECONDS": HOUR,
    "steps.subscribing.ABSENT_SECONDS": 6 * HOUR,
    "steps.subscribing.RENEW_BELOW_SECONDS": 21 * DAY,
    "wire.encodings._MOST_LAYERS": 12,
    "wire.faults._MOST_FAULTS": 50,
    "wire.telling._NAME_SHOWN": 64,
    "wire.waits.MOST_TEXT": 1000,
}


@pytest.mark.parametrize(("where", "number"), (OF_SERVICES | OF_THE_DOCS).items())
def test_number_is_the_one_that_is_documented(where: str, number: float) -> None:
    module, _, name = where.rpartition(".")
    assert getattr(import_module(f"converters.{module}"), name) == number
