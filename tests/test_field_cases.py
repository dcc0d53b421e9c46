"""What people met in the field, each case by its number, on the whole path.

The numbers are those of the issue tracker's and question threads' reports that the rules go by;
``docs/reference/field-cases.md`` tells each in a sentence. Encodings and properties of requests
(F16, F17, F21 to F23) have their tests beside the code that reads them.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from converters.steps.retrying import MOST_ALIKE
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
from tests.service import service, taken
from tests.telling import codes, story

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.service import Service

POST = "/invitations$"
CURRENT = {"RULES_EDITION": "current"}
pytestmark = pytest.mark.usefixtures("at_once")


async def concluded(
    azurite: str,
    queue_names: Iterator[str],
    of_tenant: dict[str, Any],
    message: dict[str, Any] | None = None,
    /,
    **keys: str,
) -> tuple[dict[str, Any], int]:
    """Return the outcome of a request, and how many POSTs there were."""
    async with service(azurite, queue_names, of_tenant, **keys) as running:
        outcome = await running.outcome(message or request())
        return outcome, len(running.invited())


def failing(status: int, message: str, code: str = "BadRequest", times: int | None = 1) -> Fault:
    """Return a refusal or a failure of Graph's, in its words."""
    return Fault(path=POST, status=status, code=code, message=message, times=times)


