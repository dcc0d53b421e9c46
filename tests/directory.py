"""A tenant for the emulator: one user who can be converted; tests change what they are about."""

from __future__ import annotations

from typing import Any

USER_ID = "11111111-aaaa-4aaa-8aaa-111111111111"
OTHER_ID = "22222222-bbbb-4bbb-8bbb-222222222222"
GROUP_ID = "33333333-cccc-4ccc-8ccc-333333333333"
HOME_TENANT_ID = "44444444-dddd-4ddd-8ddd-444444444444"
ADDRESS, LEES_ADDRESS = "kim@partner.example", "lee@partner.example"
# The JSON body of the API call in Microsoft's article, with its placeholders filled in.
ARTICLE: dict[str, Any] = {
    "invitedUserEmailAddress": ADDRESS,
    "sendInvitationMessage": True,
    "invitedUserMessageInfo": {
        "messageLanguage": "en-US",
        "ccRecipients": [{"emailAddress": {"name": None, "address": "boss@contoso.example"}}],
        "customizedMessageBody": "Welcome",
    },
    "inviteRedirectUrl": "https://myapps.microsoft.com?tenantId=",
    "invitedUser": {"id": USER_ID},
}


def kim(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any property of a user
    """Return the user, as the emulator's tenant file writes one."""
    return {
        "id": USER_ID,
        "userPrincipalName": "kim@contoso.example",
        "displayName": "Kim",
        "otherMails": [ADDRESS],
        **changes,
    }


def lee(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any property of a user
    """Return somebody else who can be converted."""
    names = {"userPrincipalName": "lee@contoso.example", "otherMails": [LEES_ADDRESS]}
    return kim(id=OTHER_ID, displayName="Lee", **names | changes)


def of_lee(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any property of a request
    """Return a request that names Lee and Lee's address."""
    names = {"invitedUser": {"id": OTHER_ID}, "invitedUserEmailAddress": LEES_ADDRESS}
    return request(requestId="R-2", **names | changes)


def answered(user_id: str, status: str = "PendingAcceptance") -> dict[str, Any]:
    """Return Graph's answer to an invitation of a user."""
    return {
        "id": OTHER_ID,
        "status": status,
        "inviteRedeemUrl": "https://login.example/redeem",
        "inviteRedirectUrl": "https://myapps.microsoft.com/",
        "invitedUser": {"id": user_id},
    }


def tenant(*users: dict[str, Any], **changes: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return a tenant with these users, or with Kim alone."""
    return {
        "tenantId": "55555555-eeee-4eee-8eee-555555555555",
        "domains": [
            {"id": "contoso.example", "isVerified": True},
            {"id": "contoso.onmicrosoft.com", "isVerified": True, "isInitial": True},
        ],
        "homeTenants": {
            "partner.example": {
                "tenantId": HOME_TENANT_ID,
                "displayName": "Partner",
                "defaultDomainName": "partner.example",
            }
        },
        "users": list(users) or [kim()],
        **changes,
    }


def request(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any property of a request
    """Return a request that names Kim and Kim's address."""
    return {
        "requestId": "R-1",
        "invitedUser": {"id": USER_ID},
        "invitedUserEmailAddress": ADDRESS,
        **changes,
    }
