"""A check is the service's own, waits where Graph asks to, and writes nothing anywhere."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from cli import engine
from cli.engine import Engine
from cli.parsing import parse_request
from converters.model.errors import GraphUnavailable
from local.graph import Fault, GraphEmulator
from tests import samples
from tests.directory import USER_ID, kim, request, tenant

if TYPE_CHECKING:
    from converters.model.request import ConversionRequest


def asked(**changes: Any) -> ConversionRequest:  # noqa: ANN401 - any property of a request
    """Return a request, as the service reads it."""
    return parse_request(json.dumps(request(**changes)).encode(), None)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait no time after an outage."""
    monkeypatch.setattr(engine, "FIRST_SECONDS", 0.0)


async def test_request_to_convert_is_only_checked() -> None:
    async with GraphEmulator(tenant()) as graph:
        async with Engine(samples.settings(GRAPH_BASE_URL=graph.url), None) as asking:
            outcome = await asking.check(asked())
        assert graph.invitations == []
        assert {record.path for record in graph.requests} == {"/v1.0/$batch"}
    assert (outcome["status"], outcome["user"]["id"]) == ("eligible", USER_ID)


@pytest.mark.parametrize(
    ("fault", "patient", "ends"),
    [
        (Fault(status=503, times=1), True, "eligible"),
        (Fault(status=503), True, None),
        (Fault(status=503, times=1), False, None),
        (Fault(status=429, retry_after=0, times=1), False, "eligible"),
    ],
)
async def test_check_is_made_again_where_that_is_worth_it(
    fault: Fault, ends: str | None, *, patient: bool
) -> None:
    async with GraphEmulator(tenant()) as graph:
        graph.faults.add(fault)
        async with Engine(samples.settings(GRAPH_BASE_URL=graph.url), None) as asking:
            if ends:
                assert (await asking.check(asked(), patient=patient))["status"] == ends
                return
            with pytest.raises(GraphUnavailable):
                await asking.check(asked(), patient=patient)


async def test_user_is_found_by_name_alone() -> None:
    async with (
        GraphEmulator(tenant(kim())) as graph,
        Engine(samples.settings(GRAPH_BASE_URL=graph.url), None) as asking,
    ):
        assert await asking.id_of("kim@contoso.example") == USER_ID
        assert await asking.id_of("nobody@contoso.example") is None
        graph.faults.add(Fault(path="users", status=403))
        assert await asking.id_of("kim@contoso.example") is None
