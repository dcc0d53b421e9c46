"""Reads of all groups and of everybody in one."""

from __future__ import annotations

from tests.local.test_graph_http import KIM, LEE, NOBODY, directory, emulated, kim, lee

GROUPS = [
    {"id": "outer", "displayName": "O", "members": ["inner", LEE]},
    {"id": "inner", "displayName": "I", "isAssignableToRole": True, "members": [KIM, "outer"]},
]


async def test_groups_are_listed_and_filtered() -> None:
    async with emulated(directory(kim(), lee(), groups=GROUPS)) as client:
        every = await client.get("groups?$select=id,isAssignableToRole&$top=1")
        some = await client.get("groups?$filter=isAssignableToRole%20eq%20true")
        wrong = await client.get("groups?$select=members")
        refused = await client.get("groups?$filter=displayName%20ne%20'O'")
    assert every.body["value"] == [{"id": "outer", "isAssignableToRole": None}]
    assert "@odata.nextLink" in every.body
    assert (some.ids, wrong.status, refused.status) == (["inner"], 400, 400)


async def test_everybody_in_a_group_is_found_through_groups_that_hold_one_another() -> None:
    cast = "transitiveMembers/microsoft.graph.user?$select=id"
    async with emulated(directory(kim(), lee(), groups=GROUPS)) as client:
        found = await client.get(f"groups/OUTER/{cast}")
        nobody = await client.get(f"groups/{NOBODY}/{cast}")
    assert (sorted(found.ids), nobody.status) == (sorted([KIM, LEE]), 404)


async def test_role_definitions_tell_which_are_built_in() -> None:
    of_tenant = directory(
        directoryRoles=[{"displayName": "Reader", "roleTemplateId": "r", "members": []}],
        roleAssignments=[{"principalId": KIM, "roleDefinitionId": "own"}],
    )
    async with emulated(of_tenant) as client:
        found = await client.get("roleManagement/directory/roleDefinitions")
    named = {one["id"]: (one["displayName"], one["isBuiltIn"]) for one in found.body["value"]}
    assert named == {"r": ("Reader", True), "own": ("own", False)}
