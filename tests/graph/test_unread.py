"""No way past the rules by a read that is not whole: each read, on the whole path."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from converters.graph import completion_reads, mail_reads, standing_reads, tenant_reads, user_reads
from local.graph import Fault
from local.graph.query import decoded
from tests import directory as here
from tests.own_mail import KEYS as MAIL
from tests.own_mail import LOST, later, of_tenant
from tests.reading import READS, incomplete, read_of
from tests.service import service

if TYPE_CHECKING:
    from collections.abc import Iterator

# What is asked about, where the read is made for another request than the sample's.
ASKING: dict[object, dict[str, Any]] = {
    user_reads.users_named: {"invitedUser": {"userPrincipalName": "kim@contoso.example"}},
    user_reads.users_addressed: {"invitedUser": None},
}
KEYS = {"READ_INVITATION_DOMAINS": "true", "TENANT_FACTS_SECONDS": "0", "RETRY_HOURS": "0"}
PARTNERS = {"partners": [{"tenantId": here.HOME_TENANT_ID}]}
TRUTH = here.tenant(
    groups=[{"id": here.GROUP_ID, "displayName": "Group", "members": [here.USER_ID]}],
    crossTenantAccess=PARTNERS,
    b2bManagementPolicy={
        "invitationsAllowedAndBlockedDomainsPolicy": {"BlockedDomains": ["evil.example"]}
    },
)


COMPLETIONS = (completion_reads.person, completion_reads.sponsors, completion_reads.manager)
# Those have tests of their own below, since they are made after an invitation.
AFTERWARDS = {standing_reads.standing, mail_reads.sent_mail, *COMPLETIONS}
CONVERSIONS = [builder for builder in READS if builder not in AFTERWARDS]
# What decides a completion: the power reads too, which conversions have in common with it.
DECIDING = [
    *COMPLETIONS,
    user_reads.user,
    user_reads.active_roles,
    user_reads.role_assignments,
    user_reads.eligible_roles,
    user_reads.eligible_groups,
    user_reads.groups,
]


async def test_look_that_is_not_whole_tells_nothing(
    azurite: str, queue_names: Iterator[str], at_once: None
) -> None:
    assert at_once is None
    read = read_of(standing_reads.standing)
    path = f"^{re.escape(decoded(read.path))}$"
    async with service(azurite, queue_names, TRUTH) as running:
        await running.outcome(here.request())
        running.graph.tenant.redeem(here.USER_ID)
        root = f"{running.graph.url}/v1.0"
        for name, status, body in incomplete(standing_reads.standing, root):
            if name == "not found":
                continue
            running.graph.faults.clear()
            running.graph.faults.add(Fault(method="GET", path=path, status=status, body=body))
            await running.age_follow_up(2 * 86_400)
            assert await running.follow_up() == [], name
        running.graph.faults.clear()
        await running.age_follow_up(2 * 86_400)
        (event,) = await running.follow_up()
    assert event["data"]["status"] == "redeemed"


async def test_r17_sent_items_that_are_not_whole_never_lead_to_a_second_mail(
    azurite: str, queue_names: Iterator[str], at_once: None
) -> None:
    assert at_once is None
    for name, status, body in incomplete(mail_reads.sent_mail, "https://graph.example/v1.0"):
        async with service(azurite, queue_names, of_tenant(), **MAIL) as running:
            running.graph.faults.add(LOST)
            assert await running.events_of(here.request()) == [], name
            running.graph.faults.add(
                Fault(method="GET", path="/sentitems/messages", status=status, body=body)
            )
            assert await running.events_of(await running.waiting()) == [], name
            (event,) = await later(running, 91)
            assert len(running.graph.mails) == 1, name
        warned = {warning["code"] for warning in event["data"]["warnings"]}
        assert (event["data"]["status"], "mailInDoubt" in warned) == ("invited", True), name


@pytest.mark.parametrize("builder", CONVERSIONS, ids=lambda builder: builder.__name__)
async def test_s2_read_that_is_not_whole_invites_nobody(
    azurite: str,
    queue_names: Iterator[str],
    builder: Any,  # noqa: ANN401
) -> None:
    read, asking = read_of(builder), ASKING.get(builder, {})
    beta = builder is tenant_reads.invitation_domains
    async with service(azurite, queue_names, TRUTH, **KEYS) as running:
        root = f"{running.graph.url}/{'beta' if beta else 'v1.0'}"
        for number, (name, status, body) in enumerate(incomplete(builder, root)):
            running.graph.faults.clear()
            path = f"^{re.escape(decoded(read.path))}$"
            running.graph.faults.add(Fault(method="GET", path=path, status=status, body=body))
            outcome = await running.outcome(here.request(requestId=f"R-{number}", **asking))
            assert running.invited() == [], name
            assert outcome["status"] in {"ineligible", "failed"}, name
            assert outcome["reasons"], name
        running.graph.faults.clear()
        assert (await running.outcome(here.request(**asking)))["status"] == "invited"


@pytest.mark.parametrize("builder", DECIDING, ids=lambda builder: builder.__name__)
async def test_s2_completion_read_that_is_not_whole_writes_nothing(
    azurite: str,
    queue_names: Iterator[str],
    builder: Any,  # noqa: ANN401
    at_once: None,
) -> None:
    assert at_once is None
    read = read_of(builder)
    people = here.tenant(
        here.kim(), {"id": here.OTHER_ID, "userPrincipalName": "b@contoso.example"}
    )
    truth = {**TRUTH, "users": people["users"]}
    asked = {"sponsor": here.OTHER_ID} if builder is completion_reads.sponsors else {}
    keys = {"COMPLETION_STEPS": "manager,sponsor", "PROTECTED_IDS": here.HOME_TENANT_ID}
    async with service(azurite, queue_names, truth, **keys) as running:
        await running.outcome(
            here.request(completion=asked or {"manager": here.OTHER_ID}),
        )
        running.graph.tenant.redeem(here.USER_ID, "mail", here.ADDRESS)
        root = f"{running.graph.url}/v1.0"
        told: list[dict[str, Any]] = []
        for name, status, body in incomplete(builder, root):
            if name == "not found" and read.absence:
                continue
            running.graph.faults.clear()
            path = f"^{re.escape(decoded(read.path))}$"
            running.graph.faults.add(Fault(method="GET", path=path, status=status, body=body))
            await running.age_follow_up(2 * 3600)
            told += await running.follow_up()
            assert not running.graph.tenant.relations.managers, name
            assert not any(running.graph.tenant.relations.sponsors.values()), name
        assert [event["data"]["status"] for event in told] == ["redeemed"]
        running.graph.faults.clear()
        await running.age_follow_up(2 * 3600)
        (event,) = await running.follow_up()
    assert [step["result"] for step in event["data"]["completion"]] == ["done"]


async def test_s2_groups_on_the_last_of_many_pages_are_seen(
    azurite: str, queue_names: Iterator[str]
) -> None:
    ids = [f"{n:08d}-3333-4333-8333-333333333333" for n in range(2100)]
    groups = [{"id": i, "displayName": i, "members": [here.USER_ID]} for i in ids]
    last = {"PROTECTED_IDS": ids[-1]}
    for keys, status in (({}, "invited"), (last, "ineligible")):
        async with service(azurite, queue_names, here.tenant(groups=groups), **keys) as running:
            assert (await running.outcome(here.request()))["status"] == status
            batches = [r for r in running.graph.requests if r.path.endswith("/$batch")]
            assert len(batches) >= 4, "two next pages, beside the user's and the tenant's"


async def test_s2_list_that_never_ends_is_not_read_whole(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with service(azurite, queue_names, RETRY_HOURS="0") as running:
        read = user_reads.active_roles(here.USER_ID)
        path, _, query = read.path.partition("?")
        again = {"value": [], "@odata.nextLink": f"{running.graph.url}/v1.0{path}?{query}"}
        strike = f"^{re.escape(decoded(read.path))}$"
        running.graph.faults.add(Fault(method="BATCH GET", path=strike, status=200, body=again))
        outcome = await running.outcome(here.request())
        assert running.invited() == []
        pages = sum(f"{path}?".encode() in record.raw for record in running.graph.requests)
        assert pages == 21, "the first one, and twenty that follow"
    assert [reason["code"] for reason in outcome["reasons"]] == ["factUnknown"]
    assert "directory roles" in outcome["reasons"][0]["message"]
