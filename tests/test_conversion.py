"""The whole path on real parts: a message in, Graph asked, an outcome out."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest

from local.graph import Fault
from tests.directory import ADDRESS, ARTICLE, OTHER_ID, USER_ID, answered, kim, request, tenant
from tests.service import service
from tests.telling import codes

if TYPE_CHECKING:
    from collections.abc import Iterator


async def test_article_body_invites_the_internal_user(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        event = await running.event(ARTICLE, "message-7")
        (posted,) = running.invited()
    assert posted == {
        "invitedUser": {"id": USER_ID},
        "invitedUserEmailAddress": ADDRESS,
        "inviteRedirectUrl": "https://myapps.microsoft.com?tenantId=",
        "sendInvitationMessage": True,
        "invitedUserMessageInfo": {
            "messageLanguage": "en-US",
            "ccRecipients": [{"emailAddress": {"address": "boss@contoso.example"}}],
        },
    }
    assert (event["type"], event["subject"]) == ("B2BConversion.Invited", USER_ID)
    data = event["data"]
    assert (data["requestId"], data["status"]) == ("message-7", "invited")
    assert codes(data["warnings"]) == [
        "mailEmpty",
        "oneWay",
        "internalPasswordStillWorks",
        "customTextLeftOut",
    ]
    assert data["invitation"]["invitedUserId"] == USER_ID
    assert "inviteRedeemUrl" not in data["invitation"]


async def test_bytes_of_the_post_carry_the_invited_user(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        await running.outcome(request())
        (record,) = [r for r in running.graph.requests if r.path.endswith("/invitations")]
        assert running.graph.tenant.users[USER_ID]["externalUserState"] == "PendingAcceptance"
        assert len(running.graph.tenant.users) == 1
    assert record.raw == (
        b'{"invitedUser": {"id": "%s"}, "invitedUserEmailAddress": "%s",'
        b' "inviteRedirectUrl": "https://myapps.microsoft.com/", "sendInvitationMessage": true}'
        % (USER_ID.encode(), ADDRESS.encode())
    )


@pytest.mark.parametrize(
    "message",
    [
        request(),
        request(invitedUser={"userPrincipalName": "kim@contoso.example"}),
        request(invitedUser=None),
        {"invitedUser": {"id": USER_ID}},
        {"invitedUser": {"userPrincipalName": "KIM@contoso.example"}},
        {"specversion": "1.0", "id": "e1", "source": "hr", "type": "t", "data": request()},
    ],
)
async def test_user_is_found_however_the_request_names_one(
    azurite: str, queue_names: Iterator[str], message: dict[str, Any]
) -> None:
    async with service(azurite, queue_names) as running:
        outcome = await running.outcome(message)
        assert outcome["status"] == "invited"
        assert [body["invitedUser"] for body in running.invited()] == [{"id": USER_ID}]


async def test_base64_message_is_taken(azurite: str, queue_names: Iterator[str]) -> None:
    async with service(azurite, queue_names) as running:
        outcome = await running.outcome(base64.b64encode(json.dumps(request()).encode()))
    assert outcome["status"] == "invited"


async def test_check_says_what_a_conversion_would_and_invites_nobody(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        outcome = await running.outcome(request(mode="check"))
        assert outcome["status"] == "eligible"
        assert running.invited() == []
        assert codes(outcome["nextSteps"])[0] == "awaitRedemption"


async def test_request_by_id_takes_two_round_trips_once_the_tenant_is_known(
    azurite: str, queue_names: Iterator[str]
) -> None:
    users = [
        kim(),
        kim(id=OTHER_ID, userPrincipalName="lee@x.y", otherMails=["lee@partner.example"]),
    ]
    async with service(azurite, queue_names, tenant(*users)) as running:
        await running.outcome(request(mode="check"))
        before = len(running.graph.requests)
        message = {
            "invitedUser": {"id": OTHER_ID},
            "invitedUserEmailAddress": "lee@partner.example",
        }
        await running.outcome(message)
        paths = [record.path for record in running.graph.requests[before:]]
    assert paths == ["/v1.0/$batch", "/v1.0/invitations"]


async def test_silent_invitation_hands_the_redeem_url_to_the_caller(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        outcome = await running.outcome(request(sendInvitationMessage=False))
        assert running.graph.mails == []
        assert outcome["invitation"]["inviteRedeemUrl"].startswith("https://")
    assert codes(outcome["nextSteps"])[0] == "sendRedeemUrl"


async def test_second_request_for_a_pending_user_invites_nobody(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        await running.outcome(request())
        again = await running.outcome(request(requestId="R-2"))
        assert (again["status"], len(running.invited())) == ("alreadyInvited", 1)


async def test_redelivered_message_leads_to_an_outcome_with_the_same_id(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        first, second = await running.event(request()), await running.event(request())
        assert first["id"] == second["id"]
        assert len(running.invited()) == 1


async def test_synced_user_is_invited_at_mail(azurite: str, queue_names: Iterator[str]) -> None:
    synced = kim(onPremisesSyncEnabled=True, mail=ADDRESS, otherMails=[])
    async with service(azurite, queue_names, tenant(synced)) as running:
        outcome = await running.outcome(request())
    assert outcome["status"] == "invited"
    assert "randomisePasswordOnPremises" in codes(outcome["nextSteps"])


@pytest.mark.parametrize(
    ("refusal", "expected"),
    [
        (
            (403, "Unauthorized", "Guest invitations not allowed for your company."),
            "invitationsRefusedByTenant",
        ),
        ((401, "Unauthorized", "Insufficient privileges to perform it"), "permissionMissing"),
        ((400, "BadRequest", "Group email address is not supported"), "groupAddress"),
        ((412, "PreconditionFailed", "Converted back"), "convertedBack"),
        ((418, "Teapot", "short and stout"), "graphRefused"),
    ],
)
async def test_refusal_of_graph_ends_as_failed_with_its_remedy(
    azurite: str, queue_names: Iterator[str], refusal: tuple[int, str, str], expected: str
) -> None:
    status, code, message = refusal
    refusing = kim(**{"$fault": {"invite": {"status": status, "code": code, "message": message}}})
    async with service(azurite, queue_names, tenant(refusing), RETRY_HOURS="0") as running:
        outcome = await running.outcome(request())
    assert outcome["status"] == "failed"
    assert codes(outcome["reasons"]) == [expected]
    assert (outcome["graph"]["status"], outcome["graph"]["code"]) == (status, code)
    assert outcome["graph"]["requestId"]


@pytest.mark.parametrize(
    ("missing", "read"),
    [
        ("OrgContact.Read.All", "contacts"),
        ("Domain.Read.All", "this tenant's domains"),
        ("CrossTenantInformation.ReadBasic.All", "home tenant"),
        ("RoleManagement.Read.Directory", "directory roles"),
        ("RoleEligibilitySchedule.Read.Directory", "roles the user is eligible"),
        ("PrivilegedEligibilitySchedule.Read.AzureADGroup", "groups the user is eligible"),
        ("GroupMember.Read.All", "groups"),
        ("Policy.Read.All", "who may invite"),
    ],
)
async def test_s2_missing_permission_refuses_and_is_named(
    azurite: str, queue_names: Iterator[str], missing: str, read: str
) -> None:
    granted = sorted(PERMISSIONS - {missing})
    of_tenant = tenant(permissions=granted)
    async with service(azurite, queue_names, of_tenant, RETRY_HOURS="0") as running:
        outcome = await running.outcome(request())
        assert running.invited() == []
    assert outcome["status"] == "ineligible"
    reasons = [r for r in outcome["reasons"] if missing in r["remediation"]]
    assert {reason["code"] for reason in reasons} == {"factUnknown"}
    assert [reason for reason in reasons if read in reason["message"]]


PERMISSIONS = frozenset(
    {
        "User.Invite.All",
        "User.Read.All",
        "OrgContact.Read.All",
        "RoleManagement.Read.Directory",
        "RoleEligibilitySchedule.Read.Directory",
        "PrivilegedEligibilitySchedule.Read.AzureADGroup",
        "GroupMember.Read.All",
        "Domain.Read.All",
        "IdentityProvider.Read.All",
        "CrossTenantInformation.ReadBasic.All",
        "Policy.Read.All",
    }
)


async def test_s9_documented_permissions_are_enough(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, tenant(permissions=sorted(PERMISSIONS))) as running:
        assert (await running.outcome(request()))["status"] == "invited"


async def test_consent_given_meanwhile_counts_at_once(
    azurite: str, queue_names: Iterator[str]
) -> None:
    granted = sorted(PERMISSIONS - {"Domain.Read.All"})
    of_tenant = tenant(permissions=granted)
    async with service(azurite, queue_names, of_tenant, RETRY_HOURS="0") as running:
        assert (await running.outcome(request()))["status"] == "ineligible"
        running.graph.tenant.permissions = PERMISSIONS
        assert (await running.outcome(request()))["status"] == "invited"


@pytest.mark.parametrize(
    "message", [b"", b"not json", b"\xff\xfe", b"[1]", b'{"invitedUser": {"id": 7}}', b"{" * 60_000]
)
async def test_r8_bad_message_is_rejected_at_once(
    azurite: str, queue_names: Iterator[str], message: bytes
) -> None:
    async with service(azurite, queue_names) as running:
        outcome = await running.outcome(message, "message-9")
        assert running.graph.requests == []
    assert (outcome["status"], outcome["requestId"]) == ("rejected", "message-9")
    assert outcome["reasons"]


async def test_other_user_invited_is_an_alarm_not_a_success(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        running.graph.faults.add(
            Fault(
                method="POST",
                path="/invitations$",
                status=201,
                body=answered(OTHER_ID),
            )
        )
        outcome = await running.outcome(request())
    assert (outcome["status"], codes(outcome["reasons"])) == ("failed", ["otherUserInvited"])
    assert outcome["invitation"]["invitedUserId"] == OTHER_ID


@pytest.mark.parametrize(
    ("granted", "status", "reasons"),
    [
        (PERMISSIONS, "failed", ["permissionMissing"]),
        (PERMISSIONS | {"User.ReadWrite.All"}, "invited", []),
    ],
)
async def test_tenant_where_converting_takes_the_second_permission_is_told_so(
    azurite: str,
    queue_names: Iterator[str],
    granted: frozenset[str],
    status: str,
    reasons: list[str],
) -> None:
    of_tenant = tenant(permissions=sorted(granted), unconfirmed={"conversionNeedsReadWrite": True})
    async with service(azurite, queue_names, of_tenant, RETRY_HOURS="0") as running:
        outcome = await running.outcome(request())
    assert (outcome["status"], codes(outcome["reasons"])) == (status, reasons)


async def test_tenant_where_only_administrators_invite_gives_its_refusal_a_remedy(
    azurite: str, queue_names: Iterator[str]
) -> None:
    of_tenant = tenant(
        allowInvitesFrom="adminsAndGuestInviters", unconfirmed={"adminsOnlyRefusesApps": True}
    )
    async with service(azurite, queue_names, of_tenant, RETRY_HOURS="0") as running:
        outcome = await running.outcome(request())
    assert outcome["status"] == "failed"
    assert codes(outcome["reasons"]) == ["invitationsRefusedByTenant"]


async def test_outcome_names_the_user_that_was_asked_for_and_not_found(
    azurite: str, queue_names: Iterator[str]
) -> None:
    asked = {"id": OTHER_ID.upper()}
    async with service(azurite, queue_names) as running:
        outcome = await running.outcome(request(invitedUser=asked))
    assert codes(outcome["reasons"]) == ["userNotFound"]
    assert outcome["user"] == {"id": OTHER_ID}


HELD_BY_CONTACT = tenant(
    contacts=[{"id": OTHER_ID, "displayName": "Kim", "mail": ADDRESS, "proxyAddresses": []}]
)


@pytest.mark.parametrize(
    ("user", "unread", "code"),
    [
        ({"userPrincipalName": "nobody@contoso.example"}, None, "userNotFound"),
        ({"id": OTHER_ID}, None, "userNotFound"),
        ({"id": USER_ID}, f"^/users/{USER_ID}[?]", "factUnknown"),
    ],
    ids=["no such name", "no such id", "not read"],
)
async def test_address_is_looked_at_though_nobody_is_found(
    azurite: str,
    queue_names: Iterator[str],
    user: dict[str, str],
    unread: str | None,
    code: str,
) -> None:
    async with service(azurite, queue_names, HELD_BY_CONTACT, RETRY_HOURS="0") as running:
        if unread:
            running.graph.faults.add(Fault(method="BATCH GET", path=unread, status=403))
        outcome = await running.outcome(request(invitedUser=user))
    assert codes(outcome["reasons"]) == [code, "addressHeldByContact"]
