"""What a request takes on its way: a place in Graph's limit, and time; and its outcome's id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from converters.graph import rate_limit
from tests.directory import OTHER_ID, request
from tests.service import service
from tests.telling import lines

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.usefixtures("at_once")


@pytest.mark.parametrize(
    "fate",
    [{"invitedUser": {"id": OTHER_ID}}, {"mode": "resend"}],
    ids=["not there", "not pending"],
)
async def test_place_of_a_request_that_invites_nobody_is_the_next_ones(
    azurite: str, queue_names: Iterator[str], monkeypatch: pytest.MonkeyPatch, fate: dict[str, Any]
) -> None:
    # There is one place in a window, and nobody waits that long for another.
    monkeypatch.setattr(rate_limit, "FIRST_SHARE", 1.0)
    async with service(azurite, queue_names, INVOCATION_SECONDS="5") as running:
        idle = await running.outcome(request(requestId="R-0", **fate))
        assert idle["status"] == "ineligible"
        assert (await running.outcome(request()))["status"] == "invited"


@pytest.mark.parametrize(
    ("mode", "timed"),
    [
        ("convert", {"turn", "gather", "invite", "report", "all"}),
        ("check", {"gather", "report", "all"}),
    ],
)
async def test_line_of_a_request_says_what_took_its_time(
    azurite: str,
    queue_names: Iterator[str],
    caplog: pytest.LogCaptureFixture,
    mode: str,
    timed: set[str],
) -> None:
    async with service(azurite, queue_names) as running:
        with caplog.at_level("INFO"):
            await running.outcome(request(mode=mode))
    (line,) = lines(caplog)
    assert line["milliseconds"].keys() == timed


async def test_ids_of_outcomes_are_those_of_the_release_before(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        found = [(await running.event(request(mode=mode)))["id"] for mode in ("check", "convert")]
    assert found == [
        "2c481526-58ea-523d-a633-226ceae81cc6",
        "304953d3-4a4f-58ad-881e-23ba38d303d2",
    ]
