"""A step that has to wait is not sent before its time; the others are."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from converters.graph.writing import DirectoryWriter
from converters.model.completion import Step
from converters.model.errors import GraphUnavailable
from converters.model.trace import Trace
from converters.policy.completing import Permit, permit
from local.graph import Fault, GraphEmulator
from tests.completion import place
from tests.policy.test_completing import case

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

TRACE = Trace("00000000-0000-4000-8000-000000000000")


@asynccontextmanager
async def writer(**fault: Any) -> AsyncIterator[tuple[DirectoryWriter, GraphEmulator]]:  # noqa: ANN401
    """Yield a writer and the Graph that it writes to, which answers once as it is told."""
    async with GraphEmulator(place()) as graph:
        graph.faults.add(Fault(path="revokeSignInSessions", times=1, **fault))
        made = DirectoryWriter(graph.url, None)
        try:
            yield made, graph
        finally:
            await made.close()


def permitted(step: Step) -> Permit:
    """Return the rules' consent to a step."""
    consent = permit(step, case())
    assert isinstance(consent, Permit)
    return consent


@pytest.mark.parametrize(
    ("fault", "least", "most"),
    [
        ({"status": 429, "retry_after": 60}, 59, 60),
        ({"status": 429}, 0.5, 60),
        ({"status": 503, "retry_after": 60}, 59, 60),
    ],
    ids=["429", "429 without a time", "503 with a time"],
)
async def test_step_that_graph_puts_off_is_not_sent_again_before_its_time(
    fault: dict[str, Any], least: float, most: float
) -> None:
    async with writer(**fault) as (made, graph):
        with pytest.raises(GraphUnavailable):
            await made.carry_out(permitted(Step.REVOKE_SESSIONS), TRACE)
        asked = len(graph.requests)
        with pytest.raises(GraphUnavailable, match="too early") as early:
            await made.carry_out(permitted(Step.REVOKE_SESSIONS), TRACE)
        assert len(graph.requests) == asked == 1
        await made.carry_out(permitted(Step.USER_TYPE), TRACE)
    assert early.value.without_effect
    assert least <= (early.value.retry_after or 0) <= most


@pytest.mark.parametrize("status", [404, 500, 503])
async def test_step_that_fails_without_a_time_may_be_sent_at_once(status: int) -> None:
    async with writer(status=status) as (made, graph):
        with pytest.raises(GraphUnavailable) as failed:
            await made.carry_out(permitted(Step.REVOKE_SESSIONS), TRACE)
        await made.carry_out(permitted(Step.REVOKE_SESSIONS), TRACE)
        assert len(graph.requests) == 2
    assert not failed.value.without_effect