async def refused(
    azurite: str, queue_names: Iterator[str], fault: Fault, user: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Return the one reason of a request that Graph refuses in the words of the fault."""
    async with service(azurite, queue_names, tenant(user or kim()), RETRY_HOURS="0") as running:
        running.graph.faults.add(fault)
        outcome = await running.outcome(request())
    assert outcome["status"] == "failed"
    (reason,) = outcome["reasons"]
    return dict(reason)


@pytest.mark.parametrize("edition", ["2020", "current"])
async def test_f1_mail_in_a_domain_of_this_tenant_is_refused_before_any_post(
    azurite: str, queue_names: Iterator[str], edition: str
) -> None:
    keys = {"RULES_EDITION": edition, "EXTERNAL_ADDRESS_PROPERTY": "byOrigin"}
    user = kim(mail="Kim@Contoso.Example")
    outcome, posts = await concluded(azurite, queue_names, tenant(user), **keys)
    assert (outcome["status"], posts) == ("ineligible", 0)
    (reason,) = outcome["reasons"]
    assert (reason["code"], reason["owner"]) == ("mailInTenantDomain", "identityAdmin")
    assert "mail is in contoso.example" in reason["message"]


async def test_f1_graph_says_it_too_where_the_read_was_stale(
    azurite: str, queue_names: Iterator[str]
) -> None:
    text = "User’s email address cannot be in a verified domain. Please change the user’s email."  # noqa: RUF001
    reason = await refused(azurite, queue_names, failing(400, text))
    assert (reason["code"], reason["owner"]) == ("mailInTenantDomain", "identityAdmin")


async def test_f1_no_setting_lowers_it(azurite: str, queue_names: Iterator[str]) -> None:
    user = kim(mail="kim@contoso.example")
    lowered = {"RULES_AS_WARNINGS": "mailDomainMismatch,mailEmpty,mailboxAssigned"}
    outcome, posts = await concluded(azurite, queue_names, tenant(user), **lowered)
    assert (codes(outcome["reasons"]), posts) == (["mailInTenantDomain"], 0)


async def test_f2_mail_in_another_partners_domain_is_refused_or_lowered_to_a_warning(
    azurite: str, queue_names: Iterator[str]
) -> None:
    of_tenant = tenant(kim(mail="kim@other.example"))
    outcome, posts = await concluded(azurite, queue_names, of_tenant)
    assert (codes(outcome["reasons"]), posts) == (["mailDomainMismatch"], 0)
    assert "other.example" in outcome["reasons"][0]["message"]
    keys = {"RULES_AS_WARNINGS": "mailDomainMismatch"}
    outcome, posts = await concluded(azurite, queue_names, of_tenant, **keys)
    assert (outcome["status"], posts) == ("invited", 1)
    assert codes(outcome["warnings"])[0] == "mailDomainMismatch"


async def test_f2_mail_with_the_address_in_another_spelling_matches(
    azurite: str, queue_names: Iterator[str]
) -> None:
    of_tenant = tenant(kim(mail="KIM@Partner.Example"))
    outcome, _ = await concluded(azurite, queue_names, of_tenant)
    assert (outcome["status"], "mailEmpty" in codes(outcome["warnings"])) == ("invited", False)


async def test_f3_empty_mail_warns_under_the_edition_of_2020_and_says_what_to_do(
    azurite: str, queue_names: Iterator[str]
) -> None:
    outcome, posts = await concluded(azurite, queue_names, tenant())
    assert (outcome["status"], posts) == ("invited", 1)
    assert "mailEmpty" in codes(outcome["warnings"])
    assert "setMail" in codes(outcome["nextSteps"])


async def test_f3_empty_mail_is_a_reason_under_the_edition_of_today(
    azurite: str, queue_names: Iterator[str]
) -> None:
    outcome, posts = await concluded(azurite, queue_names, tenant(), **CURRENT)
    assert (codes(outcome["reasons"]), posts) == (["noExternalAddress"], 0)
    assert "mail" in outcome["reasons"][0]["message"]
    origin = {**CURRENT, "EXTERNAL_ADDRESS_PROPERTY": "byOrigin"}
    outcome, posts = await concluded(azurite, queue_names, tenant(), **origin)
    assert (codes(outcome["reasons"]), posts) == (["mailEmpty"], 0)
    outcome, posts = await concluded(
        azurite, queue_names, tenant(kim(mail=ADDRESS, otherMails=[])), **CURRENT
    )
    assert (outcome["status"], posts) == ("invited", 1)


@pytest.mark.parametrize(
    ("user", "code"),
    [
        (kim(mail=ADDRESS, assignedPlans=[{"servicePlanId": "9aaf7827-d63c-4b61-89c3-182f06f82e5c",
                                           "capabilityStatus": "Enabled"}]), "mailboxAssigned"),
        (kim(mail="kim@adatum.example", otherMails=["kim@adatum.example"]), "directFederation"),
        (kim(mail="kim@nowhere.example", otherMails=["kim@nowhere.example"]), "homeTenantNotFound"),
    ],
)  # fmt: skip
async def test_editions_differ_in_what_the_article_of_2020_excludes(
    azurite: str, queue_names: Iterator[str], user: dict[str, Any], code: str
) -> None:
    home = {"tenantId": HOME_TENANT_ID}
    of_tenant = tenant(
        user,
        federations=[{"domains": ["adatum.example"]}],
        homeTenants={"partner.example": home, "adatum.example": home},
    )
    message = request(invitedUserEmailAddress=user["mail"])
    keys = {"ALLOWED_EMAIL_DOMAINS": "partner.example,adatum.example,nowhere.example"}
    outcome, posts = await concluded(azurite, queue_names, of_tenant, message, **keys)
    assert (codes(outcome["reasons"]), posts) == ([code], 0)
    keys |= CURRENT
    outcome, posts = await concluded(azurite, queue_names, of_tenant, message, **keys)
    assert (outcome["status"], posts) == ("invited", 1)
    assert codes(outcome["warnings"])[0] == code


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


async def turns(running: Service, message: object, most: int = 30) -> list[dict[str, Any]]:
    """Handle a message and what waits after it, each time as if its doubt had ended."""
    await running.handle(message)
    for _ in range(most):
        if not (texts := await taken(running.requests)):
            break
        if any(row["RowKey"] == "user" for row in await running.rows()):
            await running.age_claim(running.converter.settings.doubt_seconds)
        await running.handle(texts[0].encode())
    return await running.events()


async def test_f11_same_failure_word_for_word_ends_after_a_few_tries_in_graphs_words(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        text = "Unable to find target address"
        running.graph.faults.add(failing(500, text, "UnknownError", times=None))
        (event,) = await turns(running, request())
        assert 3 <= len(running.invited()) <= 5
    outcome = event["data"]
    assert (outcome["status"], codes(outcome["reasons"])) == ("failed", ["graphFailsAlike"])
    graph = outcome["graph"]
    assert (graph["status"], graph["code"], graph["message"]) == (500, "UnknownError", text)
    assert graph["requestId"]


async def test_f11_last_failure_that_took_effect_is_found_out(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        alike: dict[str, Any] = {"path": POST, "status": 500, "message": "No target"}
        running.graph.faults.add(Fault(**alike, times=MOST_ALIKE - 1))
        running.graph.faults.add(Fault(**alike, times=1, effect=True))
        (event,) = await turns(running, request())
        assert len(running.invited()) == MOST_ALIKE
    assert event["data"]["status"] == "invited"
    assert "answerLost" in codes(event["data"]["warnings"])


async def test_f11_reads_that_fail_alike_end_after_a_few_tries_too(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        fault = Fault(method="BATCH GET", path="^/contacts", status=500, message="Index is broken")
        running.graph.faults.add(fault)
        (event,) = await turns(running, request())
        assert running.invited() == []
    assert event["data"]["graph"]["message"] == "Index is broken"


@pytest.mark.parametrize(
    "faults",
    [
        [Fault(path=POST, status=500, html="<html>", times=8)],
        [Fault(path=POST, status=503, message="The service is unavailable.", times=8)],
        [Fault(path=POST, status=500, message=f"Failure {n}", times=1) for n in range(8)],
    ],
)
async def test_f11_outage_keeps_its_patience(
    azurite: str, queue_names: Iterator[str], faults: list[Fault]
) -> None:
    async with service(azurite, queue_names) as running:
        for fault in faults:
            running.graph.faults.add(fault)
        (event,) = await turns(running, request())
    assert event["data"]["status"] == "invited"


@pytest.mark.parametrize(
    "assignment",
    [
        {"roleDefinitionId": OTHER_ID},
        {"roleDefinitionId": OTHER_ID, "directoryScopeId": "/administrativeUnits/1"},
        {"roleDefinitionId": OTHER_ID, "directoryScopeId": f"/{GROUP_ID}"},
    ],
)
async def test_f12_custom_or_scoped_role_is_refused(
    azurite: str, queue_names: Iterator[str], assignment: dict[str, Any]
) -> None:
    of_tenant = tenant(roleAssignments=[{"principalId": USER_ID, **assignment}])
    outcome, posts = await concluded(azurite, queue_names, of_tenant)
    assert (codes(outcome["reasons"]), posts) == (["holdsDirectoryRole"], 0)
    assert OTHER_ID in outcome["reasons"][0]["message"]


async def test_f12_built_in_role_is_named_once(azurite: str, queue_names: Iterator[str]) -> None:
    role = {"id": GROUP_ID, "displayName": "Helpdesk", "roleTemplateId": OTHER_ID}
    of_tenant = tenant(directoryRoles=[{**role, "members": [USER_ID]}])
    outcome, _ = await concluded(azurite, queue_names, of_tenant)
    assert outcome["reasons"][0]["message"] == "The user holds directory roles: Helpdesk."


@pytest.mark.parametrize("access", ["member", "owner"])
async def test_f13_eligible_member_or_owner_of_a_group_is_refused(
    azurite: str, queue_names: Iterator[str], access: str
) -> None:
    eligible = {"principalId": USER_ID, "groupId": GROUP_ID, "accessId": access}
    outcome, posts = await concluded(azurite, queue_names, tenant(groupEligibility=[eligible]))
    assert (codes(outcome["reasons"]), posts) == (["eligibleForGroup"], 0)
    assert GROUP_ID in outcome["reasons"][0]["message"]


async def test_f12_f13_all_power_is_read_in_the_same_two_round_trips(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names) as running:
        await running.outcome(request(requestId="R-0", mode="check"))
        before = len(running.graph.requests)
        assert (await running.outcome(request()))["status"] == "invited"
        calls = running.graph.requests[before:]
    assert [call.path.rpartition("/")[2] for call in calls] == ["$batch", "invitations"]


@pytest.mark.parametrize(
    "fault",
    [
        Fault(path=r"\$batch$", status=429, retry_after=3.249, times=1),
        Fault(method="BATCH GET", path="^/contacts", status=429, retry_after=3.249, times=1),
    ],
)
async def test_f14_fraction_of_a_second_is_waited_for_in_full(
    azurite: str,
    queue_names: Iterator[str],
    monkeypatch: pytest.MonkeyPatch,
    fault: Fault,
) -> None:
    monkeypatch.undo()
    async with service(azurite, queue_names, RETRY_BASE_SECONDS="1") as running:
        running.graph.faults.add(fault)
        await running.handle(request())
        cooldown = running.converter.graph._cooldowns["reads"].remaining()  # noqa: SLF001 - its clock
        assert 2 < cooldown <= 3.249
        assert await taken(running.requests) == [], "it shows after four seconds at the soonest"


async def test_f15_consent_is_waited_for_longer_than_a_token_lives_and_that_is_said(
    azurite: str, queue_names: Iterator[str]
) -> None:
    text = "Insufficient privileges to perform requested operation by the application."
    refusal = failing(403, text, "Unauthorized", times=None)
    async with service(azurite, queue_names, RETRY_HOURS="1") as running:
        running.graph.faults.add(refusal)
        deferred = await running.outcome(request())
        assert deferred["status"] == "deferred"
        assert "waits for 26 hours" in deferred["reasons"][0]["remediation"]
        event = json.loads(await running.waiting())
        event["data"]["waits"]["since"] -= 25 * 3600
        await running.handle(event)
        assert await running.events() == []
        event = json.loads(await running.waiting())
        event["data"]["waits"]["since"] -= 3600
        outcome = await running.outcome(event)
    assert (outcome["status"], codes(outcome["reasons"])) == ("failed", ["permissionMissing"])


async def test_f19_person_who_signs_in_by_phone_is_a_next_step(
    azurite: str, queue_names: Iterator[str]
) -> None:
    by_phone = {"signInType": "phoneNumber", "issuer": "contoso.example", "issuerAssignedId": "1"}
    outcome, _ = await concluded(azurite, queue_names, tenant(kim(identities=[by_phone])))
    assert "replaceSmsSignIn" in codes(outcome["nextSteps"])
    outcome, _ = await concluded(azurite, queue_names, tenant())
    assert "replaceSmsSignIn" not in codes(outcome["nextSteps"])


async def test_f20_mailbox_has_both_remedies_and_leads_to_the_next_reason(
    azurite: str, queue_names: Iterator[str]
) -> None:
    plan = {"servicePlanId": "9aaf7827-d63c-4b61-89c3-182f06f82e5c"}
    boxed = kim(mail="kim@contoso.example", assignedPlans=[{**plan, "capabilityStatus": "Enabled"}])
    outcome, _ = await concluded(azurite, queue_names, tenant(boxed))
    assert codes(outcome["reasons"]) == ["mailboxAssigned", "mailInTenantDomain"]
    remedy = outcome["reasons"][0]["remediation"]
    assert "Delete the internal account" in remedy
    assert "remove the Exchange licence" in remedy


@pytest.mark.parametrize(
    ("minutes", "waits"), [(5, True), (59, True), (61, False), (60 * 24 * 365, False)]
)
async def test_old_account_without_an_address_gets_its_answer_at_once(
    azurite: str,
    queue_names: Iterator[str],
    minutes: int,
    waits: bool,  # noqa: FBT001
) -> None:
    created = datetime.now(UTC) - timedelta(minutes=minutes)
    user = kim(otherMails=[], createdDateTime=created.isoformat())
    async with service(azurite, queue_names, tenant(user), SETTLE_SECONDS="300") as running:
        await running.handle(request())
        found = [codes(event["data"]["reasons"]) for event in await running.events()]
        assert found == ([] if waits else [["noExternalAddress"]])
