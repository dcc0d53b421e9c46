"""Field cases of addresses and editions: F1 to F3."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.directory import (
    ADDRESS,
    HOME_TENANT_ID,
    kim,
    request,
    tenant,
)
from tests.field_cases.concluding import CURRENT, concluded, failing, refused
from tests.service import service
from tests.telling import codes

if TYPE_CHECKING:
    from collections.abc import Iterator


pytestmark = pytest.mark.usefixtures("at_once")


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
