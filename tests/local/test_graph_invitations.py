"""The invitation API: conversions, new guests, refusals, mails, redemption."""

from __future__ import annotations

from typing import Any

import pytest

from tests.local.test_graph_http import (
    ADDRESS,
    KIM,
    LEE,
    NOBODY,
    PARTNER_TENANT,
    Client,
    directory,
    emulated,
    kim,
    lee,
)

BODY: dict[str, Any] = {
    "invitedUser": {"id": KIM},
    "invitedUserEmailAddress": ADDRESS,
    "inviteRedirectUrl": "https://myapps.microsoft.com",
    "sendInvitationMessage": True,
}
GUEST = {name: value for name, value in BODY.items() if name != "invitedUser"}
READ = f"users/{KIM}?$select=id,userPrincipalName,externalUserState,creationType,identities,mail"
BLOCKED = {"accessType": "blocked", "targets": [{"target": "AllUsers", "targetType": "user"}]}


async def invite(client: Client, **changes: object) -> dict[str, Any]:
    """Invite Kim and return the invitation."""
    reply = await client.post("invitations", {**BODY, **changes})
    assert reply.status == 201, reply.body
    return dict(reply.body)


async def test_conversion_keeps_the_user_and_marks_it_pending() -> None:
    async with emulated() as client:
        made = await invite(client)
        user = (await client.get(READ)).body
    assert made["invitedUser"] == {"id": KIM, "userPrincipalName": "kim@contoso.example"}
    assert (made["status"], made["resetRedemption"]) == ("PendingAcceptance", False)
    assert made["@odata.context"].endswith("/v1.0/$metadata#invitations/$entity")
    assert (user["id"], user["userPrincipalName"], user["mail"]) == (
        KIM, "kim@contoso.example", None,
    )  # fmt: skip
    assert (user["externalUserState"], user["creationType"]) == ("PendingAcceptance", "Invitation")


async def test_new_invitation_voids_the_older_link() -> None:
    async with emulated() as client:
        older, newer = await invite(client), await invite(client)
        assert older["inviteRedeemUrl"] != newer["inviteRedeemUrl"]
        for made, status in ((older, 400), (newer, 200), (newer, 400)):
            body = {"inviteRedeemUrl": made["inviteRedeemUrl"]}
            assert (await client.post("/_emulator/redeem", body)).status == status
        assert [each["id"] for each in client.graph.invitations] == [older["id"], newer["id"]]


async def test_mail_goes_out_where_wanted_and_without_the_callers_text() -> None:
    copy = {"emailAddress": {"name": "Lee", "address": "lee@contoso.example"}}
    message = {
        "messageLanguage": "de-DE", "customizedMessageBody": "a text", "ccRecipients": [copy],
    }  # fmt: skip
    async with emulated() as client:
        made = await invite(client, invitedUserMessageInfo=message)
        await invite(client, sendInvitationMessage=False)
        (mail,) = client.graph.mails
    assert made["invitedUserMessageInfo"] == message
    assert mail == {
        "to": ADDRESS, "redeemUrl": made["inviteRedeemUrl"], "messageLanguage": "de-DE",
        "redirectUrl": "https://myapps.microsoft.com", "ccRecipients": [copy],
    }  # fmt: skip


@pytest.mark.parametrize("user", [{}, {"invitedUser": None}, {"invitedUser": {}}])
async def test_invitation_without_the_users_id_makes_a_new_guest(user: dict[str, object]) -> None:
    async with emulated() as client:
        reply = await client.post(
            "invitations", {**GUEST, **user, "invitedUserEmailAddress": "new@partner.example"}
        )
        guest = client.graph.tenant.users[reply.body["invitedUser"]["id"]]
    assert reply.status == 201
    assert (guest["userType"], guest["externalUserState"]) == ("Guest", "PendingAcceptance")
    assert guest["userPrincipalName"] == "new_partner.example#EXT#@contoso.onmicrosoft.com"


@pytest.mark.parametrize(
    ("issuer", "expected"),
    [({}, "ExternalAzureAD"), ({"issuer": "mail"}, "mail"), ({"issuer": "urn:a"}, "urn:a")],
)
async def test_redeemed_user_signs_in_from_outside(issuer: dict[str, str], expected: str) -> None:
    async with emulated() as client:
        await invite(client)
        assert (await client.post("/_emulator/redeem", {"userId": KIM, **issuer})).status == 200
        user = (await client.get(READ)).body
    assert user["externalUserState"] == "Accepted"
    assert [(each["signInType"], each["issuer"]) for each in user["identities"]] == [
        ("federated", expected), ("userPrincipalName", "contoso.onmicrosoft.com"),
    ]  # fmt: skip


async def test_redeemed_user_has_the_issuers_own_name() -> None:
    async with emulated() as client:
        await invite(client)
        body = {"userId": KIM, "issuer": "mail", "issuerAssignedId": ADDRESS}
        assert (await client.post("/_emulator/redeem", body)).status == 200
        user = (await client.get(READ)).body
    assert user["identities"][0]["issuerAssignedId"] == ADDRESS


