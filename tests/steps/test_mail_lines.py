"""Every turn of an own mail has its line in the log: alerts watch them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from converters.graph import mail_body
from converters.steps.mailing import mail_id
from local.graph.faults import Fault
from tests.directory import USER_ID, request
from tests.own_mail import KEYS, SEND, later, of_tenant
from tests.service import service
from tests.telling import lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.service import Service

pytestmark = pytest.mark.usefixtures("at_once")
ONLY_SEND = {"roles": ["Mail.Send"]}
BLIND = {"showsHeaders": False}


async def once(running: Service) -> None:
    await running.events_of(request())


async def twice(running: Service) -> None:
    await running.events_of(request())
    await running.events_of(await running.waiting())


async def after_doubt(running: Service) -> None:
    await running.events_of(request())
    await later(running, 91)


TURNS: dict[str, tuple[Any, dict[str, Any], dict[str, Any], list[tuple[str, int | None]]]] = {
    "sent": (once, {}, {}, [("sent", None)]),
    "refused": (once, {"status": 400}, {}, [("refused", 400)]),
    "throttled": (once, {"status": 429, "retry_after": 0}, {}, [("throttled", 429)]),
    "answered as nobody says": (once, {"status": 200}, {}, [("lost", 200)]),
    "failed": (once, {"status": 503}, {}, [("lost", 503)]),
    "lost and found": (twice, {"drop": "after"}, {}, [("lost", None), ("found", None)]),
    "lost and sent anew": (
        after_doubt,
        {"drop": "before"},
        {},
        [("lost", None), ("notFound", None), ("sent", None)],
    ),
    "lost and perhaps found": (
        after_doubt, {"drop": "after"}, BLIND, [("lost", None), ("inDoubt", None)],
    ),
    "lost and nobody may look": (
        after_doubt, {"drop": "after"}, ONLY_SEND, [("lost", None), ("inDoubt", 403)],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TURNS)
async def test_turn_has_its_line(
    azurite: str, queue_names: Iterator[str], caplog: pytest.LogCaptureFixture, name: str
) -> None:
    play, fault, box, expected = TURNS[name]
    async with service(azurite, queue_names, of_tenant(**box), **KEYS) as running:
        if fault:
            running.graph.faults.add(Fault(**SEND, **fault))
        with caplog.at_level("INFO"):
            await play(running)
    told = lines(caplog, "mail")
    assert [(line["mail"], line["httpStatus"]) for line in told] == expected
    assert {(line["requestId"], line["userId"]) for line in told} == {("R-1", USER_ID)}
    levels = [record.levelname for record in caplog.records if record.getMessage()[:5] == "mail "]
    assert levels == ["INFO" if what in {"sent", "found"} else "WARNING" for what, _ in expected]


def test_ids_of_mails_are_those_of_the_release_before() -> None:
    # Sent items are asked for them, perhaps by the next release.
    found = [mail_id("R-1"), mail_id("R-1", "reminder 1")]
    assert found == [
        "0dcebe49-105c-57fb-915e-60076dba4b06",
        "4a54c668-1e89-5492-b1f4-d47872d13b91",
    ]


async def test_mail_that_graph_would_not_take_has_its_line(
    azurite: str,
    queue_names: Iterator[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mail_body, "_LARGEST", 10)
    async with service(azurite, queue_names, of_tenant(), **KEYS) as running:
        outcome = await running.outcome(request())
    assert outcome["status"] == "invited"
    (why,) = [each for each in outcome["warnings"] if each["code"] == "mailNotSent"]
    assert "it could not be written" in why["message"]
    assert [line["mail"] for line in lines(caplog, "mail")] == ["unfit"]
