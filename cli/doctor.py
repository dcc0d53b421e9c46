"""Looks whether a set-up can work: settings, storage, the function's permissions, Graph's reads.

Two identities are looked at, and each finding says which. Reads of storage and Graph are made as
whoever runs this. What the function itself may do at Graph is read in its identity's app role
assignments. Changes nothing: queues are only read, users are looked for that do not exist, a row is
deleted that does not exist, and nobody is invited.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from cli import event_checks, grants
from cli.doctor_mail import own_mail, sending_limit
from cli.finding import Finding
from converters.graph import tenant_reads, user_reads
from converters.graph.client import Graph
from converters.model.completion import PERMISSIONS
from converters.model.errors import SettingsInvalid, Unavailable
from converters.model.facts import Unread
from converters.model.trace import Trace
from converters.settings.settings import Settings
from converters.storage.clock import ServiceClock
from converters.storage.queues import Queue
from converters.storage.table import Rows

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from azure.core.credentials_async import AsyncTokenCredential

    from converters.graph.read import Read

_NOBODY = "00000000-0000-4000-8000-000000000000"
_NO_ADDRESS = "nobody@domain.invalid"
_NO_ROW = "doctor"
_NOT_PERMITTED = frozenset({401, 403})


async def examine(
    environment: Mapping[str, str], credential: Callable[[Settings], AsyncTokenCredential | None]
) -> AsyncIterator[Finding]:
    """Look at everything, in the order in which it would fail.

    Args:
        environment: the settings.
        credential: makes the credential for storage and Graph, ``None`` where neither needs one.
    """
    try:
        settings = Settings.from_mapping(environment)
    except SettingsInvalid as invalid:
        for problem in invalid.problems:
            yield Finding("settings", problem)
        return
    yield _domains(settings)
    held = credential(settings)
    graph = Graph(settings.graph_base_url, held if settings.graph_needs_credential else None)
    try:
        for queue in settings.queues:
            yield await _queue(settings, queue, held)
        yield await _table(settings, held)
        async for finding in _at_graph(graph, settings, grants.client_id(environment)):
            yield finding
        async for finding in event_checks.look(graph, settings, held):
            yield finding
    finally:
        await graph.close()
        if held:
            await held.close()


def _domains(settings: Settings) -> Finding:
    if settings.allowed_email_domains:
        return Finding("settings")
    return Finding(
        "settings",
        "ALLOWED_EMAIL_DOMAINS is empty, so that nobody can be invited; name the partners' domains",
    )


async def _queue(settings: Settings, name: str, held: AsyncTokenCredential | None) -> Finding:
    queue = Queue(settings.storage, name, held)
    try:
        await queue.check()
    except Unavailable as error:
        cure = f"{error} Create it, and let the identity read it (infra/main.bicep does both)"
        return Finding(f"queue {name}", cure)
    finally:
        await queue.close()
    return Finding(f"queue {name}")


async def _table(settings: Settings, held: AsyncTokenCredential | None) -> Finding:
    rows = Rows(settings.storage, settings.ledger_table, held, ServiceClock())
    what = f"table {settings.ledger_table}"
    try:
        await rows.get(_NO_ROW, _NO_ROW)
        # Whether rows may be written shows by one that is not there to be deleted.
        await rows.delete(_NO_ROW, _NO_ROW, "*")
    except Unavailable as error:
        return Finding(what, f"{error} Create it, and grant Storage Table Data Contributor")
    finally:
        await rows.close()
    return Finding(what)


async def _at_graph(
    graph: Graph, settings: Settings, client_id: str | None
) -> AsyncIterator[Finding]:
    trace, domains = Trace(str(uuid.uuid4())), tenant_reads.verified_domains()
    reads: list[Read[object]] = [
        user_reads.user(_NOBODY),
        user_reads.user_holders(_NO_ADDRESS),
        user_reads.contact_holders(_NO_ADDRESS),
        user_reads.active_roles(_NOBODY),
        user_reads.role_assignments(_NOBODY),
        user_reads.eligible_roles(_NOBODY),
        user_reads.eligible_groups(_NOBODY),
        user_reads.groups(_NOBODY),
        domains,
        tenant_reads.allow_invites_from(),
        tenant_reads.direct_federation("domain.invalid"),
        tenant_reads.home_tenant("domain.invalid"),
        tenant_reads.default_inbound(),
    ]
    try:
        answers = await graph.read(reads, trace)
        for read in reads:
            yield _read(read, answers.fact(read))
        yield sending_limit(answers.fact(domains), settings)
        if settings.read_invitation_domains:
            beta = tenant_reads.invitation_domains()
            reads.append(beta)
            yield _read(beta, await graph.read_beta(beta, trace))
        steps = {PERMISSIONS[step] for step in settings.follow_up.completion_steps}
        held = await grants.held_by(graph, client_id, trace) if client_id else None
        yield _granted(held, {read.permission for read in reads} | steps)
        async for finding in own_mail(graph, settings, held, trace):
            yield finding
    except Unavailable as error:
        yield Finding("Graph", f"{error} Try again; if it stays so, look at the identity's sign-in")


def _granted(held: frozenset[str] | Unread | None, needed: set[str]) -> Finding:
    what = "Graph, as the function: permissions"
    if held is None:
        return Finding(what, note="not looked at: CONVERSION_STORAGE__clientId is not set")
    if isinstance(held, Unread):
        return Finding(what, f"sign in as somebody who may read them ({held.permission})")
    missing = sorted({*needed, "User.Invite.All"} - held)
    if missing:
        return Finding(what, f"grant the identity {', '.join(missing)} (infra/scripts/grant.sh)")
    return Finding(
        what,
        note="all granted. If requests still end or wait with permissionMissing or factUnknown, the"
        " identity has a token from before: it lives for up to a day",
    )


def _read(read: Read[object], fact: object) -> Finding:
    what = f"Graph, as you: {read.what}"
    if isinstance(fact, Unread) and fact.status in _NOT_PERMITTED:
        return Finding(what, f"you lack what {fact.permission} gives; so may the function")
    # Nobody, and no such domain: that it was looked for is what counts.
    if isinstance(fact, Unread) and fact.status != 404:  # noqa: PLR2004
        return Finding(what, f"Graph answers {fact.status}; it needs {fact.permission}")
    if fact == "none" and read.name == tenant_reads.allow_invites_from().name:
        return Finding(what, "nobody may invite: allow it in the external collaboration settings")
    return Finding(what)
