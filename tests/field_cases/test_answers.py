"""Field cases of what Graph answers an invitation: F4 to F9."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from local.graph import Fault
from tests.directory import (
    ADDRESS,
    HOME_TENANT_ID,
    OTHER_ID,
    USER_ID,
    kim,
    request,
    tenant,
)
from tests.field_cases.concluding import POST, concluded, failing, refused
from tests.service import service
from tests.telling import codes, story

if TYPE_CHECKING:
    from collections.abc import Iterator


pytestmark = pytest.mark.usefixtures("at_once")


@pytest.mark.parametrize(
    ("user", "remedy"),
    [(kim(), "Put the address into the user's mail"), (kim(mail=ADDRESS), "again in an hour")],
)
async def test_f4_address_that_graph_does_not_see_yet_is_waited_for(
    azurite: str, queue_names: Iterator[str], user: dict[str, Any], remedy: str
) -> None:
    text = (
        "The email you’re using to invite this user doesn’t match any emails on the user object."  # noqa: RUF001
        " Please add this email to the user object and try again."
    )
    async with service(azurite, queue_names, tenant(user), SETTLE_SECONDS="60") as running:
        running.graph.faults.add(failing(400, text, times=2))
        (event,) = await story(running, request())
        assert (event["data"]["status"], len(running.invited())) == ("invited", 3)
    reason = await refused(azurite, queue_names, failing(400, text), user)
    assert (reason["code"], remedy in reason["remediation"]) == ("addressNotSeenByGraph", True)


async def test_f5_holder_that_is_not_external_is_the_same_reason_and_may_be_deleted(
    azurite: str, queue_names: Iterator[str]
) -> None:
    text = "Non-external user already exists with the given mail address and can’t be invited."  # noqa: RUF001
    reason = await refused(azurite, queue_names, failing(400, text))
    assert (reason["code"], reason["owner"]) == ("addressHeldByUser", "identityAdmin")
    assert "deleted users" in reason["remediation"]


async def test_f6_home_tenant_that_refuses_is_the_partners_to_change(
    azurite: str, queue_names: Iterator[str]
) -> None:
    homes = {"partner.example": {"tenantId": HOME_TENANT_ID, "$refusesInvitations": True}}
    outcome, _ = await concluded(azurite, queue_names, tenant(homeTenants=homes))
    (reason,) = outcome["reasons"]
    assert (reason["code"], reason["owner"]) == ("homeTenantRefuses", "partnerAdmin")


@pytest.mark.parametrize(
    ("named", "code"),
    [
        (USER_ID, "invitedUserIgnored"),
        (USER_ID.upper(), "invitedUserIgnored"),
        (OTHER_ID, "inviteeAlreadyExists"),
    ],
)
async def test_f7_object_that_graph_names_is_told_from_the_user_itself(
    azurite: str, queue_names: Iterator[str], named: str, code: str
) -> None:
    text = (
        f"The invited user already exists in the directory as object ID: {named}, but the account"
        " is blocked from signing in."
    )
    reason = await refused(azurite, queue_names, failing(400, text))
    assert reason["code"] == code
    assert ("delete" in reason["remediation"].lower()) is (named == OTHER_ID)


async def test_f8_nobody_is_told_to_allow_what_is_allowed(
    azurite: str, queue_names: Iterator[str]
) -> None:
    text = "Guest invitations not allowed for your company. Contact your company administrator."
    reason = await refused(azurite, queue_names, failing(403, text, "Unauthorized"))
    assert (reason["owner"], "User.Invite.All" in reason["remediation"]) == ("operator", True)


def answered(status: str) -> dict[str, Any]:
    return {
        "id": "i", "status": status, "invitedUser": {"id": USER_ID},
        "inviteRedeemUrl": "https://login.microsoftonline.com/redeem?rd=x",
        "inviteRedirectUrl": "https://myapps.microsoft.com/",
    }  # fmt: skip


@pytest.mark.parametrize("silent", [True, False])
@pytest.mark.parametrize("status", ["Error", "InProgress", "somethingNew"])
async def test_f9_answer_with_another_status_is_no_invitation(
    azurite: str,
    queue_names: Iterator[str],
    status: str,
    silent: bool,  # noqa: FBT001
) -> None:
    fault = Fault(path=POST, status=201, body=answered(status), times=1)
    async with service(azurite, queue_names) as running:
        running.graph.faults.add(fault)
        outcome = await running.outcome(request(sendInvitationMessage=not silent))
        assert (outcome["status"], codes(outcome["reasons"])) == ("failed", ["invitationNotMade"])
        assert status in outcome["reasons"][0]["message"]
        assert outcome["graph"]["status"] == 201
        assert "invitation" not in outcome
        again = await running.outcome(request(sendInvitationMessage=not silent))
        assert (again["status"], len(running.graph.invitations)) == ("invited", 1)


async def test_f9_directory_decides_where_the_invitation_was_made_all_the_same(
    azurite: str, queue_names: Iterator[str]
) -> None:
    fault = Fault(path=POST, status=201, body=answered("InProgress"), effect=True, times=1)
    async with service(azurite, queue_names) as running:
        running.graph.faults.add(fault)
        outcome = await running.outcome(request())
        assert (outcome["status"], len(running.invited())) == ("invited", 1)
    # What is to be known of any invitation is said of this one, too.
    assert codes(outcome["warnings"]) == [
        *("mailEmpty", "oneWay", "internalPasswordStillWorks", "answerLost"),
    ]


async def test_f9_completed_is_an_invitation(azurite: str, queue_names: Iterator[str]) -> None:
    fault = Fault(path=POST, status=201, body=answered("Completed"), effect=True, times=1)
    async with service(azurite, queue_names) as running:
        running.graph.faults.add(fault)
        outcome = await running.outcome(request())
    assert (outcome["status"], outcome["invitation"]["status"]) == ("invited", "Completed")
