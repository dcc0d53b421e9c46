"""Reads of users, contacts and memberships."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from tests.local.test_graph_http import ADDRESS, KIM, LEE, NOBODY, directory, emulated, kim, lee

EVENTUAL = {"ConsistencyLevel": "eventual"}
DEFAULT = {
    "businessPhones", "displayName", "givenName", "id", "jobTitle", "mail", "mobilePhone",
    "officeLocation", "preferredLanguage", "surname", "userPrincipalName",
}  # fmt: skip
GROUP, OUTER, ROLE = "a-group", "an-outer-group", "a-role"


def names(body: dict[str, Any]) -> set[str]:
    """Return a body's names without annotations."""
    return {name for name in body if not name.startswith("@")}


@pytest.mark.parametrize("key", [KIM, KIM.upper(), "kim@contoso.example", "KIM@Contoso.Example"])
async def test_user_is_found_by_id_and_by_name(key: str) -> None:
    async with emulated() as client:
        reply = await client.get(f"users/{key}?$select=id,otherMails")
    assert names(reply.body) == {"id", "otherMails"}
    assert (reply.body["id"], reply.body["otherMails"]) == (KIM, [ADDRESS])
    assert reply.body["@odata.context"].endswith("$metadata#users(id,otherMails)/$entity")


async def test_user_without_select_shows_the_small_default_set() -> None:
    async with emulated() as client:
        reply = await client.get(f"users/{KIM}")
    assert names(reply.body) == DEFAULT


async def test_guests_name_is_found_when_its_number_sign_is_encoded() -> None:
    name = "kim_partner.example#EXT#@contoso.onmicrosoft.com"
    async with emulated(directory(kim(userPrincipalName=name))) as client:
        assert (await client.get(f"users/{quote(name)}")).body["id"] == KIM


async def test_unset_collections_are_empty_and_unset_texts_null() -> None:
    async with emulated() as client:
        reply = await client.get(f"users/{KIM}?$select=skills,city,assignedPlans")
    assert {n: reply.body[n] for n in names(reply.body)} == {
        "skills": [], "city": None, "assignedPlans": [],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("path", "status", "error"),
    [
        (f"users/{NOBODY}", 404, "Request_ResourceNotFound: Resource"),
        (f"users/{KIM}?$select=id,secret", 400,
         "BadRequest: Could not find a property named 'secret' on type 'microsoft.graph.user'."),
        ("users?$filter=secret%20eq%20'x'", 400, "Could not find a property named 'secret'"),
        ("users?$filter=mail%20eq%20x", 400, "BadRequest: Invalid filter clause: Syntax error"),
        ("users?$filter=otherMails%20eq%20'x'", 400, "is a collection"),
        ("users?$filter=mail/any(m:m%20eq%20'x')", 400, "is no collection"),
        ("users?$filter=mail%20ne%20'x'", 400, "Request_UnsupportedQuery"),
        ("users?$filter=not(mail%20eq%20'x')", 400, "Request_UnsupportedQuery"),
        ("users?$filter=" + "%20or%20".join(["mail%20eq%20'x'"] * 16), 400, "Max allowed: 15"),
        ("users?$expand=manager", 400, "'manager' on type 'microsoft.graph.user'"),
        ("users?$top=0", 400, "Invalid page size specified: '0'"),
        ("users?$top=1000", 400, "Invalid page size"),
        ("users?$top=x", 400, "Invalid page size"),
        ("users?$skiptoken=x", 400, "page token"),
        ("users?$skiptoken=bm8=", 400, "page token"),
        (f"users/{NOBODY}/transitiveMemberOf/microsoft.graph.group", 404, "ResourceNotFound"),
        (f"users/{KIM}/transitiveMemberOf/graph.group?$count=true", 400, "UnsupportedQuery"),
        (f"users/{KIM}/transitiveMemberOf/microsoft.graph.directoryRole?$filter=id%20eq%20'x'",
         400, "Request_UnsupportedQuery"),
        ("contacts?$filter=mail%20ne%20'x'", 400, "Request_UnsupportedQuery"),
    ],
)  # fmt: skip
async def test_read_that_graph_refuses_is_refused(path: str, status: int, error: str) -> None:
    async with emulated() as client:
        reply = await client.get(path)
    assert (reply.status, error in reply.error) == (status, True), reply.error


async def test_holder_of_an_address_is_found_wherever_the_address_stands() -> None:
    users = [
        kim(),
        lee(
            mail="Other@x.example", proxyAddresses=["SMTP:Main@x.example", "smtp:o'hara@x.example"]
        ),
    ]
    condition = (
        "mail eq '{0}' or otherMails/any(o:o eq '{0}') or proxyAddresses/any(p:p eq 'smtp:{0}')"
        " or userPrincipalName eq '{0}'"
    )
    async with emulated(directory(*users)) as client:
        for address, found in {
            ADDRESS.upper(): [KIM],
            "other@X.example": [LEE],
            "main@x.example": [LEE],
            "o''hara@x.example": [LEE],
            "lee@contoso.example": [LEE],
            "nobody@x.example": [],
        }.items():
            assert (await client.find("users", condition.format(address))).ids == found