async def test_redeemed_user_is_invited_again_only_with_a_reset() -> None:
    async with emulated() as client:
        await invite(client)
        await client.post("/_emulator/redeem", {"userId": KIM})
        assert (await client.post("invitations", BODY)).status == 400
        assert (await invite(client, resetRedemption=True))["resetRedemption"] is True
        user = (await client.get(READ)).body
    assert (user["externalUserState"], len(user["identities"])) == ("PendingAcceptance", 1)


@pytest.mark.parametrize(
    "changes",
    [
        {"permissions": ["User.Invite.All"]},
        {"directoryRoles": [{"displayName": "Reader", "members": [KIM]}]},
    ],
)
async def test_reset_is_refused_without_permission_and_for_who_holds_a_role(
    changes: dict[str, Any],
) -> None:
    async with emulated(directory(kim(externalUserState="Accepted"), **changes)) as client:
        reply = await client.post("invitations", {**BODY, "resetRedemption": True})
    assert (reply.status, reply.error.partition(":")[0]) == (403, "Authorization_RequestDenied")


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ([], "was expected"),
        (
            {"secret": 1},
            "The property 'secret' does not exist on type 'microsoft.graph.invitation'",
        ),
        ({"invitedUserEmailAddress": None}, "'invitedUserEmailAddress' is missing"),
        ({"inviteRedirectUrl": ""}, "'inviteRedirectUrl' is missing"),
        ({"inviteRedirectUrl": "myapps"}, "Invalid value specified for property"),
        ({"inviteRedirectUrl": "https://["}, "Invalid value specified for property"),
        ({"invitedUserEmailAddress": 1}, "Invalid value specified for property"),
        ({"sendInvitationMessage": "true"}, "Invalid value specified for property"),
        ({"invitedUser": KIM}, "was expected"),
        ({"invitedUser": {"id": 1}}, "Invalid value specified for property"),
        ({"invitedUser": {"objectId": KIM}}, "on type 'microsoft.graph.user'"),
        ({"invitedUserMessageInfo": {"language": "de"}}, "'language' does not exist"),
        ({"invitedUserMessageInfo": {"messageLanguage": 1}}, "Invalid value"),
        ({"invitedUserMessageInfo": {"ccRecipients": {}}}, "Invalid value"),
        ({"invitedUserMessageInfo": {"ccRecipients": [{}]}}, "was expected"),
        ({"invitedUserMessageInfo": {"ccRecipients": [{"emailAddress": {}}] * 2}}, "Only one"),
        ({"invitedUserEmailAddress": "nobody"}, "Invalid email address"),
        ({"invitedUserEmailAddress": "a+b@partner.example"}, "Invalid email address"),
        ({"invitedUserEmailAddress": ".a@partner.example"}, "Invalid email address"),
    ],
)
async def test_body_that_is_no_invitation_is_refused(body: object, error: str) -> None:
    async with emulated() as client:
        sent = {**BODY, **body} if isinstance(body, dict) else body
        reply = await client.post("invitations", sent)
        assert client.graph.invitations == []
    assert (reply.status, error in reply.error) == (400, True), reply.error


async def test_annotations_and_what_graph_itself_sets_are_let_pass() -> None:
    async with emulated() as client:
        await invite(client, **{"@odata.type": "#microsoft.graph.invitation", "status": None})


def held_by(**properties: object) -> dict[str, Any]:
    """Return a tenant in which another user holds something."""
    return {"users": [kim(), lee(**properties)]}


