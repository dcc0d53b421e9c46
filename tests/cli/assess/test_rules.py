"""The report's verdicts are the service's own, for every user, and few calls are made for them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from cli.assess import reads
from cli.engine import Engine
from converters.graph import user_reads
from converters.model.request import ConversionRequest, Mode
from converters.settings.settings import Settings
from local.graph import GraphEmulator, Limits
from local.world import SAMPLE_TENANT
from tests.cli.assess.tenants import KEYS, Rest, assessed, user, varied
from tests.directory import GROUP_ID, OTHER_ID, tenant

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = [
    {},
    {"PROTECTED_IDS": GROUP_ID},
    {"CONVERTIBLE_GROUP_ID": GROUP_ID, "READ_INVITATION_DOMAINS": "true"},
    {"RULES_EDITION": "current"},
    {"PROTECTED_IDS": OTHER_ID, "EXTERNAL_ADDRESS_PROPERTY": "mail"},
]
WRITTEN = ("code", "message", "remediation", "owner")


def sample() -> dict[str, Any]:
    """Return the sample's tenant, whose users all can be read."""
    found: dict[str, Any] = json.loads(SAMPLE_TENANT.read_text())
    for one in found["users"]:
        one.pop("$fault", None)
    return found


TENANTS = {"varied": varied, "sample": sample}


@pytest.mark.parametrize("keys", SETTINGS, ids=str)
@pytest.mark.parametrize("name", TENANTS)
async def test_report_says_of_each_user_what_check_says(
    tmp_path: Path, name: str, keys: dict[str, str]
) -> None:
    async with GraphEmulator(TENANTS[name]()) as graph:
        found = await assessed(graph, tmp_path / "x", keys=keys)
        settings = Settings.from_mapping({**KEYS, "GRAPH_BASE_URL": graph.url, **keys})
        async with Engine(settings, None) as engine:
            for row in found.rows.values():
                request = ConversionRequest("R", "x", Mode.CHECK, user_id=row["id"])
                told = await engine.check(request)
                assert row["status"] == told["status"], row
                reasons = told.get("reasons", [])
                said = [{name: each[name] for name in WRITTEN} for each in reasons]
                assert row["reasons"] == said
    assert len(found.rows) > 15


async def test_every_rule_about_a_user_has_been_met(tmp_path: Path) -> None:
    async with GraphEmulator(varied()) as graph:
        found = await assessed(graph, tmp_path / "x", keys={"PROTECTED_IDS": GROUP_ID})
    codes = {reason["code"] for row in found.rows.values() for reason in row["reasons"]}
    assert codes >= {
        "holdsDirectoryRole",
        "eligibleForDirectoryRole",
        "inRoleAssignableGroup",
        "eligibleForGroup",
        "addressHeldByUser",
        "addressHeldByContact",
        "directFederation",
        "homeTenantNotFound",
        "blockedByCrossTenantAccess",
        "invitationPending",
    }
    assert found.told["complete"]
    assert found.rows["u115@contoso.example"]["pendingDays"] == 92
    assert found.told["pending"]["stale"] == 1


async def test_calls_do_not_grow_with_the_users(tmp_path: Path) -> None:
    calls = []
    for count in (50, 900):
        async with GraphEmulator(tenant(*(user(n) for n in range(1, count)))) as graph:
            found = await assessed(graph, tmp_path / str(count))
            assert len(graph.requests) == found.told["calls"]
            assert all(r.headers["x-ms-throttle-priority"] == "low" for r in graph.requests)
            assert all(r.method == "GET" or r.path.endswith("$batch") for r in graph.requests)
            calls.append(len(graph.requests))
        assert found.told["byStatus"] == {"eligible": count - 1}
    assert calls[0] == calls[1] < 20


async def test_limit_is_kept_away_from(tmp_path: Path) -> None:
    clock = Rest()
    users = [user(n) for n in range(1, 3000)]
    async with GraphEmulator(tenant(*users)) as graph:
        graph.throttle.limits = Limits(read_units=6, read_seconds=10)
        graph.throttle.clock = clock
        found = await assessed(graph, tmp_path / "x", clock=clock)
    assert len(found.rows) == 2999
    # Sooner would have been more than 6 units in 10 seconds.
    assert clock.now >= 20


def test_whatever_the_service_reads_of_a_user_is_selected() -> None:
    selected = reads.users(()).path.rpartition("$select=")[2].split(",")
    assert set(user_reads.USER_PROPERTIES) <= set(selected)