async def test_plus_sign_in_a_query_is_a_space_unless_it_is_encoded() -> None:
    async with emulated(directory(kim(mail="a+b@x.example"))) as client:
        assert (await client.get("users?$filter=mail%20eq%20'a%2Bb@x.example'")).ids == [KIM]
        assert (await client.get("users?$filter=mail+eq+'a%2Bb@x.example'")).ids == [KIM]


async def test_users_come_in_pages() -> None:
    users = [{"userPrincipalName": f"u{n}@contoso.example", "city": "Bern"} for n in range(5)]
    async with emulated(directory(*users)) as client:
        reply = await client.get(
            "users?$select=id&$top=2&$count=true&$filter=startsWith(city,'b')", **EVENTUAL
        )
        assert reply.body["@odata.count"] == 5
        seen = reply.ids
        while link := reply.body.get("@odata.nextLink"):
            reply = await client.get(link, **EVENTUAL)
            seen += reply.ids
    assert len(seen) == len(set(seen)) == 5


async def test_count_is_answered_to_advanced_queries_alone() -> None:
    async with emulated() as client:
        plain = await client.get("users?$count=true")
        advanced = await client.get("users?$count=true&$filter=mail%20ne%20'x'", **EVENTUAL)
    assert ("@odata.count" in plain.body, advanced.body["@odata.count"]) == (False, 1)


def with_memberships() -> dict[str, Any]:
    """Return a tenant where Kim holds a role through a group, and is in a group in a group."""
    return directory(
        kim(),
        lee(),
        groups=[
            {"id": GROUP, "displayName": "Inner", "isAssignableToRole": True, "members": [KIM]},
            {"id": OUTER, "displayName": "Outer", "members": [GROUP, LEE]},
            {"id": "a-ring", "displayName": "Ring", "members": [OUTER, "a-ring"]},
        ],
        directoryRoles=[
            {"id": ROLE, "displayName": "Helpdesk Administrator", "members": [GROUP]},
            {"id": "another-role", "displayName": "Reader", "members": [LEE]},
        ],
    )


async def test_roles_come_through_role_assignable_groups_too() -> None:
    path = "users/{}/transitiveMemberOf/microsoft.graph.directoryRole?$select=id&$count=true"
    async with emulated(with_memberships()) as client:
        assert (await client.get(path.format(KIM), **EVENTUAL)).ids == [ROLE]
        assert (await client.get(path.format(LEE), **EVENTUAL)).ids == ["another-role"]


async def test_groups_come_through_groups() -> None:
    path = f"users/{KIM}/transitiveMemberOf/microsoft.graph.group"
    async with emulated(with_memberships()) as client:
        assert (await client.get(path)).ids == [GROUP, OUTER, "a-ring"]
        reply = await client.get(
            f"{path}?$count=true&$filter=isAssignableToRole%20eq%20true&$select=id", **EVENTUAL
        )
    assert (reply.ids, reply.body["@odata.count"]) == ([GROUP], 1)


async def test_member_groups_are_checked() -> None:
    async with emulated(with_memberships()) as client:
        reply = await client.post(f"users/{KIM}/checkMemberGroups", {"groupIds": [OUTER, "none"]})
        assert reply.body["value"] == [OUTER]
        client.graph.tenant.memberships.add(OUTER, KIM)
        reply = await client.post(f"users/{LEE}/checkMemberGroups", {"groupIds": ["a-ring"]})
        assert reply.body["value"] == ["a-ring"]


@pytest.mark.parametrize("body", [{"groupIds": ["x"] * 21}, {}, [], {"groupIds": [1]}])
async def test_groups_to_check_have_to_be_a_few_ids(body: object) -> None:
    async with emulated() as client:
        assert (await client.post(f"users/{KIM}/checkMemberGroups", body)).status == 400


async def test_contact_is_found_by_its_address() -> None:
    contacts = [{"mail": "c@x.example", "proxyAddresses": ["SMTP:d@x.example"]}]
    async with emulated(directory(contacts=contacts)) as client:
        for condition in ("mail eq 'C@x.example'", "proxyAddresses/any(p:p eq 'smtp:d@x.example')"):
            assert len((await client.find("contacts", condition)).ids) == 1
        assert (await client.find("contacts", f"mail eq '{ADDRESS}'")).ids == []


async def test_update_is_seen_and_found_by() -> None:
    async with emulated() as client:
        reply = await client.send("PATCH", f"users/{KIM}", {"mail": "new@x.example"})
        assert (reply.status, reply.body) == (204, "")
        assert (await client.find("users", "mail eq 'new@x.example'")).ids == [KIM]


@pytest.mark.parametrize(
    "body",
    [
        None,
        {"id": "x"},
        {"mail": []},
        {"mail": 1},
        {"otherMails": [1]},
        {"otherMails": None},
        {"secret": 1},
    ],
)
async def test_update_of_anything_else_is_refused(body: object) -> None:
    async with emulated() as client:
        assert (await client.send("PATCH", f"users/{KIM}", body)).status == 400