ANOTHER = "Another object with the same value for property proxyAddresses already exists."
REFUSALS: dict[str, tuple[dict[str, Any], dict[str, Any], int, str]] = {
    "own verified domain": (
        {}, {"invitedUserEmailAddress": "x@Contoso.example"}, 400,
        "This user cannot be invited because the domain of the user's email address is a verified",
    ),
    "own tenant": (
        {"homeTenants": {"own.example": {"tenantId": "55555555-EEEE-4eee-8eee-555555555555"}}},
        {"invitedUserEmailAddress": "x@own.example"}, 400, "Invitee is in inviter tenant",
    ),
    "nobody may invite": (
        {"allowInvitesFrom": "none"}, {}, 403, "Guest invitations not allowed for your company.",
    ),
    "administrators alone, applications not": (
        {"allowInvitesFrom": "adminsAndGuestInviters",
         "unconfirmed": {"adminsOnlyRefusesApps": True}},
        {}, 403, "Guest invitations not allowed for your company.",
    ),
    "no permission": (
        {"permissions": ["User.Read.All"]}, {}, 403, "Unauthorized: Insufficient privileges to",
    ),
    "conversion needs more": (
        {"permissions": ["User.Invite.All"], "unconfirmed": {"conversionNeedsReadWrite": True}},
        {}, 403, "ActionName=CreateInvite",
    ),
    "mail held": (held_by(mail=ADDRESS.upper()), {}, 400, "Non-external user already exists"),
    "mail in the tenant's domain": (
        {"users": [kim(mail="kim@contoso.example", otherMails=[ADDRESS])]}, {}, 400,
        "cannot be in a verified domain",
    ),
    "address not on the user": (
        {"users": [kim(mail=None, otherMails=["k@other.example"])]}, {}, 400,
        "match any emails on the user object",
    ),
    "address not in mail": (
        {"users": [kim(mail=None, otherMails=[ADDRESS])],
         "unconfirmed": {"mailHasToHoldTheAddress": True}},
        {}, 400, "match any emails on the user object",
    ),
    "home tenant refuses": (
        {"homeTenants": {"partner.example": {"$refusesInvitations": True}}}, {}, 400,
        "be invited to this directory",
    ),
    "other mail held": (held_by(otherMails=[ADDRESS]), {}, 400, ANOTHER),
    "proxy address held": (held_by(proxyAddresses=[f"SMTP:{ADDRESS}"]), {}, 400, ANOTHER),
    "name held": (held_by(userPrincipalName=ADDRESS), {}, 400, ANOTHER),
    "contact holds it": ({"contacts": [{"mail": ADDRESS}]}, {}, 400, ANOTHER),
    "contact holds it as a proxy address": (
        {"contacts": [{"proxyAddresses": [f"smtp:{ADDRESS}"]}]}, {}, 400, ANOTHER,
    ),
    "held by a user, none invited": (
        {}, {"invitedUser": None}, 400,
        f"The invited user already exists in the directory as object ID: {KIM}",
    ),
    "group": (
        {"groups": [{"displayName": "G", "mail": ADDRESS}]}, {}, 400,
        "Group email address is not supported",
    ),
    "partner blocked": (
        {"crossTenantAccess": {"partners": [
            {"tenantId": PARTNER_TENANT, "b2bCollaborationInbound": {"usersAndGroups": BLOCKED}},
        ]}},
        {}, 400, "This invitation is blocked by cross-tenant access settings.",
    ),
    "applications of all partners blocked": (
        {"crossTenantAccess": {"default": {"b2bCollaborationInbound": {"applications": {
            "accessType": "blocked",
            "targets": [{"target": "AllApplications", "targetType": "application"}],
        }}}}},
        {}, 400, "blocked by cross-tenant access settings",
    ),
    "domain blocked": (
        {"b2bManagementPolicy": {"invitationsAllowedAndBlockedDomainsPolicy":
            {"BlockedDomains": ["Partner.example"]}}},
        {}, 400, "blocked by cross-tenant access settings",
    ),
    "domain not allowed": (
        {"b2bManagementPolicy": {"invitationsAllowedAndBlockedDomainsPolicy":
            {"AllowedDomains": ["other.example"]}}},
        {}, 400, "blocked by cross-tenant access settings",
    ),
    "on-premises name": (
        {"users": [kim(onPremisesUserPrincipalName="kim@contoso.local")]}, {}, 400,
        "User invitation failed. Invalid request input.",
    ),
    "nobody": ({}, {"invitedUser": {"id": NOBODY}}, 404, "Directory_ObjectNotFound"),
    "converted back": ({"users": [kim(**{"$fault": {"invite": "conflict412"}})]}, {}, 412, ""),
    "its own fault": (
        {"users": [kim(**{"$fault": {"invite": {
            "status": 500, "code": "UnknownError", "message": "Unable to find target address"}}})]},
        {}, 500, "Unable to find target address",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSALS)
async def test_invitation_is_refused(case: str) -> None:
    changes, body, status, error = REFUSALS[case]
    async with emulated(directory() | changes) as client:
        reply = await client.post("invitations", {**BODY, **body})
        assert (client.graph.invitations, client.graph.mails) == ([], [])
        assert all(user["externalUserState"] is None for user in client.graph.tenant.users.values())
    assert (reply.status, error in reply.error) == (status, True), reply.error


async def test_user_converted_back_while_it_runs_is_refused() -> None:
    async with emulated() as client:
        client.graph.tenant.converted_back.add(KIM)
        assert (await client.post("invitations", BODY)).status == 412


ALLOWED: dict[str, dict[str, Any]] = {
    "partner allowed where the default blocks": {
        "crossTenantAccess": {
            "default": {"b2bCollaborationInbound": {"usersAndGroups": BLOCKED}},
            "partners": [
                {"tenantId": PARTNER_TENANT,
                 "b2bCollaborationInbound": {"usersAndGroups": {"accessType": "allowed"}}},
            ],
        }
    },
    "some of the partner's users blocked": {
        "crossTenantAccess": {"partners": [
            {"tenantId": PARTNER_TENANT, "b2bCollaborationInbound": {"usersAndGroups": {
                "accessType": "blocked", "targets": [{"target": LEE, "targetType": "user"}]}}},
        ]}
    },
    "administrators alone": {"allowInvitesFrom": "adminsAndGuestInviters"},
    "least permission": {"permissions": ["User.Invite.All"]},
    "domain allowed": {
        "b2bManagementPolicy": {"invitationsAllowedAndBlockedDomainsPolicy":
            {"AllowedDomains": ["partner.example"]}},
    },
}  # fmt: skip


@pytest.mark.parametrize("case", ALLOWED)
async def test_invitation_is_made(case: str) -> None:
    async with emulated(directory() | ALLOWED[case]) as client:
        await invite(client)
