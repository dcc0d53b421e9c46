"""Who is looked at, and which rule found them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cli.assess.candidates import Where
from cli.ending import WrongCall
from local.graph import GraphEmulator
from tests.cli.assess.tenants import assessed, user
from tests.directory import GROUP_ID, tenant

if TYPE_CHECKING:
    from pathlib import Path

OWN: dict[str, Any] = {"otherMails": []}
NAME = "u1@contoso.example"


@pytest.mark.parametrize(
    ("changes", "rules"),
    [
        ({}, ["externalOtherMail"]),
        ({"mail": "u@partner.example", **OWN}, ["externalMail"]),
        ({"mail": "u@contoso.example", "otherMails": ["x@Contoso.example"]}, None),
        ({"userType": "Guest", **OWN}, ["internalGuest"]),
        ({"userPrincipalName": "ext.kim@contoso.example", **OWN}, ["userPrincipalName"]),
        ({"userPrincipalName": "x_y#EXT#@contoso.example", **OWN}, ["userPrincipalName"]),
        ({"userPrincipalName": "next.kim@contoso.example", **OWN}, None),
        ({"displayName": "Kim (External)", **OWN}, ["displayName"]),
        ({"displayName": "Kim Extern", **OWN}, None),
        ({"employeeType": "Contractor", **OWN}, ["employeeType"]),
        ({"employeeType": "Employee", **OWN}, None),
        ({"externalUserState": "Accepted"}, None),
        ({"externalUserState": "PendingAcceptance"}, ["pendingInvitation"]),
    ],
)
async def test_rule_that_found_a_user_is_named(
    tmp_path: Path, changes: dict[str, Any], rules: list[str] | None
) -> None:
    async with GraphEmulator(tenant(user(1, **changes))) as graph:
        found = await assessed(graph, tmp_path / "x")
    assert [row["foundBy"] for row in found.rows.values()] == ([rules] if rules else [])
    external = changes.get("externalUserState") == "Accepted"
    counted = (found.told["alreadyExternal"], found.told["notLookedAt"])
    assert counted == ((1, 0) if external else (0, 0 if rules else 1))


@pytest.mark.parametrize(
    ("where", "finds"),
    [
        ("companyName=fabrikam", True),
        ("companyName != Fabrikam", False),
        ("companyName~BRIK", True),
        ("jobTitle=", True),
        ("accountEnabled=true", True),
        ("businessPhones=+1", True),
        ("onPremisesExtensionAttributes/extensionAttribute1=p", True),
    ],
)
async def test_condition_of_ones_own_finds_users(tmp_path: Path, where: str, finds: bool) -> None:  # noqa: FBT001
    kim = user(
        1,
        **OWN,
        companyName="Fabrikam",
        businessPhones=["+1"],
        onPremisesExtensionAttributes={"extensionAttribute1": "P"},
    )
    async with GraphEmulator(tenant(kim)) as graph:
        found = await assessed(graph, tmp_path / "x", wheres=(where,))
    assert bool(found.rows) is finds
    if finds:
        assert found.rows[NAME]["foundBy"] == [f"where {Where.parse(where).name}"]


@pytest.mark.parametrize("text", ["", "companyName", "a b=c", "a&b=c", "=x", "a/b/c=d"])
def test_condition_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(WrongCall, match="--where"):
        Where.parse(text)


async def test_group_is_looked_at_whole_and_alone(tmp_path: Path) -> None:
    users = [user(1, **OWN), user(2), user(3, otherMails=["u2@partner.example"])]
    inner = {"id": "inner", "displayName": "I", "members": [users[0]["id"], users[1]["id"]]}
    outer = {"id": GROUP_ID, "displayName": "O", "members": ["inner"]}
    async with GraphEmulator(tenant(*users, groups=[inner, outer])) as graph:
        found = await assessed(graph, tmp_path / "x", group=GROUP_ID)
    assert {name: row["foundBy"] for name, row in found.rows.items()} == {
        "u1@contoso.example": ["group"],
        "u2@contoso.example": ["externalOtherMail", "group"],
    }
    # Whoever is outside the group may hold an address all the same.
    assert "addressHeldByUser" in found.codes("u2@contoso.example")
    assert found.told["users"] == 2


async def test_group_with_the_address_is_told(tmp_path: Path) -> None:
    group = {"id": "g", "displayName": "G", "mail": "U1@partner.example"}
    async with GraphEmulator(tenant(user(1), groups=[group])) as graph:
        found = await assessed(graph, tmp_path / "x")
    assert found.rows[NAME]["groupsWithAddress"] == ["g"]


async def test_user_that_makes_no_sense_is_told(tmp_path: Path) -> None:
    async with GraphEmulator(tenant(user(1), user(2))) as graph:
        graph.tenant.users[user(2)["id"]]["identities"] = [{"issuer": "x"}]
        found = await assessed(graph, tmp_path / "x")
    assert found.codes("u2@contoso.example") == ["factUnknown"]
    assert found.rows["u2@contoso.example"]["foundBy"] == ["unreadable"]
    assert not found.told["complete"]
    assert found.rows[NAME]["status"] == "eligible"
