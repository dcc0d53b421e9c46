"""An account is given to nobody who asks for it: S1 to S6, S12."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from local.graph import Fault
from tests.directory import (
    ADDRESS,
    GROUP_ID,
    HOME_TENANT_ID,
    OTHER_ID,
    USER_ID,
    kim,
    request,
    tenant,
)
from tests.security.attempts import group, refusals
from tests.service import service

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCKED = {"usersAndGroups": {"accessType": "blocked", "targets": [{"target": "AllUsers"}]}}


@pytest.mark.parametrize(
    "user",
    [
        kim(),
        kim(otherMails=[], mail=ADDRESS, onPremisesSyncEnabled=True),
        kim(otherMails=["kim@other.example"], mail="attacker@partner.example"),
    ],
)
async def test_s1_attackers_address_is_neither_invited_nor_written(
    azurite: str, queue_names: Iterator[str], user: dict[str, Any]
) -> None:
    message = request(invitedUserEmailAddress="attacker@partner.example")
    async with service(azurite, queue_names, tenant(user)) as running:
        before = dict(running.graph.tenant.users[USER_ID])
        outcome = await running.outcome(message)
        assert "addressNotOnUser" in [reason["code"] for reason in outcome["reasons"]]
        assert running.graph.tenant.users[USER_ID] == before
        assert {record.path for record in running.graph.requests} == {"/v1.0/$batch"}


@pytest.mark.parametrize(
    ("of_tenant", "keys", "code"),
    [
        (
            tenant(directoryRoles=[{"id": OTHER_ID, "displayName": "GA", "members": [USER_ID]}]),
            {},
            "holdsDirectoryRole",
        ),
        (
            tenant(
                directoryRoles=[{"id": OTHER_ID, "displayName": "GA", "members": [GROUP_ID]}],
                groups=[group(isAssignableToRole=True)],
            ),
            {},
            "holdsDirectoryRole",
        ),
        (
            tenant(roleEligibility=[{"principalId": USER_ID, "roleDefinitionId": OTHER_ID}]),
            {},
            "eligibleForDirectoryRole",
        ),
        (tenant(groups=[group(isAssignableToRole=True)]), {}, "inRoleAssignableGroup"),
        (
            tenant(
                groups=[group(), group(id=OTHER_ID, isAssignableToRole=True, members=[GROUP_ID])]
            ),
            {},
            "inRoleAssignableGroup",
        ),
        (tenant(kim(isManagementRestricted=True)), {}, "managementRestricted"),
        (tenant(), {"PROTECTED_IDS": USER_ID}, "protectedByOperator"),
        (tenant(groups=[group()]), {"PROTECTED_IDS": GROUP_ID}, "protectedByOperator"),
        (
            tenant(groups=[group(), group(id=OTHER_ID, members=[GROUP_ID])]),
            {"PROTECTED_IDS": OTHER_ID},
            "protectedByOperator",
        ),
    ],
)
async def test_s2_privileged_user_is_refused(
    azurite: str,
    queue_names: Iterator[str],
    of_tenant: dict[str, Any],
    keys: dict[str, str],
    code: str,
) -> None:
    assert code in await refusals(azurite, queue_names, request(), of_tenant, **keys)


@pytest.mark.parametrize("path", ["directoryRole", "roleEligibility", r"microsoft\.graph\.group"])
async def test_s2_roles_that_cannot_be_read_refuse(
    azurite: str, queue_names: Iterator[str], path: str
) -> None:
    async with service(azurite, queue_names) as running:
        running.graph.faults.add(Fault(method="BATCH GET", path=path, status=403))
        outcome = await running.outcome(request())
        assert running.invited() == []
    assert [reason["code"] for reason in outcome["reasons"]] == ["factUnknown"]


async def test_s2_tenant_without_the_licence_for_pim_is_served(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, tenant(p2=False)) as running:
        assert (await running.outcome(request()))["status"] == "invited"


@pytest.mark.parametrize(
    "address",
    [
        "kim@evilpartner.example",
        "kim@sub.partner.example",
        "kim@p\u0430rtner.example",
        "kim@partner.example.evil.example",
        "kim@gmail.com",
    ],
)
async def test_s3_look_alike_of_an_allowed_domain_is_refused(
    azurite: str, queue_names: Iterator[str], address: str
) -> None:
    message = request(invitedUserEmailAddress=address)
    of_tenant = tenant(kim(otherMails=[address]))
    assert "domainNotAllowed" in await refusals(azurite, queue_names, message, of_tenant)


async def test_s3_empty_list_invites_nobody(azurite: str, queue_names: Iterator[str]) -> None:
    codes = await refusals(azurite, queue_names, request(), ALLOWED_EMAIL_DOMAINS="")
    assert codes == ["domainNotAllowed"]


async def test_s4_redirect_to_a_foreign_site_is_refused(
    azurite: str, queue_names: Iterator[str]
) -> None:
    message = request(inviteRedirectUrl="https://myapps.microsoft.com.evil.example/")
    assert await refusals(azurite, queue_names, message) == ["redirectUrlNotAllowed"]


async def test_s4_mail_is_not_copied_to_a_stranger(
    azurite: str, queue_names: Iterator[str]
) -> None:
    info = {"ccRecipients": [{"emailAddress": {"address": "eve@evil.example"}}]}
    message = request(invitedUserMessageInfo=info)
    assert await refusals(azurite, queue_names, message) == ["ccNotAllowed"]


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({}, None),
        ({"ALLOW_CUSTOM_TEXT": "true"}, "&lt;a href=&quot;https://evil.example&quot;&gt;Click"),
    ],
)
async def test_s5_free_text_is_left_out_or_escaped(
    azurite: str, queue_names: Iterator[str], keys: dict[str, str], expected: str | None
) -> None:
    info = {"customizedMessageBody": '<a href="https://evil.example">Click'}
    async with service(azurite, queue_names, None, **keys) as running:
        assert (await running.outcome(request(invitedUserMessageInfo=info)))["status"] == "invited"
        (body,) = running.invited()
    assert body.get("invitedUserMessageInfo", {}).get("customizedMessageBody") == expected


@pytest.mark.parametrize(
    "text",
    [
        "x' or startswith(userPrincipalName,'k') or mail eq 'y@partner.example",
        "kim@partner.example'/any",
        "../users/k@x&$filter=x",
        "k%27@partner.example",
    ],
)
async def test_s6_injected_filter_or_path_finds_nobody(
    azurite: str, queue_names: Iterator[str], text: str
) -> None:
    for message in (
        {"invitedUser": {"userPrincipalName": text}},
        {"invitedUserEmailAddress": text},
        {"invitedUser": {"id": text}},
    ):
        async with service(azurite, queue_names) as running:
            outcome = await running.outcome(message)
            assert outcome["status"] in {"ineligible", "rejected"}
            assert running.invited() == []


async def test_s12_user_is_read_anew_for_every_message(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        assert (await running.outcome(request(mode="check")))["status"] == "eligible"
        running.graph.tenant.users[USER_ID]["accountEnabled"] = False
        outcome = await running.outcome(request())
        assert [reason["code"] for reason in outcome["reasons"]] == ["accountDisabled"]
        running.graph.tenant.roles["r"] = {"id": "r", "displayName": "GA", "members": [USER_ID]}
        outcome = await running.outcome(request(requestId="R-2"))
        assert "holdsDirectoryRole" in [reason["code"] for reason in outcome["reasons"]]


@pytest.mark.parametrize(
    ("access", "code"),
    [
        ({"partners": [{"tenantId": HOME_TENANT_ID, "b2bCollaborationInbound": BLOCKED}]},
         ["blockedByCrossTenantAccess"]),
        ({"default": {"b2bCollaborationInbound": BLOCKED}}, ["blockedByCrossTenantAccess"]),
    ],
)  # fmt: skip
async def test_cross_tenant_block_is_a_reason_before_graph_refuses(
    azurite: str, queue_names: Iterator[str], access: dict[str, Any], code: list[str]
) -> None:
    of_tenant = tenant(crossTenantAccess=access)
    assert await refusals(azurite, queue_names, request(), of_tenant) == code


async def test_tenants_domain_list_is_a_reason_where_the_operator_has_it_read(
    azurite: str, queue_names: Iterator[str]
) -> None:
    blocked = {"BlockedDomains": ["partner.example"]}
    of_tenant = tenant(b2bManagementPolicy={"invitationsAllowedAndBlockedDomainsPolicy": blocked})
    keys = {"READ_INVITATION_DOMAINS": "true"}
    codes = await refusals(azurite, queue_names, request(), of_tenant, **keys)
    assert codes == ["domainRefusedByTenant"]
    async with service(azurite, queue_names, of_tenant) as running:
        assert (await running.outcome(request()))["status"] == "failed"
