"""Nobody's tool for taking accounts over: each threat of docs/security.md, by its number.

On the whole path: the message as an attacker would write it, Graph as it stands, the outcome.
"""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from converters.model.completion import PERMISSIONS
from converters.model.errors import ConverterError
from local.graph import Fault
from tests import promises
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

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
BLOCKED = {"usersAndGroups": {"accessType": "blocked", "targets": [{"target": "AllUsers"}]}}


def group(**changes: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"id": GROUP_ID, "displayName": "Group", "members": [USER_ID], **changes}


async def refusals(
    azurite: str,
    queue_names: Iterator[str],
    message: dict[str, Any],
    of_tenant: dict[str, Any] | None = None,
    **keys: str,
) -> list[str]:
    """Return the codes by which a message is refused; see that nobody was invited."""
    async with service(azurite, queue_names, of_tenant, **keys) as running:
        outcome = await running.outcome(message)
        assert running.invited() == []
        assert outcome["status"] == "ineligible"
    return [reason["code"] for reason in outcome["reasons"]]


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


CANARIES = {
    "address": "canary-address@partner.example",
    "name": "Canary-Name",
    "text": "canary-text",
    "upn": "canary-upn@contoso.example",
}


def marked_request(**changes: Any) -> dict[str, Any]:  # noqa: ANN401
    info = {
        "customizedMessageBody": CANARIES["text"],
        "ccRecipients": [{"emailAddress": {"address": "canary-cc@contoso.example"}}],
    }
    return request(
        invitedUserEmailAddress=CANARIES["address"], invitedUserMessageInfo=info, **changes
    )


PATHS: dict[str, dict[str, Any]] = {
    "invited": {},
    "silent": {"message": marked_request(sendInvitationMessage=False)},
    "found by name": {
        "message": marked_request(invitedUser={"userPrincipalName": CANARIES["upn"]})
    },
    "found by address": {"message": marked_request(invitedUser=None)},
    "rejected": {"message": marked_request(mode="canary-mode", canary=1)},
    "unreadable": {"message": b"canary " * 50},
    "ineligible": {"keys": {"ALLOWED_EMAIL_DOMAINS": ""}},
    "paused": {"keys": {"CONVERSIONS_PAUSED": "true"}},
    "refused": {"fault": Fault(path="invitations", status=400, message="canary-refusal")},
    "unavailable": {"fault": Fault(path="batch", status=503, message="canary-outage")},
    "lost": {"fault": Fault(path="invitations", drop="after")},
    "nonsense": {"fault": Fault(path="batch", status=200, body={"canary": "canary"})},
    "no results queue": {"no_results": True},
}


