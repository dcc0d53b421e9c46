"""The service's own engine, to ask and never to invite: the facts it gathers, the rules it has."""

from __future__ import annotations

import asyncio
import json
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from converters.graph import user_reads
from converters.graph.client import Graph
from converters.graph.gathering import Gatherer
from converters.model.errors import GraphUnavailable
from converters.model.facts import Unread
from converters.model.request import Mode
from converters.model.trace import Trace
from converters.policy.eligibility import decide
from converters.policy.rule import Case
from converters.steps.concluding import concluded
from converters.wire.outcomes import cloud_event

if TYPE_CHECKING:
    from types import TracebackType

    from azure.core.credentials_async import AsyncTokenCredential

    from converters.model.request import ConversionRequest
    from converters.settings.settings import Settings

# How often a check is made again that Graph asked to wait with, and the longest such wait.
_TRIES, _MOST_SECONDS = 5, 60.0
# The first wait after an outage; it doubles.
FIRST_SECONDS = 1.0


class Engine:
    """Checks requests as whoever runs this; ``async with``, inside the running loop."""

    def __init__(self, settings: Settings, held: AsyncTokenCredential | None) -> None:
        self._settings = settings
        needed = held if settings.graph_needs_credential else None
        self._graph = Graph(settings.graph_base_url, needed)
        self._gatherer = Gatherer(self._graph, settings)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._graph.close()

    async def check(self, request: ConversionRequest, *, patient: bool = False) -> dict[str, Any]:
        """Say how a request would end, as the data of an outcome; wait where Graph asks to.

        Args:
            request: what is asked for.
            patient: try again after an outage too: of many checks one always meets one.

        Raises:
            GraphUnavailable: Graph does not answer.
        """
        for number in range(_TRIES - 1):
            try:
                return await self._checked(request)
            except GraphUnavailable as error:
                if error.retry_after is None and not patient:
                    raise
                asked, own = error.retry_after, FIRST_SECONDS * 2**number
                await asyncio.sleep(min(own if asked is None else asked, _MOST_SECONDS))
        return await self._checked(request)

    async def id_of(self, user: str) -> str | None:
        """Return the object id of a user, by user principal name; ``None`` where there is none.

        Raises:
            GraphUnavailable: Graph does not answer.
        """
        read = user_reads.users_named(user)
        fact = (await self._graph.read([read], Trace(str(uuid.uuid4())))).fact(read)
        return None if isinstance(fact, Unread) or len(fact) != 1 else fact[0]

    async def _checked(self, request: ConversionRequest) -> dict[str, Any]:
        asked = replace(request, mode=Mode.CHECK)
        facts = await self._gatherer.gather(asked, Trace(request.correlation_id))
        outcome = concluded(decide(Case(asked, facts, self._settings)))
        data: dict[str, Any] = json.loads(cloud_event(outcome))["data"]
        return data
