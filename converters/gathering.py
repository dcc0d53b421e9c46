"""Gather: everything the rules look at, in as few round trips to Graph as can be.

One for a request by id that names its address; one more where the user must be found first, and
one more where the address is left to the directory. Tenant and domain facts are read beside them.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from converters.choice import choose_address, parsed
from converters.model import Facts, Unread

if TYPE_CHECKING:
    from converters.addresses import EmailAddress
    from converters.graph import Graph
    from converters.model import AddressFacts, ConversionRequest, DomainFacts, User
    from converters.settings import Settings

_Found = tuple[tuple[str, ...] | Unread, "User | None", "AddressFacts | None"]


async def gather(request: ConversionRequest, graph: Graph, settings: Settings) -> Facts:
    """Read the facts for one request.

    Raises:
        GraphUnavailable: Graph did not answer for now.
    """
    asked, _ = parsed(request.email_address)
    tenant, domain, (matches, user, address) = await asyncio.gather(
        graph.tenant_facts(request.correlation_id),
        _domain(request, graph, asked),
        _user(request, graph, asked),
    )
    choice = choose_address(request, user, tenant.verified_domains, settings)
    if asked is None and choice.address is not None:
        address, domain = await asyncio.gather(
            graph.address_facts(choice.address, request.correlation_id),
            _domain(request, graph, choice.address),
        )
    return Facts(tenant, matches, user, choice, address, domain)


async def _user(request: ConversionRequest, graph: Graph, asked: EmailAddress | None) -> _Found:
    """Find and read the user, and who holds the address that the request names."""
    matches = (request.user_id,) if request.user_id else await _matches(request, graph, asked)
    if isinstance(matches, Unread) or len(matches) != 1:
        held = await graph.address_facts(asked, request.correlation_id) if asked else None
        return matches, None, held
    user, held = await graph.user_and_address(matches[0], asked, request.correlation_id)
    if isinstance(user, Unread):
        return user, None, held
    return (matches if user else ()), user, held


async def _matches(
    request: ConversionRequest, graph: Graph, asked: EmailAddress | None
) -> tuple[str, ...] | Unread:
    if request.user_principal_name:
        return await graph.users_named(request.user_principal_name, request.correlation_id)
    address = asked.key if asked else request.email_address or ""
    return await graph.users_addressed(address, request.correlation_id)


async def _domain(
    request: ConversionRequest, graph: Graph, address: EmailAddress | None
) -> DomainFacts | None:
    if address is None:
        return None
    return await graph.domain_facts(address.domain, request.correlation_id)
