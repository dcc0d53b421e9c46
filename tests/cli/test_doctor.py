"""The doctor names every cure, and finds nothing where nothing is to be mended."""

from __future__ import annotations

import asyncio
import re
import uuid
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web

from cli.doctor import examine
from converters.model.completion import PERMISSIONS as STEP_PERMISSIONS
from converters.model.completion import Step
from local.graph import Fault, GraphEmulator
from local.world import ROOT, provision
from tests.cli.terminal import b2b
from tests.directory import tenant
from tests.storage_service import StorageService
from tests.test_conversion import PERMISSIONS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from cli.finding import Finding


CLIENT_ID = "99999999-9999-4999-8999-999999999999"
# Whoever runs the doctor may read what the function is granted; the function need not.
READS_GRANTS = "Application.Read.All"


@asynccontextmanager
async def patient(
    azurite: str, queue_names: Iterator[str], of_tenant: dict[str, Any], **keys: str
) -> AsyncIterator[tuple[GraphEmulator, dict[str, str]]]:
    """Set everything up that a deployment has; give the emulator and the settings."""
    async with GraphEmulator(of_tenant) as graph:
        environment = {
            "CONVERSION_STORAGE": azurite,
            "GRAPH_BASE_URL": graph.url,
            "ALLOWED_EMAIL_DOMAINS": "partner.example",
            "LEDGER_TABLE": f"t{uuid.uuid4().hex}",
            **{
                f"{queue}_QUEUE": next(queue_names)
                for queue in ("REQUESTS", "RESULTS", "QUOTA", "DEAD_LETTERS")
            },
            "AZURE_CLIENT_ID": CLIENT_ID,
            **keys,
        }
        await asyncio.to_thread(provision, environment)
        yield graph, environment


async def ill(environment: dict[str, str]) -> list[Finding]:
    """Return what is to be mended."""
    found = [finding async for finding in examine(environment, lambda _: None)]
    assert found
    return [finding for finding in found if not finding.is_well]


async def test_sound_set_up_is_well_and_stays_untouched(
    azurite: str, queue_names: Iterator[str]
) -> None:
    of_tenant = tenant(permissions=sorted({*PERMISSIONS, READS_GRANTS}))
    async with patient(azurite, queue_names, of_tenant) as (graph, environment):
        assert await ill(environment) == []
        assert (graph.invitations, len(graph.tenant.users)) == ([], 1)


@pytest.mark.parametrize("missing", sorted(PERMISSIONS - {"IdentityProvider.Read.All"}))
async def test_permission_that_is_missing_is_named(
    azurite: str, queue_names: Iterator[str], missing: str
) -> None:
    of_tenant = tenant(permissions=sorted({*PERMISSIONS, READS_GRANTS} - {missing}))
    async with patient(azurite, queue_names, of_tenant) as (_, environment):
        found = await ill(environment)
    assert missing in found[-1].cure
    assert "as the function" in found[-1].what
    # What reads groups needs the right to read users too.
    assert all(missing in finding.cure or "groups" in finding.what for finding in found), found
    assert {"as you" in finding.what for finding in found[:-1]} <= {True}


@pytest.mark.parametrize("step", list(STEP_PERMISSIONS))
async def test_permission_of_a_step_is_looked_for_where_the_step_is_allowed(
    azurite: str, queue_names: Iterator[str], step: Step
) -> None:
    of_tenant = tenant(permissions=sorted({*PERMISSIONS, READS_GRANTS}))
    async with patient(azurite, queue_names, of_tenant) as (_, environment):
        (found,) = await ill({**environment, "COMPLETION_STEPS": step})
        assert await ill(environment) == []
    assert f"grant the identity {STEP_PERMISSIONS[step]} " in found.cure


