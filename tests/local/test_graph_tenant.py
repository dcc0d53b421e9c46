"""A tenant's description: defaults, and refusals that name what is wrong."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from local.graph import Tenant
from tests.local.test_graph_http import KIM, LEE, directory, kim

if TYPE_CHECKING:
    from pathlib import Path


def test_user_has_graphs_defaults() -> None:
    first, again = (Tenant({"users": [{"userPrincipalName": "a@x.example"}]}) for _ in "12")
    assert first.users == again.users
    (user,) = first.users.values()
    assert (user["userType"], user["accountEnabled"], user["otherMails"]) == ("Member", True, [])
    assert user["identities"] == [
        {"signInType": "userPrincipalName", "issuer": "contoso.onmicrosoft.com",
         "issuerAssignedId": "a@x.example"},
    ]  # fmt: skip


def test_initial_domain_is_the_one_under_onmicrosoft() -> None:
    assert Tenant(directory()).initial_domain == "contoso.onmicrosoft.com"
    assert Tenant({"domains": [{"id": "a.example"}]}).initial_domain == "a.example"


def test_tenant_is_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "tenant.json"
    path.write_text(json.dumps(directory()), encoding="utf-8")
    assert set(Tenant.load(path).users) == {KIM}


WRONG: dict[str, dict[str, Any]] = {
    "userz": {"userz": []},
    "phone": {"users": [kim(phone="1")]},
    "no userPrincipalName": {"users": [{"id": KIM}]},
    "already": {"users": [kim(), kim(id=LEE)]},
    "otherMails of the user kim@contoso.example has to be a list": {"users": [kim(otherMails="x")]},
    "mail of the user kim@contoso.example has to be no list": {"users": [kim(mail=[])]},
    "a user's \\$fault has no write": {"users": [kim(**{"$fault": {"write": {}}})]},
    "needs a status for read": {"users": [kim(**{"$fault": {"read": {"hangMs": 1}}})]},
    "Fault has no state": {"users": [kim(**{"$fault": {"read": {"state": 1}}})]},
    "no fault is called 'nonsense'": {"users": [kim(**{"$fault": {"invite": "nonsense"}})]},
    "size": {"groups": [{"displayName": "G", "size": 1}]},
    f"no group: {LEE}": {"users": [kim()], "groups": [{"displayName": "G", "members": [LEE]}]},
    "no group: nobody": {"directoryRoles": [{"displayName": "R", "members": ["nobody"]}]},
    "no group: noone": {"roleEligibility": [{"principalId": "noone"}]},
    "is not assignable": {
        "groups": [{"id": "g", "displayName": "G"}],
        "directoryRoles": [{"displayName": "R", "members": ["g"]}],
    },
    "power": {"directoryRoles": [{"displayName": "R", "power": 1}]},
    "user": {"roleEligibility": [{"user": "x"}]},
    "phone of a contact|phone": {"contacts": [{"phone": "1"}]},
    "issuer": {"federations": [{"issuer": "x"}]},
    "list of names": {"federations": [{"domains": [{"id": "x"}]}]},
    "name": {"homeTenants": {"x.example": {"name": "X"}}},
    "verified": {"domains": [{"id": "x.example", "verified": True}]},
    "nobody'": {"allowInvitesFrom": "nobody"},
    "outbound": {"crossTenantAccess": {"outbound": {}}},
    "accessType is one of": {
        "crossTenantAccess": {
            "default": {"b2bCollaborationInbound": {"usersAndGroups": {"accessType": "none"}}}
        }
    },
    "users": {
        "crossTenantAccess": {
            "partners": [{"tenantId": "x", "b2bCollaborationInbound": {"users": {}}}]
        }
    },
    "Allowed": {
        "b2bManagementPolicy": {"invitationsAllowedAndBlockedDomainsPolicy": {"Allowed": []}}
    },
    "surely": {"unconfirmed": {"surely": True}},
}


@pytest.mark.parametrize("match", WRONG)
def test_what_a_tenant_cannot_have_is_refused_by_name(match: str) -> None:
    with pytest.raises(ValueError, match=match):
        Tenant(WRONG[match])
