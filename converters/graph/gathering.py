"""Gather: everything the rules look at, in as few round trips to Graph as can be.

One for a request by id that names its address; one more where the user must be found first, and
one more where the address is left to the directory. Facts of the tenant and of external domains
are read beside them and kept for minutes; facts of users never are (S12).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from converters.graph import power_reads, tenant_reads, user_reads
from converters.graph.cache import TtlCache
from converters.graph.completion_reads import read_people
from converters.model.completion import Step
from converters.model.facts import (
    AddressFacts,
    DomainFacts,
    Facts,
    HomeTenant,
    InvitationDomains,
    PrivilegeFacts,
    TenantFacts,
    Unread,
    User,
)
from converters.policy.external_address import choose_address, parsed

if TYPE_CHECKING:
    from converters.graph.client import Graph
    from converters.graph.read import Read
    from converters.model.addresses import EmailAddress
    from converters.model.facts import Holder, Person
    from converters.model.request import ConversionRequest
    from converters.model.trace import Trace
    from converters.settings.settings import Settings


@dataclass(frozen=True, slots=True)
class _Found:
    matches: tuple[str, ...] | Unread
    user: User | None = None
    privileges: PrivilegeFacts | None = None
    address: AddressFacts | None = None


class Gatherer:
    """Reads facts; one per worker, since it keeps those of tenants and domains for a while."""

    def __init__(self, graph: Graph, settings: Settings) -> None:
        self._graph, self._settings = graph, settings
        self._tenant: TtlCache[TenantFacts] = TtlCache(settings.facts_seconds, _is_whole)
        self._domains: TtlCache[DomainFacts] = TtlCache(settings.facts_seconds, _is_whole)

    async def gather(self, request: ConversionRequest, trace: Trace) -> Facts:
        """Read the facts for one request.

        Raises:
            GraphUnavailable: Graph did not answer for now.
        """
        asked, _ = parsed(request.email_address)
        of_tenant, domain, found, people = await asyncio.gather(
            self._tenant.get("", lambda: self._tenant_facts(trace)),
            self._domain(asked, trace),
            self._found(request, asked, trace),
            self._people(request, trace),
        )
        address = found.address
        choice = choose_address(request, found.user, of_tenant.verified_domains, self._settings)
        if asked is None and choice.address is not None:
            address, domain = await asyncio.gather(
                self._held(choice.address, trace), self._domain(choice.address, trace)
            )
        facts = (of_tenant, found.matches, found.user, found.privileges, choice, address, domain)
        return Facts(*facts, people.get(Step.SPONSOR), people.get(Step.MANAGER))

    async def _people(
        self, request: ConversionRequest, trace: Trace
    ) -> dict[Step, Person | Unread | None]:
        allowed = self._settings.follow_up.completion_steps
        return await read_people(self._graph, request.completion, allowed, trace)

    async def _found(
        self, request: ConversionRequest, asked: EmailAddress | None, trace: Trace
    ) -> _Found:
        """Find and read the user, and who holds the address that the request names."""
        matches = await self._matches(request, asked, trace)
        if isinstance(matches, Unread) or len(matches) != 1:
            return _Found(matches, address=await self._held(asked, trace) if asked else None)
        user, power = user_reads.user(matches[0]), power_reads.power(matches[0])
        holders = _holders(asked) if asked else ()
        answers = await self._graph.read([user, *power.values(), *holders], trace)
        held = AddressFacts(*(answers.fact(read) for read in holders)) if holders else None
        found = answers.fact(user)
        if isinstance(found, Unread):
            return _Found(found, address=held)
        privileges = power_reads.privileges(power, answers)
        return _Found(matches, found, privileges, held) if found else _Found((), address=held)

    async def _matches(
        self, request: ConversionRequest, asked: EmailAddress | None, trace: Trace
    ) -> tuple[str, ...] | Unread:
        if request.user_id:
            return (request.user_id,)
        if request.user_principal_name:
            read = user_reads.users_named(request.user_principal_name)
        else:
            read = user_reads.users_addressed(asked.key if asked else request.email_address or "")
        return (await self._graph.read([read], trace)).fact(read)

    async def _held(self, address: EmailAddress, trace: Trace) -> AddressFacts:
        holders = _holders(address)
        answers = await self._graph.read(holders, trace)
        return AddressFacts(*(answers.fact(read) for read in holders))

    async def _tenant_facts(self, trace: Trace) -> TenantFacts:
        domains, invites = tenant_reads.verified_domains(), tenant_reads.allow_invites_from()
        answers, listed = await asyncio.gather(
            self._graph.read([domains, invites], trace), self._invitation_domains(trace)
        )
        return TenantFacts(answers.fact(domains), answers.fact(invites), listed)

    async def _invitation_domains(self, trace: Trace) -> InvitationDomains | Unread:
        if not self._settings.read_invitation_domains:
            return InvitationDomains()
        return await self._graph.read_beta(tenant_reads.invitation_domains(), trace)

    async def _domain(self, address: EmailAddress | None, trace: Trace) -> DomainFacts | None:
        if address is None:
            return None
        domain = address.domain
        return await self._domains.get(domain, lambda: self._domain_facts(domain, trace))

    async def _domain_facts(self, domain: str, trace: Trace) -> DomainFacts:
        federation, home = tenant_reads.direct_federation(domain), tenant_reads.home_tenant(domain)
        answers = await self._graph.read([federation, home], trace)
        found = answers.fact(home)
        blocked: bool | Unread
        if isinstance(found, HomeTenant):
            blocked = await self._inbound_blocked(found, trace)
        else:
            # Whom no tenant knows, no policy for a tenant keeps out.
            blocked = found or False
        return DomainFacts(answers.fact(federation), found, blocked)

    async def _inbound_blocked(self, home: HomeTenant, trace: Trace) -> bool | Unread:
        partner, default = (
            tenant_reads.partner_inbound(home.tenant_id),
            tenant_reads.default_inbound(),
        )
        answers = await self._graph.read([partner, default], trace)
        blocked = answers.fact(partner)
        return answers.fact(default) if blocked is None else blocked


def _holders(address: EmailAddress) -> tuple[Read[tuple[Holder, ...]], Read[tuple[Holder, ...]]]:
    return user_reads.user_holders(address.key), user_reads.contact_holders(address.key)


def _is_whole(facts: TenantFacts | DomainFacts) -> bool:
    """Tell whether every fact was read; a consent that is given now must count at once."""
    return not any(
        isinstance(getattr(facts, name), Unread) for name in type(facts).__dataclass_fields__
    )
