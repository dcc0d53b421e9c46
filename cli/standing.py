"""How it stands with the subscription to events, in words: of the ledger, and of Graph."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from converters.graph.subscriptions import Subscriptions
from converters.model.trace import Trace
from converters.steps.subscribing import ABSENT_SECONDS, RENEW_BELOW_SECONDS
from converters.storage.clock import ServiceClock
from converters.storage.standings import Standings
from converters.storage.table import Rows

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

    from converters.graph.client import Graph
    from converters.settings.events import PartnerTopic
    from converters.settings.settings import Settings
    from converters.storage.standings import Standing

DAY = 24 * 3600
# It is renewed at 21 days: a day later, something keeps it from that.
LEAST_SECONDS = RENEW_BELOW_SECONDS - DAY
_TIMER = "Look whether the function runs, and for its lines `subscription`"


class Judgement(NamedTuple):
    """A word for how it stands, and what to do where it does not stand well."""

    state: str
    cure: str = ""


def judged(standing: Standing | None, now: float) -> Judgement:
    """Say how it stands by what the ledger holds.

    Args:
        standing: the ledger's row; ``None`` where there is none.
        now: by the clock of the service that stores it, in seconds since 1970.
    """
    if standing is None or not standing.id:
        again = "; the timer makes one within five minutes of its start"
        return Judgement("none", f"There is no subscription yet{again}. {_TIMER}.")
    if standing.ends <= now:
        return Judgement("lapsed", f"It ended on {written(standing.ends)}. {_TIMER}.")
    if now - standing.checked > ABSENT_SECONDS:
        when = written(standing.checked)
        return Judgement("notLookedAfter", f"Nobody has looked after it since {when}. {_TIMER}.")
    if standing.ends - now < LEAST_SECONDS:
        cure = f"It ends on {written(standing.ends)} and is not renewed. {_TIMER}."
        return Judgement("notRenewed", cure)
    return Judgement("catchingUp" if standing.gap else "active")


def written(seconds: float) -> str | None:
    """Write a time as an outcome does; ``None`` for never."""
    if not seconds:
        return None
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Ledgers:
    """The row of the subscription in the ledger; ``close`` it."""

    def __init__(self, settings: Settings, held: AsyncTokenCredential | None) -> None:
        self.clock = ServiceClock()
        self._rows = Rows(settings.storage, settings.ledger_table, held, self.clock)
        self.standings = Standings(self._rows, self.clock)

    async def close(self) -> None:
        """Close the connections."""
        await self._rows.close()


async def at_graph(graph: Graph, topic: PartnerTopic) -> frozenset[str]:
    """Return the ids of the subscriptions to the topic that Graph shows to whoever runs this.

    Raises:
        GraphUnavailable, NotRead: they are not known.
    """
    # The word is only needed to make one.
    found = await Subscriptions(graph, topic, "").ours(Trace(str(uuid.uuid4())))
    return frozenset(one.id for one in found)
