"""The doctor looks at the directory's events: settings, subscription, partner topic, delivery."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from aiohttp.test_utils import TestServer
from azure.core.credentials import AccessToken

from cli.doctor import examine
from cli.event_checks import DELIVERY, GAP, SETTINGS, of_topic
from cli.event_checks import SUBSCRIPTION as SUBSCRIPTION_CHECK
from cli.event_checks import TOPIC as TOPIC_CHECK
from cli.partner_topic import Topic, manager_of, read
from converters.composition import composed
from converters.settings.events import PartnerTopic
from converters.settings.keys import GRAPH_HOSTS
from converters.settings.settings import Settings
from local.graph import Fault
from local.world import ROOT
from tests.cli.test_doctor import patient
from tests.directory import tenant
from tests.infra.arm import GROUP, SUBSCRIPTION, ResourceManager
from tests.infra.arm import TOPIC as TOPIC_NAME
from tests.subscribing import ON, directory

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from cli.finding import Finding
    from converters.conversion import Converter

SOME = {"CONVERSION_STORAGE": "UseDevelopmentStorage=true"}


@asynccontextmanager
async def converter(environment: dict[str, str]) -> AsyncIterator[Converter]:
    """Give the service itself, to be left as a deployment would be."""
    made = composed(Settings.from_mapping(environment), None, None)
    try:
        yield made
    finally:
        await made.close()


async def events(environment: dict[str, str]) -> dict[str, Finding]:
    """Return what is found about events."""
    found = [finding async for finding in examine(environment, lambda _: None)]
    return {each.what.removeprefix("events: "): each for each in found if "events: " in each.what}


async def test_events_that_are_off_are_a_note(azurite: str, queue_names: Iterator[str]) -> None:
    async with patient(azurite, queue_names, tenant()) as (_, environment):
        (off,) = (await events(environment)).values()
        own = await events(environment | {"EVENTS_CLIENT_STATE": "word"})
    assert (off.cure, off.note) == ("", "off: EVENTS_PARTNER_TOPIC is not set")
    assert "has to renew it" in own["settings"].note


async def test_subscription_is_looked_at_with_its_cure(
    azurite: str, queue_names: Iterator[str]
) -> None:
    async with patient(azurite, queue_names, directory(), **ON) as (graph, environment):
        first = await events(environment)
        assert "no subscription yet" in first["subscription"].cure
        async with converter(environment) as made:
            assert made.subscriber
            await made.subscriber.run()
            well = await events(environment)
            assert str(well["subscription"]) == "ok    events: subscription"
            assert str(well["settings"]) == "ok    events: settings"
            assert "no Azure Resource Manager here" in well["partner topic"].note
            assert "catching up" in well
            without = await events({**environment, "TENANT_ID": ""})
            assert "TENANT_ID is not set" in without["settings"].note
            (one,) = graph.tenant.subscriptions.alive(graph.tenant.now())
            graph.tenant.subscriptions.add({**one, "id": "other"})
            graph.tenant.subscriptions.remove(one["id"])
            twice = await events(environment)
            assert "events come twice" in twice["subscription"].cure
            graph.faults.add(Fault(path="subscriptions", status=403))
            unread = await events(environment)
            assert "Graph does not show it" in unread["subscription"].note


TOPIC_SEEN = Topic(200, "Activated", "", has_identity=True, listens=True)


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        (TOPIC_SEEN, ["ok", "ok"]),
        (replace(TOPIC_SEEN, listens=None), ["ok", "not looked at: you may not read"]),
        (replace(TOPIC_SEEN, listens=False), ["ok", "Deploy with partnerTopicName"]),
        (replace(TOPIC_SEEN, has_identity=False), ["no identity to deliver with", "ok"]),
        (
            replace(TOPIC_SEEN, state="NeverActivated", deleted_at="2026-12-01"),
            ["NeverActivated. Activate it (infra/scripts/activate-topic.sh rg-b2b users", "ok"],
        ),
        (replace(TOPIC_SEEN, state="Deactivated"), ["it is Deactivated", "ok"]),
        (Topic(404), ["there is none by that name"]),
        (Topic(403), ["Azure answers 403"]),
        (Topic(0), ["Azure does not answer"]),
    ],
)
def test_partner_topic_is_told_with_its_cure(seen: Topic, told: list[str]) -> None:
    topic = Settings.from_mapping({**SOME, **ON}).events.topic
    assert topic
    found = [str(finding) for finding in of_topic(topic, seen)]
    assert len(found) == len(told)
    assert all(words in line for words, line in zip(told, found, strict=True))


class Signed:
    """A credential, as far as a token is got."""

    async def get_token(self, *scopes: str) -> AccessToken:
        """Give one that Azure takes."""
        assert scopes[0].endswith("/.default")
        return AccessToken("genuine", 0)


async def test_partner_topic_is_read_as_azure_shows_it() -> None:
    topic = PartnerTopic(SUBSCRIPTION, GROUP, TOPIC_NAME, "westeurope")
    azure = ResourceManager()
    identity = {"type": "UserAssigned", "userAssignedIdentities": {"/i": {}}}
    async with TestServer(azure.app) as server:
        root = str(server.make_url("")).rstrip("/")
        first = await read(topic, root, Signed())  # type: ignore[arg-type]
        azure.topic["identity"] = identity
        azure.topic["properties"]["activationState"] = "Activated"
        azure.listeners.append({"name": "b2b-pilot-users"})
        then = await read(topic, root, Signed())  # type: ignore[arg-type]
        gone = await read(replace(topic, name="nobodys"), root, Signed())  # type: ignore[arg-type]
    away = await read(topic, root, Signed())  # type: ignore[arg-type]
    assert first == Topic(200, "NeverActivated", "", has_identity=False, listens=False)
    assert then == Topic(200, "Activated", "", has_identity=True, listens=True)
    assert (gone.is_missing, away.status, away.is_seen) == (True, 0, False)
    assert azure.asked == []


def test_every_cloud_has_its_resource_manager() -> None:
    assert {manager_of(f"https://{host}") is not None for host in GRAPH_HOSTS} == {True}
    assert manager_of("http://127.0.0.1:7071") is None


def test_documentation_names_each_check_at_its_step() -> None:
    text = (ROOT / "docs" / "integration.md").read_text()
    section = text.partition("## Events of the directory")[2].partition("\n## ")[0]
    for what in (SETTINGS, SUBSCRIPTION_CHECK, TOPIC_CHECK, DELIVERY, GAP):
        assert f"`{what}`" in section, what