@pytest.mark.parametrize("path", PATHS)
async def test_s8_s7_nothing_personal_is_logged_on_any_path(
    azurite: str, queue_names: Iterator[str], caplog: pytest.LogCaptureFixture, path: str
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("azure", "httpx", "aiohttp", "asyncio", "msgraph", "kiota_http"):
        caplog.set_level(logging.INFO, logger=name)
    row = PATHS[path]
    user = kim(
        userPrincipalName=CANARIES["upn"],
        displayName=CANARIES["name"],
        otherMails=[CANARIES["address"]],
    )
    async with service(azurite, queue_names, tenant(user), **row.get("keys", {})) as running:
        if fault := row.get("fault"):
            running.graph.faults.add(fault)
        if row.get("no_results"):
            await running.results.delete_queue()
        try:
            await running.handle(row.get("message", marked_request()))
        except ConverterError:
            # As the host does with what a function raises.
            logging.getLogger("host").exception("the function failed")
    written = caplog.text + "".join(str(vars(record)) for record in caplog.records)
    assert "conversion {" in written
    assert "canary" not in written.lower()
    assert "redeem?" not in written


async def test_s8_line_of_an_invocation_has_what_an_engineer_needs(
    azurite: str, queue_names: Iterator[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="b2b_conversion")
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    event = {"specversion": "1.0", "id": "e-1", "source": "hr", "type": "t", "traceparent": trace}
    async with service(azurite, queue_names) as running:
        outcome = await running.outcome(event | {"data": request()})
        sent = {record.headers["client-request-id"] for record in running.graph.requests}
    (record,) = [r for r in caplog.records if r.name == "b2b_conversion"]
    line = json.loads(record.getMessage().removeprefix("conversion "))
    assert {name: line[name] for name in ("requestId", "userId", "status", "reasons")} == {
        "requestId": "R-1", "userId": USER_ID, "status": "invited", "reasons": [],
    }  # fmt: skip
    assert set(line["milliseconds"]) == {"turn", "gather", "invite", "report", "all"}
    assert outcome["graph"]["requestId"] in line["graphRequestIds"]
    assert sent == {line["correlationId"]} == {"4bf92f35-77b3-4da6-a3ce-929d0e0e4736"}


async def test_s9_nothing_is_written_to_the_directory_but_the_invitation(
    azurite: str, queue_names: Iterator[str]
) -> None:
    of_tenant = tenant(groups=[group()])
    keys = {"CONVERTIBLE_GROUP_ID": GROUP_ID, "READ_INVITATION_DOMAINS": "true"}
    async with service(azurite, queue_names, of_tenant, **keys) as running:
        assert (await running.outcome(request(mode="check")))["status"] == "eligible"
        assert (await running.outcome(request(requestId="R-2")))["status"] == "invited"
        calls = [(record.method, record.path) for record in running.graph.requests]
        batches = [json.loads(r.raw) for r in running.graph.requests if r.path.endswith("/$batch")]
    writes = [call for call in calls if call[0] != "GET" and not call[1].endswith("/$batch")]
    assert writes == [("POST", "/v1.0/invitations")]
    asked = {(item["method"], item["url"]) for batch in batches for item in batch["requests"]}
    assert len(asked) > 5
    assert {method for method, _ in asked} == {"GET"}


def test_documented_permissions_are_known_and_none_is_a_directory_write() -> None:
    known = json.loads((ROOT / "docs" / "permissions.json").read_text())
    text = (ROOT / "docs" / "reference" / "permissions.md").read_text()
    needed, extra = text.split("| what an extra one buys")
    granted = set(re.findall(r"^\| `([\w.-]+)` \|", needed, re.MULTILINE))
    assert granted == set(known["needed"])
    extra, steps = extra.split("## Completion")
    assert set(re.findall(r"^\| `([\w.-]+)` \|", extra, re.MULTILINE)) == set(known["optional"])
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \| `([\w.-]+)` \|$", steps, re.MULTILINE)
    told = {step.strip("`"): name for row, name in rows for step in row.split(", ")}
    assert told == known["completion"] == {str(step): name for step, name in PERMISSIONS.items()}
    assert set(told.values()) <= set(known["optional"])
    for name in granted:
        assert "ReadWrite" not in name
        assert name != "User.ManageIdentities.All"


def test_every_documented_permission_exists_at_graph() -> None:
    official = json.loads((ROOT / "tests" / "data" / "graph-permissions.json").read_text())
    known = json.loads((ROOT / "docs" / "permissions.json").read_text())
    assert {*known["needed"], *known["optional"]} <= set(official["applicationPermissions"])


@pytest.mark.usefixtures("at_once")
async def test_s10_paused_request_waits_says_so_once_and_goes_on_by_itself(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, CONVERSIONS_PAUSED="true") as running:
        await running.handle(request())
        await running.handle(await running.waiting())
        again = await running.waiting()
        assert running.graph.requests == []
        (event,) = await running.events()
        assert (event["type"], event["data"]["reasons"][0]["code"]) == (
            "B2BConversion.Deferred", "conversionsPaused",
        )  # fmt: skip
        assert (await running.outcome(request(mode="check")))["status"] == "eligible"
    async with service(azurite, queue_names) as running:
        outcome = await running.outcome(again)
    assert (outcome["requestId"], outcome["status"]) == ("R-1", "invited")


@pytest.mark.usefixtures("at_once")
async def test_s10_daily_limit_holds_and_loses_nothing(
    azurite: str, queue_names: Iterator[str]
) -> None:
    users = [
        kim(
            id=f"{n}" * 8 + USER_ID[8:],
            userPrincipalName=f"u{n}@contoso.example",
            otherMails=[f"u{n}@partner.example"],
        )
        for n in range(1, 6)
    ]
    async with service(azurite, queue_names, tenant(*users), DAILY_LIMIT="3") as running:
        for number, user in enumerate(users):
            message = {"requestId": f"R-{number}", "invitedUser": {"id": user["id"]}}
            await running.handle(message)
        assert len(running.invited()) == 3
        events = await running.events()
        found = [event["data"]["status"] for event in events]
        assert sorted(found) == ["deferred", "deferred", "invited", "invited", "invited"]
        held = await taken(running.requests)
        assert len(held) == 2
    async with service(azurite, queue_names, tenant(*users)) as running:
        for text in held:
            await running.handle(text.encode())
        assert [event["data"]["status"] for event in await running.events()] == ["invited"] * 2


async def test_s10_request_that_waits_does_not_show_before_its_time(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, CONVERSIONS_PAUSED="true") as running:
        await running.handle(request())
        assert await taken(running.requests) == []
        properties = await running.requests.get_queue_properties()
        assert properties.approximate_message_count == 1


@pytest.mark.parametrize(
    ("members", "nested", "status"),
    [([USER_ID], False, "invited"), ([USER_ID], True, "invited"), ([], False, "ineligible")],
)
async def test_s11_only_members_of_the_convertible_group_are_converted(
    azurite: str,
    queue_names: Iterator[str],
    members: list[str],
    nested: bool,  # noqa: FBT001
    status: str,
) -> None:
    groups = [group(id=GROUP_ID, members=members)]
    if nested:
        groups = [group(id=OTHER_ID, members=members), group(members=[OTHER_ID])]
    of_tenant = tenant(groups=groups)
    async with service(azurite, queue_names, of_tenant, CONVERTIBLE_GROUP_ID=GROUP_ID) as running:
        assert (await running.outcome(request()))["status"] == status


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


def user_event(**changes: Any) -> dict[str, Any]:  # noqa: ANN401
    data = {
        "changeType": "updated",
        "resource": f"Users/{USER_ID}",
        "resourceData": {"id": USER_ID},
    }
    event = {"specversion": "1.0", "id": "e-1", "source": "graph", "data": data}
    return {**event, "type": "Microsoft.Graph.UserUpdated", **changes}


ALL = {"EVENT_OUTCOMES": "all"}
IN_GROUP, SCOPED = tenant(groups=[group()]), {"CONVERTIBLE_GROUP_ID": GROUP_ID}


async def test_event_about_a_candidate_converts_with_the_directorys_address(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, IN_GROUP, **SCOPED) as running:
        outcome = await running.outcome(user_event())
        assert [body["invitedUserEmailAddress"] for body in running.invited()] == [ADDRESS]
    assert (outcome["requestId"], outcome["status"]) == ("e-1", "invited")


async def test_event_about_an_employee_ends_as_ineligible(
    azurite: str, queue_names: Iterator[str]
) -> None:
    employee = kim(otherMails=[], mail="kim@contoso.example")
    of_tenant = tenant(employee, groups=[group()])
    codes = await refusals(azurite, queue_names, user_event(), of_tenant, **SCOPED, **ALL)
    assert codes == ["noExternalAddress"]


async def test_s11_event_without_a_convertible_group_converts_nobody(
    azurite: str, queue_names: Iterator[str]
) -> None:
    codes = await refusals(azurite, queue_names, user_event(), None, **ALL)
    assert codes == ["eventNeedsConvertibleGroup"]


@pytest.mark.usefixtures("at_once")
async def test_r9_event_about_a_user_who_cannot_be_seen_yet_is_looked_at_again(
    azurite: str, queue_names: Iterator[str]
) -> None:
    nobody, keys = tenant(kim(id=OTHER_ID)), {"SETTLE_SECONDS": "60", **SCOPED}
    async with service(azurite, queue_names, nobody, **keys) as running:
        await running.handle(user_event())
        await running.handle(await running.waiting())
        message = await running.waiting()
        assert await running.events() == []
    async with service(azurite, queue_names, IN_GROUP, **SCOPED) as running:
        assert (await running.outcome(message))["status"] == "invited"


def test_every_threat_of_the_page_is_proved_by_the_tests_it_names() -> None:
    page = (ROOT / "docs" / "security.md").read_text()
    assert "| S13 |" in page
    assert promises.broken(page, "S") == []


@pytest.mark.usefixtures("at_once")
async def test_s10_pause_holds_for_events_too(azurite: str, queue_names: Iterator[str]) -> None:
    keys = {"CONVERSIONS_PAUSED": "true", **SCOPED, **ALL}
    async with service(azurite, queue_names, IN_GROUP, **keys) as running:
        outcome = await running.outcome(user_event())
        assert [reason["code"] for reason in outcome["reasons"]] == ["conversionsPaused"]
        assert running.graph.requests == []
        assert await running.waiting()
