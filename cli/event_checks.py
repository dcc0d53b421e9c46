"""What the doctor looks at where the directory's events are requests, in the order of the set-up.

docs/integration.md, "Events of the directory", names each of these at its step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli import partner_topic, standing
from cli.finding import Finding
from converters.model.errors import GraphUnavailable, LedgerUnavailable, NotRead

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from azure.core.credentials_async import AsyncTokenCredential

    from cli.partner_topic import Topic
    from converters.graph.client import Graph
    from converters.settings.events import PartnerTopic
    from converters.settings.settings import Settings
    from converters.storage.standings import Standing

SETTINGS, SUBSCRIPTION, TOPIC, DELIVERY, GAP = (
    "events: settings", "events: subscription", "events: partner topic", "events: delivery",
    "events: catching up",
)  # fmt: skip


async def look(
    graph: Graph, settings: Settings, held: AsyncTokenCredential | None
) -> AsyncIterator[Finding]:
    """Look at the subscription and its partner topic; one note where the service keeps none."""
    topic = settings.events.topic
    if topic is None:
        yield Finding(SETTINGS, note=_not_kept(settings))
        return
    yield _settings(settings)
    ledgers = standing.Ledgers(settings, held)
    try:
        seen = await ledgers.standings.seen()
        state, cure = standing.judged(seen, ledgers.clock.now())
        yield Finding(SUBSCRIPTION, cure) if cure else await _shown(graph, topic, seen)
        if state == "catchingUp" and seen:
            since = standing.written(seen.gap)
            yield Finding(GAP, note=f"changes since {since} are still being asked for")
    except LedgerUnavailable as error:
        yield Finding(SUBSCRIPTION, f"{error} Create the table, and let yourself read it")
    finally:
        await ledgers.close()
    for finding in await _topic(settings, topic, held):
        yield finding


def _not_kept(settings: Settings) -> str:
    if not settings.events.client_state:
        return "off: EVENTS_PARTNER_TOPIC is not set"
    return "EVENTS_PARTNER_TOPIC is not set: whoever made the subscription has to renew it"


def _settings(settings: Settings) -> Finding:
    if settings.tenant_id is None:
        note = "TENANT_ID is not set, so that events of other tenants are not refused: set it"
        return Finding(SETTINGS, note=note)
    return Finding(SETTINGS)


async def _shown(graph: Graph, topic: PartnerTopic, seen: Standing | None) -> Finding:
    """Compare the ledger with what Graph shows, which it shows to the function alone."""
    try:
        ids = await standing.at_graph(graph, topic)
    except (NotRead, GraphUnavailable) as error:
        return Finding(SUBSCRIPTION, note=f"well by the ledger; Graph does not show it: {error}")
    if ids and seen and seen.id not in ids:
        cure = (
            "Graph shows you another one to the same topic, which you or another application made:"
            " events come twice. Delete it (DELETE /subscriptions/{id})"
        )
        return Finding(SUBSCRIPTION, cure)
    return Finding(SUBSCRIPTION)


async def _topic(
    settings: Settings, topic: PartnerTopic, held: AsyncTokenCredential | None
) -> list[Finding]:
    root = partner_topic.manager_of(settings.graph_base_url)
    if root is None or held is None:
        return [Finding(TOPIC, note="not looked at: there is no Azure Resource Manager here")]
    return of_topic(topic, await partner_topic.read(topic, root, held))


def of_topic(topic: PartnerTopic, seen: Topic) -> list[Finding]:
    """Say what is to be done about what was seen of a topic."""
    script = f"infra/scripts/activate-topic.sh {topic.resource_group} {topic.name} IDENTITY"
    if seen.is_missing:
        cure = (
            "there is none by that name. Graph makes it with the subscription, where its partner is"
            " authorized (authorizeGraphEvents): look at EVENTS_PARTNER_TOPIC and EVENTS_LOCATION"
        )
        return [Finding(TOPIC, cure)]
    if not seen.is_seen:
        said = f"Azure answers {seen.status}" if seen.status else "Azure does not answer"
        return [Finding(TOPIC, note=f"not looked at: {said}; it takes Reader on the topic")]
    found = []
    if seen.state != "Activated":
        until = f", before {seen.deleted_at}: it is deleted then" if seen.deleted_at else ""
        found.append(Finding(TOPIC, f"it is {seen.state}. Activate it ({script}){until}"))
    elif not seen.has_identity:
        found.append(Finding(TOPIC, f"it has no identity to deliver with. Give it one ({script})"))
    else:
        found.append(Finding(TOPIC))
    if seen.listens is None:
        found.append(Finding(DELIVERY, note="not looked at: you may not read event subscriptions"))
    elif seen.listens:
        found.append(Finding(DELIVERY))
    else:
        found.append(Finding(DELIVERY, "nothing listens to it. Deploy with partnerTopicName"))
    return found
