"""Events that come while another is looked at, or while a request ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from converters.storage.looks import Looks
from local.graph import Fault
from tests.directory import request
from tests.events import EVENTS, in_group, user_event
from tests.service import service, taken

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.usefixtures("at_once")
QUIET = EVENTS | {"EVENT_QUIET_SECONDS": "300"}


async def test_event_that_loses_the_race_to_wait_tries_again_and_does_not_look(
    azurite: str, queue_names: Iterator[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with service(azurite, queue_names, in_group(), **QUIET) as running:
        await running.handle(user_event("e-1"))
        before = len(running.graph.requests)
        await running.events()
        # As if it were another change: an invitation is no longer a moment ago.
        await running.age_claim(400)
        wait, lost = Looks.wait, []

        async def racing(looks: Looks, *arguments: object) -> bool:
            lost.append(arguments)
            return len(lost) > 1 and await wait(looks, *arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(Looks, "wait", racing)
        assert await running.events_of(user_event("e-2")) == []
        assert len(running.graph.requests) == before
        assert len(await taken(running.requests)) == 1
    assert len(lost) == 2


async def test_event_after_a_request_that_failed_is_looked_at(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, in_group(), **QUIET) as running:
        running.graph.faults.add(Fault(method="POST", path="/invitations$", status=400, times=1))
        assert (await running.outcome(request()))["status"] == "failed"
        assert (await running.outcome(user_event("e-2")))["status"] == "invited"
