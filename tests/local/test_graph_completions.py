"""Sponsors, manager, password and sessions in the emulator, with their refusals and permissions."""

from __future__ import annotations

from typing import Any

import pytest

from tests.local.test_graph_http import KIM, LEE, NOBODY, directory, emulated, kim, lee

GOOD = {"passwordProfile": {"password": "Abcdefg1!", "forceChangePasswordNextSignIn": False}}
SYNCED = {"onPremisesSyncEnabled": True}


def to(user_id: str) -> dict[str, str]:
    """Return a reference to a user."""
    return {"@odata.id": f"https://graph.microsoft.com/v1.0/users/{user_id}"}


async def test_sponsor_is_added_once_and_listed() -> None:
    async with emulated(directory(kim(), lee())) as client:
        path = f"users/{KIM}/sponsors/$ref"
        assert (await client.send("POST", path, to(LEE))).status == 204
        again = await client.send("POST", path, to(LEE))
        listed = await client.get(f"users/{KIM}/sponsors?$select=id")
    assert again.status == 400
    assert "added object references already exist" in again.body["error"]["message"]
    assert listed.ids == [LEE]


async def test_manager_is_none_then_set_then_another() -> None:
    async with emulated(directory(kim(), lee())) as client:
        none = await client.get(f"users/{KIM}/manager")
        put = await client.send("PUT", f"users/{KIM}/manager/$ref", to(LEE))
        found = await client.get(f"users/{KIM}/manager?$select=id")
    assert (none.status, none.body["error"]["code"]) == (404, "Request_ResourceNotFound")
    assert put.status == 204
    assert found.body["id"] == LEE


@pytest.mark.parametrize(("method", "path"), [("POST", "sponsors/$ref"), ("PUT", "manager/$ref")])
@pytest.mark.parametrize(
    ("body", "status"), [(None, 400), ({"@odata.id": "lee"}, 400), (to(NOBODY), 404)]
)
async def test_reference_to_nobody_is_refused(
    method: str, path: str, body: dict[str, str] | None, status: int
) -> None:
    async with emulated() as client:
        assert (await client.send(method, f"users/{KIM}/{path}", body)).status == status


@pytest.mark.parametrize(
    ("profile", "status"),
    [
        (GOOD["passwordProfile"], 204),
        ({"password": "abcdefgh"}, 400),
        ({"password": "Ab1!"}, 400),
        ({"password": "Ab1!" * 65}, 400),
        ({}, 400),
        ("Abcdefg1!", 400),
    ],
)
async def test_password_has_to_be_complex_and_is_kept_nowhere(profile: Any, status: int) -> None:  # noqa: ANN401
    async with emulated() as client:
        reply = await client.send("PATCH", f"users/{KIM}", {"passwordProfile": profile})
        assert client.graph.tenant.relations.passwords.get(KIM, 0) == (status == 204)
        assert "Abcdefg1!" not in str(vars(client.graph.tenant))
    assert reply.status == status


@pytest.mark.parametrize(
    ("tenant", "status"),
    [
        (directory(kim(**SYNCED)), 400),
        (directory(directoryRoles=[{"displayName": "X", "members": [KIM]}]), 403),
        (directory(unconfirmed={"passwordNeedsRole": True}), 403),
        (directory(permissions=["User.ReadWrite.All"]), 403),
        (directory(permissions=["User-PasswordProfile.ReadWrite.All"]), 204),
    ],
)
async def test_password_is_refused_where_graph_refuses_it(
    tenant: dict[str, Any], status: int
) -> None:
    async with emulated(tenant) as client:
        assert (await client.send("PATCH", f"users/{KIM}", GOOD)).status == status


async def test_other_properties_need_their_own_permission() -> None:
    held = directory(permissions=["User-PasswordProfile.ReadWrite.All"])
    async with emulated(held) as client:
        reply = await client.send("PATCH", f"users/{KIM}", {"userType": "Guest", **GOOD})
        assert client.graph.tenant.users[KIM]["userType"] == "Member"
        assert client.graph.tenant.relations.passwords == {}
    assert reply.status == 403


async def test_manager_of_a_synced_user_is_not_the_clouds_to_set() -> None:
    async with emulated(directory(kim(**SYNCED), lee())) as client:
        reply = await client.send("PUT", f"users/{KIM}/manager/$ref", to(LEE))
    assert "on-premises mastered" in reply.body["error"]["message"]


@pytest.mark.parametrize("state", [None, "Accepted"])
async def test_sessions_are_ended_for_internal_users_alone(state: str | None) -> None:
    async with emulated(directory(kim(externalUserState=state))) as client:
        reply = await client.send("POST", f"users/{KIM}/revokeSignInSessions", {})
        since = client.graph.tenant.users[KIM].get("signInSessionsValidFromDateTime")
        assert client.graph.tenant.relations.revocations == [KIM]
    assert (reply.status, reply.body["value"]) == (200, True)
    assert bool(since) is (state is None)