async def test_grants_that_cannot_be_looked_at_are_said(
    azurite: str, queue_names: Iterator[str]
) -> None:
    of_tenant = tenant(permissions=sorted(PERMISSIONS))
    async with patient(azurite, queue_names, of_tenant) as (_, environment):
        (found,) = await ill(environment)
        assert READS_GRANTS in found.cure
        unnamed = {**environment, "AZURE_CLIENT_ID": ""}
        lines = [str(finding) async for finding in examine(unnamed, lambda _: None)]
    (line,) = [line for line in lines if "as the function" in line]
    assert line.startswith("note")
    assert "not looked at" in line


async def test_f15_token_from_before_the_grant_is_explained(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with patient(azurite, queue_names, tenant()) as (_, environment):
        lines = [str(finding) async for finding in examine(environment, lambda _: None)]
    (line,) = [line for line in lines if "as the function" in line]
    assert line.startswith("note  Graph, as the function: permissions: all granted")
    assert "up to a day" in line


@pytest.mark.parametrize(
    ("domains", "limit", "warned"),
    [
        (["contoso.onmicrosoft.com"], "", True),
        (["contoso.onmicrosoft.com"], "101", True),
        (["contoso.onmicrosoft.com"], "100", False),
        (["contoso.onmicrosoft.com", "contoso.example"], "", False),
    ],
)
async def test_f18_limit_of_mails_from_an_initial_domain_is_told(
    azurite: str,
    queue_names: Iterator[str],
    domains: list[str],
    limit: str,
    warned: bool,  # noqa: FBT001
) -> None:
    of_tenant = tenant(domains=[{"id": name} for name in domains])
    keys = {"DAILY_LIMIT": limit}
    async with patient(azurite, queue_names, of_tenant, **keys) as (_, environment):
        lines = [str(finding) async for finding in examine(environment, lambda _: None)]
    notes = [line for line in lines if line.startswith("note  invitation mails")]
    assert bool(notes) is warned
    assert all("DAILY_LIMIT" in note for note in notes)


async def test_invitations_that_are_off_and_the_domain_list_are_looked_at(
    azurite: str, queue_names: Iterator[str]
) -> None:
    granted = sorted({*PERMISSIONS, READS_GRANTS})
    of_tenant = tenant(permissions=granted, allowInvitesFrom="none")
    keys = {"READ_INVITATION_DOMAINS": "true"}
    async with patient(azurite, queue_names, of_tenant, **keys) as (_, environment):
        cures = [finding.cure for finding in await ill(environment)]
    assert "nobody may invite" in cures[0]
    assert "Policy.Read.B2BManagementPolicy" in cures[1]


async def test_queues_and_table_that_are_missing_are_named(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with patient(azurite, queue_names, tenant()) as (_, environment):
        name = next(queue_names)
        gone = {"RESULTS_QUEUE": name, "LEDGER_TABLE": "gone"}
        found = await ill(environment | gone)
    assert [finding.what for finding in found] == [f"queue {name}", "table gone"]
    assert "QueueNotFound" in found[0].cure
    assert "TableNotFound" in found[1].cure


async def test_table_that_may_only_be_read_is_a_finding(
    azurite: str, queue_names: Iterator[str]
) -> None:
    unseen = web.Response(status=404, headers={"x-ms-error-code": "ResourceNotFound"})
    refused = web.Response(status=403, headers={"x-ms-error-code": "AuthorizationFailure"})
    service = StorageService(unseen, refused)
    async with (
        patient(azurite, queue_names, tenant()) as (_, environment),
        service.started() as endpoint,
    ):
        elsewhere = re.sub(r"TableEndpoint=[^;]+", f"TableEndpoint={endpoint}", azurite)
        (found,) = await ill(environment | {"CONVERSION_STORAGE": elsewhere})
    assert "Storage Table Data Contributor" in found.cure
    assert [asked.method for asked in service.asked] == ["GET", "DELETE"]


async def test_graph_that_does_not_answer_is_one_finding(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with patient(azurite, queue_names, tenant()) as (graph, environment):
        graph.faults.add(Fault(status=503))
        (found,) = await ill(environment)
        assert found.what == "Graph"
        graph.faults.clear()
        graph.faults.add(Fault(method="BATCH GET", path="^/contacts", status=400))
        (found,) = await ill(environment)
    assert "answers 400" in found.cure


async def test_settings_are_looked_at_first_and_all_at_once() -> None:
    found = await ill({"TENANT_ID": "x"})
    assert len(found) == 2
    assert await ill({"TENANT_ID": "x", "CONVERSION_STORAGE": "UseDevelopmentStorage=true"})


async def test_command_prints_a_line_each_and_says_so_in_its_exit_code(
    azurite: str, queue_names: Iterator[str]
) -> None:
    for domains, code in (("partner.example", 0), ("", 1)):
        async with patient(azurite, queue_names, tenant()) as (_, environment):
            keys = {**environment, "ALLOWED_EMAIL_DOMAINS": domains}
            ended = await b2b(ROOT, "doctor", **keys)
        lines = ended.out.splitlines()
        assert ended.code == code, ended.out
        assert ended.err == ("All is well.\n" if code == 0 else "1 to mend\n")
        assert {line.split()[0] for line in lines} <= {"ok", "FAIL", "note"}
        assert lines


MAIL = {
    "MAIL_SENDER": "invitations@contoso.example",
    "MAIL_ORGANISATION": "Contoso",
    "TENANT_ID": tenant()["tenantId"],
}
SENDER = {
    "userPrincipalName": "invitations@contoso.example",
    "mail": "invitations@contoso.example",
}


async def about_mail(
    azurite: str, queue_names: Iterator[str], of_tenant: dict[str, Any], **keys: str
) -> list[str]:
    async with patient(azurite, queue_names, of_tenant, **MAIL | keys) as (graph, environment):
        lines = [str(finding) async for finding in examine(environment, lambda _: None)]
        assert graph.mails == []
    return [line for line in lines if "mail" in line and "Graph, as" not in line]


async def test_own_mail_needs_no_grant_in_entra_and_its_proof_is_named(
    azurite: str, queue_names: Iterator[str]
) -> None:
    of_tenant = tenant(SENDER, permissions=sorted({*PERMISSIONS, READS_GRANTS}))
    lines = await about_mail(azurite, queue_names, of_tenant)
    assert lines[:3] == [
        "ok    invitation mails",
        "ok    own mail: templates and language",
        "ok    own mail: MAIL_SENDER",
    ]
    assert "Test-ServicePrincipalAuthorization" in lines[3]


async def test_own_mail_from_every_mailbox_is_warned_of(
    azurite: str, queue_names: Iterator[str]
) -> None:
    held = sorted({*PERMISSIONS, READS_GRANTS, "Mail.Send"})
    lines = await about_mail(azurite, queue_names, tenant(SENDER, permissions=held))
    assert "the identity holds Mail.Send in Entra, which is every mailbox" in lines[-1]


async def test_mailbox_that_nobody_has_is_told(azurite: str, queue_names: Iterator[str]) -> None:
    lines = await about_mail(azurite, queue_names, tenant())
    (line,) = [line for line in lines if line.startswith("FAIL")]
    assert line.startswith("FAIL  own mail: MAIL_SENDER: nobody holds this address")


async def test_language_that_own_mail_does_not_have_is_told(
    azurite: str, queue_names: Iterator[str]
) -> None:
    lines = await about_mail(azurite, queue_names, tenant(SENDER), MAIL_LANGUAGE="tlh")
    (line,) = [line for line in lines if line.startswith("FAIL")]
    assert "MAIL_LANGUAGE" in line


async def test_f18_own_mail_from_a_domain_of_ones_own_is_not_held_back(
    azurite: str, queue_names: Iterator[str]
) -> None:
    of_tenant = tenant(domains=[{"id": "contoso.onmicrosoft.com"}])
    (own, *_) = await about_mail(azurite, queue_names, of_tenant)
    initial = "invitations@contoso.onmicrosoft.com"
    (held_back, *_) = await about_mail(azurite, queue_names, of_tenant, MAIL_SENDER=initial)
    assert own == "ok    invitation mails"
    assert held_back.startswith("note  invitation mails: MAIL_SENDER is of .onmicrosoft.com alone")
