"""Reading goes on after a stop, waits where Graph asks, and says what it could not read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cli.assess.pace import Pace
from cli.assess.store import Store
from cli.ending import WrongCall
from converters.graph.responses import Response
from converters.model.errors import GraphUnavailable
from local.graph import Fault, GraphEmulator
from tests.cli.assess.tenants import Rest, assessed, user, varied
from tests.directory import GROUP_ID, tenant

if TYPE_CHECKING:
    from pathlib import Path

MANY = [user(n) for n in range(1, 2500)]
EXPIRED = {"error": {"code": "Directory_ExpiredPageToken", "message": "expired"}}


def pages_of_users(graph: GraphEmulator) -> list[str]:
    """Return the queries for pages of users that came in."""
    return [record.query for record in graph.requests if record.path == "/v1.0/users"]


async def test_stopped_reading_goes_on_at_its_page(tmp_path: Path) -> None:
    async with GraphEmulator(tenant(*MANY)) as graph:
        whole = await assessed(graph, tmp_path / "whole")
        graph.requests.clear()
        graph.faults.add(Fault(path="skiptoken=cGFnZSAxOTk4", status=503))
        with pytest.raises(GraphUnavailable):
            await assessed(graph, tmp_path / "x")
        graph.faults.clear()
        graph.requests.clear()
        found = await assessed(graph, tmp_path / "x")
        assert len(pages_of_users(graph)) == 1
    assert found.rows == whole.rows
    assert len(found.rows) == 2499


async def test_expired_page_token_begins_the_list_again(tmp_path: Path) -> None:
    async with GraphEmulator(tenant(*MANY)) as graph:
        fault = Fault(path="skiptoken=", status=400, body=EXPIRED, times=1)
        graph.faults.add(fault)
        found = await assessed(graph, tmp_path / "x")
        assert len(pages_of_users(graph)) == 5
    assert (len(found.rows), found.told["complete"]) == (2499, True)


async def test_retry_after_is_honoured(tmp_path: Path) -> None:
    clock = Rest()
    async with GraphEmulator(tenant(*MANY)) as graph:
        graph.faults.add(Fault(path="^/users", status=429, retry_after=17, times=2))
        graph.faults.add(Fault(path="allowInvites|authorizationPolicy", status=503, times=1))
        found = await assessed(graph, tmp_path / "x", clock=clock)
    assert found.told["complete"]
    assert clock.waits[:2] == [17, 17]


@pytest.mark.parametrize(
    ("used", "waits"), [("0.5", []), ("0.8", []), ("0.9", [2.5]), ("1.7", [5.0]), ("x", [])]
)
async def test_near_the_limit_it_slows_down(used: str, waits: list[float]) -> None:
    clock = Rest()
    pace = Pace(clock, clock.rest)
    pace.heard(Response(200, {"x-ms-throttle-limit-percentage": used}, {}))
    await pace.turn()
    assert clock.waits == pytest.approx(waits)


@pytest.mark.parametrize(
    ("missing", "code", "what"),
    [
        ("OrgContact.Read.All", "u110", "the contacts that hold the address"),
        ("RoleManagement.Read.Directory", "u110", "the user's role assignments"),
        ("RoleEligibilitySchedule.Read.Directory", "u110", "the roles the user is eligible for"),
        (
            "PrivilegedEligibilitySchedule.Read.AzureADGroup",
            "u110",
            "the groups the user is eligible for",
        ),
        ("GroupMember.Read.All", "u110", "the user's groups"),
        ("CrossTenantInformation.ReadBasic.All", "u110", "the home tenant of the address's domain"),
        ("Domain.Read.All", "u110", "this tenant's domains"),
        ("Policy.Read.All", "u110", "who may invite in this tenant"),
    ],
)
async def test_what_cannot_be_read_is_unknown_for_whom_it_matters(
    tmp_path: Path, missing: str, code: str, what: str
) -> None:
    granted = [
        "User.Read.All", "OrgContact.Read.All", "RoleManagement.Read.Directory",
        "RoleEligibilitySchedule.Read.Directory", "GroupMember.Read.All", "Domain.Read.All",
        "PrivilegedEligibilitySchedule.Read.AzureADGroup", "IdentityProvider.Read.All",
        "CrossTenantInformation.ReadBasic.All", "Policy.Read.All",
    ]  # fmt: skip
    of_tenant = {**varied(), "permissions": [one for one in granted if one != missing]}
    async with GraphEmulator(of_tenant) as graph:
        found = await assessed(graph, tmp_path / "x")
    assert not found.told["complete"]
    unread = {one["what"]: one for one in found.told["unread"]}
    assert (unread[what]["permission"], unread[what]["status"]) == (missing, 403)
    assert missing not in found.told["permissions"]
    assert "factUnknown" in found.codes(f"{code}@contoso.example")
    assert "eligible" not in found.told["byStatus"]


async def test_without_users_there_is_no_row_and_the_report_says_why(tmp_path: Path) -> None:
    async with GraphEmulator({**varied(), "permissions": []}) as graph:
        found = await assessed(graph, tmp_path / "x")
    assert found.rows == {}
    assert {"the users"} <= {one["what"] for one in found.told["unread"]}


async def test_group_of_protected_people_that_is_unreadable_blocks_all(tmp_path: Path) -> None:
    async with GraphEmulator(varied()) as graph:
        graph.faults.add(Fault(path=f"groups/{GROUP_ID}/transitiveMembers", status=403))
        found = await assessed(graph, tmp_path / "x", keys={"PROTECTED_IDS": GROUP_ID})
    assert all("factUnknown" in found.codes(name) for name in found.rows)


def test_folder_of_somebody_elses_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("x")
    with pytest.raises(WrongCall, match="something else"):
        Store(tmp_path, "plan")
    with pytest.raises(WrongCall, match="no folder"):
        Store(tmp_path / "thesis.txt", "plan")
    assert (tmp_path / "thesis.txt").read_text() == "x"


def test_pages_of_another_plan_or_of_yesterday_are_thrown_away(tmp_path: Path) -> None:
    folder = tmp_path / "x"
    Store(folder, "one").add("users", [1], None)
    assert Store(folder, "one").resumed
    assert Store(folder, "one").progress("users").done
    other = Store(folder, "two")
    assert not other.resumed
    assert other.progress("users").pages == 0
    other.add("users", [1], None)
    meta = {"plan": "two", "began": "2020-01-01T00:00:00+00:00"}
    (folder / "checkpoint.json").write_text(json.dumps(meta))
    assert not Store(folder, "two").resumed
    assert (folder.stat().st_mode & 0o777) == 0o700
    Store(folder, "two").remove()
    assert not folder.exists()
